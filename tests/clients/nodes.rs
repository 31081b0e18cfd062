//! The real clients on different nodes: who listens is on one, who publishes or is asked is another. Of the suites for one node
//! these are the ones whose stories are the same on two.
use crate::harness::redis::Redis;
use crate::harness::{API_KEY, Broker, SECRET};
use crate::{make_keys, node_suite, open_config, python_suite, run, sources};
use std::process::Command;
use tempfile::TempDir;

/// Two nodes on one Redis that are open to everyone.
struct Pair {
    nodes: [Broker; 2],
    keys: TempDir,
    _redis: Redis,
}

impl Pair {
    fn open(name: &str) -> Self {
        let (redis, keys) = (Redis::start(), make_keys(name));
        let config = format!("engine = 'redis'\n{}\n[redis]\nurl = '{}'\n", open_config(&keys), redis.url());
        let nodes = [Broker::start(&config), Broker::start(&config)];
        for node in &nodes {
            node.until(|node| node.api("info", "{}").matches("\"uid\"").count(), |known| *known == 2);
        }
        Pair { nodes, keys, _redis: redis }
    }

    /// Runs a suite, whose clients take turns on the two nodes, and stops both.
    fn run(self, mut suite: Command, name: &str) {
        let [open, other] = &self.nodes;
        // The stories that want another config are not among those told here.
        for config in ["TEST_OPEN_URL", "TEST_CLOSED_URL", "TEST_BRISK_URL"] {
            suite.env(config, open.url());
        }
        suite
            .env("TEST_OTHER_URL", other.url())
            .env("TEST_SECRET", SECRET)
            .env("TEST_API_KEY", API_KEY)
            .env("TEST_KEYS", self.keys.path())
            .env("NO_PROXY", "127.0.0.1");
        run(suite, name);
        self.nodes.into_iter().for_each(stop);
    }
}

fn stop(node: Broker) {
    let status = node.stop();
    assert!(status.success(), "a node asked to stop ended with {status}");
}

#[test]
fn javascript_clients_on_two_nodes_get_what_the_contract_says() {
    let mut suite = node_suite();
    let suites = ["publish", "recover", "presence", "history", "subscribe", "filter", "server_side"];
    suite.args(suites.map(|name| format!("{name}.test.js")));
    Pair::open("nodes-js").run(suite, "nodes-js");
}

#[test]
fn python_clients_on_two_nodes_get_what_the_contract_says() {
    let mut suite = python_suite();
    suite.args(["test_recover.py", "test_subscribe.py", "test_server_side.py"]);
    Pair::open("nodes-py").run(suite, "nodes-py");
}

/// Two nodes that bring what other programs publish on their Redis, and a suite of such programs.
fn run_with_emitters(suite: &str) {
    let redis = Redis::start();
    let config = format!(
        "engine = 'redis'\n[auth]\nanonymous = true\n[redis]\nurl = '{}'\nemitter = true\n\
         [[socketio]]\nnamespaces = ['/', '/chat']\n\
         [[socketio]]\npath = '/recovery/'\nnamespaces = ['/chat']\nrecovery = '2m'\n",
        redis.url()
    );
    let nodes = [Broker::start(&config), Broker::start(&config)];
    let mut node = node_suite();
    node.arg(format!("{suite}.nodes.js")).current_dir(sources("js/socketio"));
    node.env("TEST_REDIS_URL", redis.url()).env("TEST_NODE_URLS", format!("{},{}", nodes[0].url(), nodes[1].url()));
    run(node, suite);
    nodes.into_iter().for_each(stop);
}

/// Runs a suite of Socket.IO, whose clients take turns on two nodes of the fixture application.
fn run_on_two(mut suite: Command, name: &str) {
    let redis = Redis::start();
    let url = redis.url();
    let nodes = [(); 2]
        .map(|()| Broker::start_example_with("socketio_fixture", &["--redis", &url, "--max-payload", "3000000"]));
    let [lasting, other] = &nodes;
    for fixture in ["TEST_SOCKETIO_URL", "TEST_SOCKETIO_BRISK_URL", "TEST_SOCKETIO_RECOVERY_URL"] {
        suite.env(fixture, lasting.url());
    }
    suite.env("TEST_SOCKETIO_OTHER_URL", other.url()).env("NO_PROXY", "127.0.0.1");
    run(suite, name);
    nodes.into_iter().for_each(stop);
}

#[test]
fn what_handlers_emit_reaches_the_socketio_clients_of_both_nodes() {
    let mut suite = node_suite();
    suite.args(["handlers.nodes.js", "rooms.test.js", "events.test.js"]).current_dir(sources("js/socketio"));
    run_on_two(suite, "nodes-socketio");
}

#[test]
fn what_handlers_emit_reaches_the_python_socketio_clients_of_both_nodes() {
    let mut suite = python_suite();
    suite.args(["test_events.py", "test_namespaces.py"]).current_dir(sources("py/socket_io"));
    run_on_two(suite, "nodes-socketio-py");
}

#[test]
fn what_the_redis_emitter_says_reaches_the_clients_of_all_nodes() {
    run_with_emitters("emitter");
}

#[test]
fn what_redis_adapters_of_all_ages_say_is_obeyed_or_ignored() {
    run_with_emitters("adapters");
}
