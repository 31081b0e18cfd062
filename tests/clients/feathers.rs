//! The real clients of Feathers: `@feathersjs/client` over `socket.io-client`, and the suite that Feathers has for its stores,
//! against the application of services. What both do is asked of Feathers itself too.
use crate::harness::Broker;
use crate::harness::postgres::Postgres;
use crate::{node_packages, node_suite, run, sources, suites_in};
use std::process::Command;

#[test]
fn javascript_clients_of_feathers_call_services_and_are_told_their_events() {
    let fixture = |arguments: &[&str]| Broker::start_example_with("feathers_fixture", arguments);
    let folder = tempfile::tempdir().expect("a folder for a database");
    let file = folder.path().join("people.db").display().to_string();
    let postgres = Postgres::start();
    let plain = fixture(&["--sqlite", &file, "--postgres", &postgres.url()]);
    let ranked = fixture(&["--ranked"]);
    let mut suite = node_suite();
    suite
        .arg("--test-timeout=120000")
        .args(suites_in("js/feathers"))
        .current_dir(sources("js/feathers"))
        .env("TEST_FEATHERS_URL", plain.url())
        .env("TEST_FEATHERS_RANKED_URL", ranked.url())
        .env("TEST_FEATHERS_STORES", "sqlite,postgres")
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "feathers-js");
    for app in [plain, ranked] {
        let status = app.stop();
        assert!(status.success(), "an application asked to stop ended with {status}");
    }
}

#[test]
fn javascript_suites_of_feathers_ask_for_what_the_original_does() {
    let mut original = Command::new("node");
    original.arg(sources("js/feathers").join("against_original.js")).env("NODE_PATH", node_packages());
    run(original, "feathers-original-js");
}

#[test]
fn the_todos_of_the_example_are_told_to_the_users_of_their_company() {
    let app = Broker::start_example("feathers_todos");
    let mut suite = node_suite();
    suite.arg("feathers_todos.example.js").current_dir(sources("js/feathers")).env("NO_PROXY", "127.0.0.1");
    for fixture in ["TEST_FEATHERS_URL", "TEST_FEATHERS_RANKED_URL"] {
        suite.env(fixture, app.url());
    }
    run(suite, "feathers_todos");
    let status = app.stop();
    assert!(status.success(), "an application asked to stop ended with {status}");
}
