//! The console in a real Chromium.
use crate::harness::{API_KEY, Broker};
use crate::{node_packages, node_suite, run, sources, suites_in, target};
use std::path::Path;
use std::process::Command;

/// Closed but for a key: the console asks for it.
const KEYED: &str = r#"
[api]
key = "{api_key}"

[[namespace]]
name = ""
subscribe = "user"
history_size = 10
history_ttl = "5m"
presence = true
"#;

/// API and console apart from clients.
const APART: &str = r#"
[server]
internal_host = "127.0.0.1"
internal_port = {internal_port}

[auth]
anonymous = true

[console]
enabled = true

[[namespace]]
name = ""
subscribe = "anyone"
"#;

const README: &str = include_str!("../../README.md");

/// A broker that lets pages of the origins connect that the README names, on any port: tests take a free one.
fn for_the_readmes_page() -> Broker {
    let line = README.lines().find_map(|line| line.strip_prefix("export CALLBOARD_AUTH__ORIGINS="));
    let line = line.expect("the README sets the origins").replace(":8080", ":*");
    let origins: Vec<&str> = line.split(',').collect();
    Broker::start(&format!(
        "[auth]\nanonymous = true\norigins = {origins:?}\n[[namespace]]\nname = \"\"\nsubscribe = \"anyone\"\n"
    ))
}

#[test]
fn the_page_of_the_readme_shows_events_and_says_what_went_wrong() {
    let broker = for_the_readmes_page();
    let page = README.split("\n```html\n").nth(1).and_then(|rest| rest.split("\n```").next());
    let mut suite = node_suite();
    suite
        .arg("--test-timeout=180000")
        .arg("readme_page.browser.js")
        .current_dir(sources("js/console"))
        .env("TEST_PAGE_BROKER_URL", broker.url())
        .env("TEST_PAGE", page.expect("the README has a page"))
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "readme-page");
    assert!(broker.stop().success());
}

#[test]
fn the_chat_of_the_examples_is_one_in_two_browsers_and_for_the_command_line() {
    let chat = Broker::start_example("chat");
    let mut suite = node_suite();
    suite
        .arg("--test-timeout=180000")
        .arg("chat_page.browser.js")
        .current_dir(sources("js/console"))
        .env("TEST_CHAT_URL", chat.url())
        .env("TEST_CALLBOARD", env!("CARGO_BIN_EXE_callboard"))
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "chat-page");
}

#[test]
fn the_console_does_in_chromium_what_it_is_for() {
    let brokers = [
        Broker::start_shipped(),
        Broker::start(&KEYED.replace("{api_key}", API_KEY)),
        Broker::start_with_internal(APART),
    ];
    let [shipped, keyed, apart] = &brokers;
    let mut suite = node_suite();
    suite
        .arg("--test-timeout=180000")
        .args(suites_in("js/console"))
        .current_dir(sources("js/console"))
        .env("TEST_CONSOLE_URL", shipped.url())
        .env("TEST_CONSOLE_KEYED_URL", keyed.url())
        .env("TEST_CONSOLE_APART_URL", format!("http://{}", apart.internal()))
        .env("TEST_API_KEY", API_KEY)
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "console-js");
    for broker in brokers {
        let status = broker.stop();
        assert!(status.success(), "a broker asked to stop ended with {status}");
    }
}

#[test]
#[ignore = "makes pictures; `make screenshots` puts them into docs/"]
fn the_screenshots_of_the_docs_are_made() {
    let broker = Broker::start_shipped();
    let folder = match std::env::var_os("SCREENSHOTS") {
        Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        None => target(),
    };
    let mut script = Command::new("node");
    script
        .arg(sources("js/console").join("screenshots.js"))
        .env("NODE_PATH", node_packages())
        .env("TEST_CONSOLE_URL", broker.url())
        .env("SCREENSHOTS", folder)
        .env("NO_PROXY", "127.0.0.1");
    run(script, "screenshots");
    assert!(broker.stop().success());
}
