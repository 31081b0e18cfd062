//! The real clients, unmodified, against the real broker: `centrifuge` for JavaScript and a bare WebSocket on Node,
//! `centrifuge-python` and `cent` on Python. The suites are in `tests/clients/`; what they need is installed into
//! `target/clients`, once for each state of the lock files. The suites of Socket.IO and of Feathers are run against the
//! original servers too, so that they ask for what it does and not for what we think it does.
mod harness;
mod clients {
    mod backstage;
    mod backstage_client;
    mod console;
    mod data_service;
    mod feathers;
    mod feathers_logins;
    mod feathers_rest;
    mod nodes;
}

use harness::{API_KEY, Broker, SECRET, wait};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long an installation or a suite may take.
const PATIENCE: Duration = Duration::from_secs(600);

#[test]
fn javascript_clients_get_what_the_contract_says() {
    let house = House::open("js");
    let mut suite = node_suite();
    suite.args(suites_in("js"));
    house.run(suite, &[]);
    house.close();
}

#[test]
fn python_clients_get_what_the_contract_says() {
    let house = House::open("py");
    house.run(python_suite(), &[]);
    house.close();
}

#[test]
fn handlers_of_the_example_app_answer_the_real_client() {
    let house = House::open("example");
    let chat = Broker::start_example("chat");
    let mut suite = node_suite();
    suite.arg("handlers.example.js");
    house.run(suite, &[("TEST_CHAT_URL", chat.url())]);
    drop(chat);
    house.close();
}

#[test]
fn javascript_clients_of_socketio_get_what_the_contract_says() {
    let mut suite = node_suite();
    suite.args(suites_in("js/socketio")).current_dir(sources("js/socketio"));
    SocketIoHouse::open().run(suite, "socketio-js");
}

#[test]
fn python_clients_of_socketio_get_what_the_contract_says() {
    let mut suite = python_suite();
    suite.current_dir(sources("py/socket_io"));
    SocketIoHouse::open().run(suite, "socketio-py");
}

#[test]
fn the_ported_strapi_events_log_who_came_and_rename_users() {
    let app = socketio_example("strapi_events");
    let log = app.log();
    let came = log.lines().filter_map(|line| line.split_once("[io] a new client with id ")?.1.split(' ').next());
    let renamed = |id: &str| log.contains(&format!("[io] trigger update for socket {id}."));
    assert!(came.clone().count() > 5 && came.clone().all(renamed), "{log}");
}

#[test]
fn the_ported_strapi_articles_go_to_roles_and_tokens() {
    let app = socketio_example("strapi_articles");
    let status = app.stop();
    assert!(status.success(), "the application ended with {status}");
}

#[test]
fn the_echo_application_does_what_the_conformance_suites_ask_for() {
    let app = socketio_example("socketio_echo");
    let status = app.stop();
    assert!(status.success(), "the application ended with {status}");
}

#[test]
fn javascript_suites_of_socketio_ask_for_what_the_original_server_does() {
    run(original_server(), "original-js");
}

#[test]
fn python_suites_of_socketio_ask_for_what_the_original_server_does() {
    let mut suite = original_server();
    suite.arg("--").arg(python().get_program()).args(["-m", "pytest"]);
    suite.current_dir(sources("py/socket_io")).env("PYTHONDONTWRITEBYTECODE", "1");
    run(suite, "original-py");
}

#[test]
#[ignore = "takes half a minute; `make test-long` runs it"]
fn expiries_take_effect_after_their_grace() {
    let house = House::open("long");
    let mut suite = node_suite();
    suite.arg("expiry.long.js");
    house.run(suite, &[]);
    house.close();
}

/// The brokers that the suites ask for, each with its config.
struct House {
    name: &'static str,
    open: Broker,
    closed: Broker,
    brisk: Broker,
    keys: tempfile::TempDir,
}

impl House {
    fn open(name: &'static str) -> Self {
        let keys = make_keys(name);
        House {
            name,
            open: Broker::start(&open_config(&keys)),
            closed: Broker::start(&with_secrets(include_str!("clients/closed.toml"))),
            brisk: Broker::start(&with_secrets(include_str!("clients/brisk.toml"))),
            keys,
        }
    }

    /// Runs a suite and fails with all it printed if it fails.
    fn run(&self, mut suite: Command, more: &[(&str, String)]) {
        suite
            .env("TEST_OPEN_URL", self.open.url())
            .env("TEST_CLOSED_URL", self.closed.url())
            .env("TEST_BRISK_URL", self.brisk.url())
            .env("TEST_SECRET", SECRET)
            .env("TEST_API_KEY", API_KEY)
            .env("TEST_KEYS", self.keys.path())
            .env("NO_PROXY", "127.0.0.1")
            .envs(more.iter().map(|(name, value)| (name, value)));
        run(suite, &format!("suite-{}", self.name));
    }

    /// Stops the brokers; each says that all went well.
    fn close(self) {
        for broker in [self.open, self.closed, self.brisk] {
            let status = broker.stop();
            assert!(status.success(), "a broker asked to stop ended with {status}");
        }
    }
}

/// What the suites of Socket.IO talk to: the fixture application three times, and two brokers without any handler.
struct SocketIoHouse {
    lasting: Broker,
    brisk: Broker,
    recovering: Broker,
    open: Broker,
    closed: Broker,
}

