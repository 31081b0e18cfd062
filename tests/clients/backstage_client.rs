//! The package `@callboard/backstage` (`clients/backstage`), built as npm would publish it, in Node and in Chromium.
use crate::harness::{API_KEY, Broker};
use crate::{installed, node_packages, node_suite, run, sources, suites_in, target, with_secrets};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_typescript_client_of_backstage_keeps_what_it_promises_in_node_and_in_chromium() {
    let house = House::open();
    let mut suite = node_suite();
    suite.arg("--test-timeout=180000").args(suites_in("js/backstage_client"));
    house.run(suite, "backstage-client-js");
}

#[test]
#[ignore = "makes pictures; `make screenshots` puts them into docs/"]
fn the_screenshots_of_the_backstage_example_are_made() {
    let folder = match std::env::var_os("SCREENSHOTS") {
        Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        None => target(),
    };
    let mut script = Command::new("node");
    script.arg("screenshots.js").env("NODE_PATH", node_packages()).env("SCREENSHOTS", folder);
    House::open().run(script, "backstage-client-screenshots");
}

/// A broker, and the config with which suites start others.
struct House {
    broker: Broker,
    folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let config = with_secrets(include_str!("backstage_client.toml"));
        let config = config.replace("{keys}", &keys().display().to_string());
        let folder = tempfile::tempdir().expect("a folder for the brokers of the tests");
        fs::write(folder.path().join("config.toml"), &config).expect("their config");
        House { broker: Broker::start(&config), folder }
    }

    /// Runs a suite, and stops the broker.
    fn run(self, mut suite: Command, name: &str) {
        suite
            .current_dir(sources("js/backstage_client"))
            .env("TEST_BACKSTAGE_EVENTS_URL", self.broker.url())
            .env("TEST_BACKSTAGE_CONFIG", self.folder.path().join("config.toml"))
            .env("TEST_BACKSTAGE_PACKAGE", package())
            .env("TEST_CALLBOARD", env!("CARGO_BIN_EXE_callboard"))
            .env("TEST_API_KEY", API_KEY)
            .env("TEST_USER_KEY", keys().join("p256.pem"))
            .env("TEST_SERVICE_KEY", keys().join("p256_next.pem"))
            .env("NO_PROXY", "127.0.0.1");
        run(suite, name);
        let status = self.broker.stop();
        assert!(status.success(), "a broker asked to stop ended with {status}");
    }
}

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auth/keys")
}

/// The package with all that it needs, built. The suites compile the examples and the code of the documentation in it.
fn package() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/backstage");
    let folder = target().join("backstage-client");
    installed(&folder, &package, &["package.json", "package-lock.json", ".npmrc"], |folder| {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        run(npm, "backstage-client-npm");
    });
    for made in ["src", "examples", "dist"] {
        // What was taken out of the sources must not be found here.
        let _ = fs::remove_dir_all(folder.join(made));
    }
    let mut copy = Command::new("cp");
    copy.arg("-R").args(["src", "examples", "README.md", "config.schema.json", "tsconfig.json"]).arg(&folder);
    copy.current_dir(&package);
    run(copy, "backstage-client-copy");
    let mut build = Command::new("npm");
    build.args(["run", "build"]).current_dir(&folder);
    run(build, "backstage-client-build");
    folder
}
