//! `examples/data_service`: a config alone and a page, in a real Chromium.
use crate::harness::Broker;
use crate::{node_packages, node_suite, run, sources, suites_in, target};
use std::path::Path;
use std::process::Command;

const CONFIG: &str = include_str!("../../examples/data_service/config.toml");

/// A broker with the example's config, for pages on any port: tests take a free one.
fn broker() -> Broker {
    assert!(CONFIG.contains(":8080"), "the config lists the page's origins");
    Broker::start(&CONFIG.replace(":8080", ":*"))
}

fn with_the_page(command: &mut Command, broker: &Broker) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data_service/index.html");
    command
        .current_dir(sources("js/data_service"))
        .env("TEST_DATA_SERVICE_URL", broker.url())
        .env("TEST_DATA_SERVICE_PAGE", page)
        .env("NO_PROXY", "127.0.0.1");
}

#[test]
fn messages_of_ones_company_appear_live_on_two_pages_and_on_no_other() {
    let broker = broker();
    let mut suite = node_suite();
    suite.arg("--test-timeout=180000").args(suites_in("js/data_service"));
    with_the_page(&mut suite, &broker);
    run(suite, "data-service");
    assert!(broker.stop().success());
}

#[test]
#[ignore = "makes pictures; `make screenshots` puts them into docs/"]
fn the_screenshots_of_the_data_service_are_made() {
    let broker = broker();
    let folder = match std::env::var_os("SCREENSHOTS") {
        Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        None => target(),
    };
    let mut script = Command::new("node");
    script.arg("screenshots.js").env("NODE_PATH", node_packages()).env("SCREENSHOTS", folder);
    with_the_page(&mut script, &broker);
    run(script, "data-service-screenshots");
    assert!(broker.stop().success());
}
