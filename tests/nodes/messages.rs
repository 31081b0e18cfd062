//! Messages between Rust code on different nodes.
use super::house::config;
use crate::harness::redis::Redis;
use callboard::broker::messages::{Messages, ReceivedEvent, Scope, ServerSession, TypedMessage};
use callboard::server::Broker;
use callboard::types::Identity;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Serialize, Deserialize)]
pub struct UserUpdate {
    pub id: u64,
}

impl TypedMessage for UserUpdate {
    const TYPE: &'static str = "UserUpdate";
}

/// A node in this process, and a session of its server code.
pub struct Server {
    broker: Broker,
    session: ServerSession,
    heard: Arc<Mutex<Vec<u64>>>,
}

impl Server {
    pub fn start(url: &str) -> Self {
        let config = toml::from_str(&config(url)).expect("a config");
        let broker = Broker::builder(config).start().expect("it starts");
        let session = broker.open_session(Identity::anonymous()).expect("there is room");
        Server { broker, session, heard: Arc::default() }
    }

    pub fn messages(&self) -> Messages {
        self.session.messages()
    }

    pub async fn listen(&self, channel: &str) {
        let heard = self.heard.clone();
        let note =
            move |event: ReceivedEvent| heard.lock().unwrap().push(event.read::<UserUpdate>().expect("an update").id);
        self.messages().add_listener(channel, note).await.expect("it listens");
    }

    pub async fn post(&self, channel: &str, id: u64, scope: Option<Scope>) {
        let update = UserUpdate { id };
        let accepted = match scope {
            Some(scope) => self.messages().post_message_with(channel, &update, scope).await,
            None => self.messages().post_message(channel, &update).await,
        };
        accepted.expect("accepted");
    }

    /// Waits until it knows that its way to Redis is lost, or that it is back.
    pub async fn is_cut_off(&self, cut_off: bool) {
        let began = Instant::now();
        while self.broker.node().engine().trouble().is_some() != cut_off {
            assert!(began.elapsed() < Duration::from_secs(20), "{cut_off} does not come about");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until it has heard as many as these, which must be these, in any order where two ways lead here.
    pub async fn hears(&self, ids: &[u64]) {
        let began = Instant::now();
        while self.heard.lock().unwrap().len() < ids.len() {
            assert!(began.elapsed() < Duration::from_secs(20), "only {:?} is heard", self.heard.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut heard = self.heard.lock().unwrap().clone();
        heard.sort_unstable();
        assert_eq!(heard, ids);
    }
}

#[actix_web::test]
async fn a_message_goes_as_far_as_its_scope_says_and_comes_to_each_listener_once() {
    let redis = Redis::start();
    let (here, there) = (Server::start(&redis.url()), Server::start(&redis.url()));
    for channel in ["live:updates", "kept"] {
        here.listen(channel).await;
        there.listen(channel).await;
    }
    here.post("live:updates", 1, Some(Scope::Global)).await;
    here.post("live:updates", 2, Some(Scope::Local)).await;
    here.post("live:updates", 3, Some(Scope::Auto)).await;
    here.post("live:updates", 4, None).await;
    here.post("kept", 5, None).await;
    here.post("kept", 6, Some(Scope::Global)).await;
    let update = UserUpdate { id: 0 };
    let refused = here.messages().post_message_with("kept", &update, Scope::Local).await.expect_err("it has history");
    assert!(refused.to_string().contains("history"), "{refused}");
    // What was on its way twice would have come by now.
    here.post("live:updates", 7, Some(Scope::Global)).await;
    here.post("kept", 8, None).await;
    here.hears(&[1, 2, 3, 4, 5, 6, 7, 8]).await;
    there.hears(&[1, 3, 5, 6, 7, 8]).await;
}

#[actix_web::test]
async fn what_is_posted_on_another_node_as_soon_as_a_listener_stands_is_heard() {
    let redis = Redis::start();
    let (here, there) = (Server::start(&redis.url()), Server::start(&redis.url()));
    let ids: Vec<u64> = (0..50).collect();
    for &id in &ids {
        let channel = format!("live:{id}");
        here.listen(&channel).await;
        there.post(&channel, id, Some(Scope::Global)).await;
    }
    here.hears(&ids).await;
}

#[actix_web::test]
async fn messages_of_a_session_to_all_nodes_keep_their_order() {
    let redis = Redis::start();
    let (here, there) = (Server::start(&redis.url()), Server::start(&redis.url()));
    for server in [&here, &there] {
        server.listen("live:updates").await;
    }
    let (messages, ids): (_, Vec<u64>) = (here.messages(), (0..500).collect());
    let sent = ids.iter().map(|id| messages.post_message_with("live:updates", &UserUpdate { id: *id }, Scope::Global));
    for outcome in sent.collect::<Vec<_>>() {
        outcome.await.expect("accepted");
    }
    for server in [&here, &there] {
        server.hears(&ids).await;
        assert_eq!(*server.heard.lock().unwrap(), ids);
    }
}

/// What the example prints with these arguments.
fn example(arguments: &[&str]) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_callboard")).with_file_name("examples").join("serverpod_updates");
    assert!(program.exists(), "{} is missing: `cargo build --examples` makes it", program.display());
    let output = Command::new(program).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

const GLOBAL: &str = "{global}";
const PRINTED: &str = r#"posted to nobody
{global}
Received message: UserUpdate { id: 3, name: "Ada" }
the stream is over: true
Received message: UserUpdate { id: 4, name: "Ada" }
Received message: UserUpdate { id: 5, name: "Ada" }
removed, it is not called any more: true
scopes that are left: {}
closed by another token's revocation: false
the stream ends with an error: the authentication of the session has been revoked
"#;

#[test]
fn the_example_does_what_serverpods_page_shows_on_one_server() {
    let alone = PRINTED.replace(GLOBAL, "Redis needs to be enabled to use this method");
    assert_eq!(example(&[]), alone);
}

#[test]
fn the_example_does_what_serverpods_page_shows_on_two_servers() {
    let redis = Redis::start();
    let global = r#"Received message on the other server: UserUpdate { id: 2, name: "Ada" }"#;
    assert_eq!(example(&[&redis.url()]), PRINTED.replace(GLOBAL, global));
}
