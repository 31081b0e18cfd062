//! The real client of Backstage's signals, `SignalClient` of `@backstage/plugin-signals`, those of its events, and of its events bus
//! `DefaultEventsService` of `@backstage/plugin-events-node`.
use crate::harness::{API_KEY, Broker};
use crate::{installed, node_packages, node_suite, run, sources, suites_in, target, with_secrets};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package, and what npm says of its contents.
const PACKAGE: &str = include_str!("js/backstage/plugin-signals.integrity");

#[test]
fn javascript_clients_of_backstage_get_what_the_contract_says() {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auth/keys");
    let config = with_secrets(include_str!("backstage.toml")).replace("{keys}", &keys.display().to_string());
    let folder = tempfile::tempdir().expect("a folder for the brokers of the tests");
    let path = folder.path().join("config.toml");
    fs::write(&path, &config).expect("their config");
    // One asks how many subscriptions there are, so the others must have their own.
    let (broker, of_events, of_bus) = (Broker::start(&config), Broker::start(&config), Broker::start(&config));
    let mut suite = node_suite();
    suite
        .arg("--test-timeout=120000")
        .args(suites_in("js/backstage"))
        .current_dir(sources("js/backstage"))
        .env("TEST_BACKSTAGE_URL", broker.url())
        .env("TEST_BACKSTAGE_EVENTS_URL", of_events.url())
        .env("TEST_BACKSTAGE_BUS_URL", of_bus.url())
        .env("TEST_BACKSTAGE_CONFIG", path)
        .env("TEST_CALLBOARD", env!("CARGO_BIN_EXE_callboard"))
        .env("TEST_API_KEY", API_KEY)
        .env("TEST_USER_KEY", keys.join("p256.pem"))
        .env("TEST_SERVICE_KEY", keys.join("p256_next.pem"))
        .env("TEST_SIGNAL_CLIENT", signal_client())
        .env("NODE_PATH", packages())
        .env("NO_PROXY", "127.0.0.1");
    run(suite, "backstage-js");
    for broker in [broker, of_events, of_bus] {
        let status = broker.stop();
        assert!(status.success(), "a broker asked to stop ended with {status}");
    }
}

/// Where the packages are that the suites need: those of all suites, and those of a backend.
fn packages() -> OsString {
    let folder = target().join("backstage-backends");
    let files = ["package.json", "package-lock.json", ".npmrc"];
    installed(&folder, &sources("js/backstage/backends"), &files, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        run(npm, "npm-backstage");
    });
    std::env::join_paths([node_packages(), folder.join("node_modules")]).expect("paths without a colon")
}

/// The module of the client, as the package has it. The package is not installed with all that it needs: its index wants React, its
/// client nothing.
fn signal_client() -> PathBuf {
    let folder = target().join("backstage");
    let (package, integrity) = PACKAGE.trim().split_once(' ').expect("a package and its integrity");
    installed(&folder, &sources("js/backstage"), &["plugin-signals.integrity"], |folder| {
        let mut pack = Command::new("npm");
        pack.args(["pack", package, "--json", "--silent"]).current_dir(folder);
        let packed = pack.output().expect("npm starts");
        let told: serde_json::Value = serde_json::from_slice(&packed.stdout).expect("what npm has packed");
        assert_eq!(told[0]["integrity"], integrity, "another package came under this name");
        let archive = told[0]["filename"].as_str().expect("the name of the archive");
        let mut tar = Command::new("tar");
        tar.args(["xzf", archive]).current_dir(folder);
        run(tar, "untar");
        // Node takes a module for one by this ending.
        let module = folder.join("package/dist/api/SignalClient.esm.js");
        fs::copy(module, folder.join("SignalClient.mjs")).expect("the module");
    });
    folder.join("SignalClient.mjs")
}
