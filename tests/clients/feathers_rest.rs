//! The real REST clients of Feathers, against an application of services, and against the same application on Feathers itself.
use crate::harness::Broker;
use crate::{node_packages, node_suite, run, sources, suites_in};
use std::process::Command;

#[test]
fn javascript_rest_clients_of_feathers_call_services() {
    let app = Broker::start_example("feathers_todos");
    let mut suite = node_suite();
    suite
        .args(suites_in("js/feathers_rest"))
        .current_dir(sources("js/feathers_rest"))
        .env("TEST_FEATHERS_REST_URL", app.url())
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "feathers-rest-js");
    let status = app.stop();
    assert!(status.success(), "an application asked to stop ended with {status}");
}

#[test]
fn javascript_rest_suites_of_feathers_ask_for_what_the_original_does() {
    let mut original = Command::new("node");
    original.arg(sources("js/feathers_rest").join("against_original.js")).env("NODE_PATH", node_packages());
    run(original, "feathers-rest-original-js");
}
