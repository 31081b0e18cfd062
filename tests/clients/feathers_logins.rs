//! The real clients of Feathers that log in, against an application with users, and against the same application on Feathers itself.
use crate::harness::Broker;
use crate::{node_packages, node_suite, run, sources, suites_in};
use std::process::Command;

#[test]
fn javascript_clients_of_feathers_log_in_and_out() {
    let app = Broker::start_example("feathers_logins");
    let mut suite = node_suite();
    suite
        .args(suites_in("js/feathers_logins"))
        .current_dir(sources("js/feathers_logins"))
        .env("TEST_FEATHERS_LOGINS_URL", app.url())
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "feathers-logins-js");
    let status = app.stop();
    assert!(status.success(), "an application asked to stop ended with {status}");
}

#[test]
fn javascript_suites_of_logins_ask_for_what_the_original_does() {
    let mut original = Command::new("node");
    original.arg(sources("js/feathers_logins").join("against_original.js")).env("NODE_PATH", node_packages());
    run(original, "feathers-logins-original-js");
}