impl SocketIoHouse {
    fn open() -> Self {
        let fixture = |arguments: &[&str]| Broker::start_example_with("socketio_fixture", arguments);
        let short = ["--ping-interval", "300", "--ping-timeout", "200", "--connect-timeout", "500"];
        let short = [&short[..], &["--cors", "https://app.example"]].concat();
        SocketIoHouse {
            lasting: fixture(&["--max-payload", "3000000"]),
            brisk: fixture(&short),
            recovering: fixture(&["--recovery", "120000"]),
            open: Broker::start_shipped(),
            closed: Broker::start(&with_secrets(include_str!("clients/closed.toml"))),
        }
    }

    /// Runs a suite, and stops all.
    fn run(self, mut suite: Command, name: &str) {
        suite
            .env("TEST_SOCKETIO_URL", self.lasting.url())
            .env("TEST_SOCKETIO_BRISK_URL", self.brisk.url())
            .env("TEST_SOCKETIO_RECOVERY_URL", self.recovering.url())
            .env("TEST_SOCKETIO_OPEN_URL", self.open.url())
            .env("TEST_SOCKETIO_CLOSED_URL", self.closed.url())
            .env("TEST_SECRET", SECRET)
            .env("NO_PROXY", "127.0.0.1");
        run(suite, name);
        for broker in [self.lasting, self.brisk, self.recovering, self.open, self.closed] {
            let status = broker.stop();
            assert!(status.success(), "a broker asked to stop ended with {status}");
        }
    }
}

/// Runs the suite of an example, to which the names of all fixtures lead.
fn socketio_example(name: &str) -> Broker {
    let app = Broker::start_example(name);
    let mut suite = node_suite();
    suite.arg(format!("{name}.example.js")).current_dir(sources("js/socketio")).env("NO_PROXY", "127.0.0.1");
    for fixture in ["TEST_SOCKETIO_URL", "TEST_SOCKETIO_BRISK_URL", "TEST_SOCKETIO_RECOVERY_URL"] {
        suite.env(fixture, app.url());
    }
    run(suite, name);
    app
}

/// The config of the broker that is open to everyone.
fn open_config(keys: &tempfile::TempDir) -> String {
    with_secrets(&include_str!("clients/open.toml").replace("{keys}", &keys.path().display().to_string()))
}

fn with_secrets(config: &str) -> String {
    config.replace("{secret}", SECRET).replace("{api_key}", API_KEY)
}

/// Runs a command to its end; fails with all it printed if it fails or takes too long.
fn run(mut command: Command, name: &str) {
    let path = target().join(format!("{name}.log"));
    let log = File::create(&path).expect("a file for what it prints");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the same file"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let status = wait(&mut child, PATIENCE);
    if status.is_none() {
        child.kill().expect("it still runs");
        child.wait().expect("it ends");
    }
    let printed = fs::read_to_string(path).unwrap_or_default();
    match status {
        Some(status) if status.success() => println!("{printed}"),
        Some(status) => panic!("{command:?} ended with {status}:\n{printed}"),
        None => panic!("{command:?} took too long:\n{printed}"),
    }
}

/// Where everything is that these tests install.
fn target() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients");
    fs::create_dir_all(&folder).expect("a folder in target");
    folder
}

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// The suites of one folder, by name: without names those of the folders in it would run as well.
fn suites_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(sources(folder)).expect("the folder of the suites");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"));
    let mut suites: Vec<_> = names.filter(|name| name.ends_with(".test.js")).collect();
    suites.sort();
    suites
}

/// The suite of the JavaScript client, installed.
fn node_suite() -> Command {
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=4"]).current_dir(sources("js")).env("NODE_PATH", node_packages());
    node
}

/// The original Socket.IO server, on which the suites of Socket.IO are run: in JavaScript, unless a command follows.
fn original_server() -> Command {
    let mut node = Command::new("node");
    node.arg(sources("js/socketio").join("against_original.js")).env("NODE_PATH", node_packages());
    node
}

/// Where the JavaScript clients are, installed.
fn node_packages() -> PathBuf {
    let folder = target().join("js");
    installed(&folder, &sources("js"), &["package.json", "package-lock.json", ".npmrc"], |folder| {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        run(npm, "npm");
    });
    folder.join("node_modules")
}

/// The suite of the Python clients, installed.
fn python_suite() -> Command {
    let mut pytest = python();
    pytest.args(["-m", "pytest"]).current_dir(sources("py")).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest
}

/// The interpreter that has the Python clients.
fn python() -> Command {
    let folder = target().join("py");
    installed(&folder, &sources("py"), &["requirements.txt"], |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear", "venv"]).current_dir(folder);
        run(venv, "venv");
        let mut pip = Command::new(folder.join("venv/bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "-r", "requirements.txt"]).current_dir(folder);
        run(pip, "pip");
    });
    Command::new(folder.join("venv/bin/python"))
}

/// Installs into a folder what these files ask for, unless exactly that is there already.
fn installed(folder: &Path, sources: &Path, files: &[&str], install: impl FnOnce(&Path)) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(folder).expect("a folder in target");
    let read = |name: &&str| fs::read_to_string(sources.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wanted: String = files.iter().map(read).collect();
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return;
    }
    // Without it a run that is broken off half-way would count as done.
    let _ = fs::remove_file(&stamp);
    for name in files {
        fs::copy(sources.join(name), folder.join(name)).expect("a copy of the lock file");
    }
    install(folder);
    fs::write(stamp, wanted).expect("the stamp");
}

/// A folder with fresh key pairs for tokens of the asymmetric kinds.
fn make_keys(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for keys");
    let mut maker = python();
    maker.arg(sources("py").join("keys.py")).arg(folder.path());
    run(maker, &format!("keys-{name}"));
    folder
}
