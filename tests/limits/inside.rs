//! The limits that actors and Rust code reach, in a house of its own each.
use super::house::{Client, House, Plan, pass, real_story, rest, story, until};
use super::residents::{Resident, home, keeping};
use callboard::broker::handler::{Handle, HandlerFuture, Handlers, RpcCall, host};
use callboard::broker::messages::{Listener, TypedMessage};
use callboard::broker::{Emission, Limits, Revoke};
use callboard::delivery::Instruct;
use callboard::filter::{Look, View};
use callboard::metrics::Metrics;
use callboard::types::{Audience, Event, Identity, Json};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const OPEN: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 1000
history_ttl = "5m"
force_recovery = true
"#;

#[derive(Serialize, Deserialize)]
struct Word(u64);

impl TypedMessage for Word {
    const TYPE: &'static str = "Word";
}

fn house(set: impl FnOnce(&mut Limits)) -> House {
    let mut plan = Plan::of(OPEN);
    set(&mut plan.limits);
    plan.build()
}

/// Reaches a limit; all that is counted then. None where it is not reached from inside.
pub fn hit(key: &str) -> Option<String> {
    let text = match key {
        "channels" => story(channels()),
        "channel_queue" => story(flooded(|limits| limits.channel_queue = 2, "news")),
        "registry_queue" => story(registry_queue()),
        "hub_queue" => story(flooded(|limits| limits.hub_queue = 1, "kept:news")),
        "lag_pace" => story(lag_pace()),
        "join_buffer" => story(join_buffer()),
        "groups_per_session" => story(groups_per_session()),
        "kept_sessions" => story(kept_sessions()),
        "ack_rounds" => story(ack_rounds()),
        "ack_bytes" => story(ack_bytes()),
        "server_sessions" => real_story(server_sessions()),
        "session_listeners" => real_story(session_listeners()),
        "listener_queue" => real_story(listener_queue()),
        "revocations" => real_story(revocations()),
        "view_queue" => story(view(Duration::from_secs(5), 2)),
        "view_timeout" => story(view(Duration::from_millis(20), 64)),
        "handler_queue" => real_story(handler(Duration::from_secs(5), 1)),
        "handler_timeout" => real_story(handler(Duration::from_millis(20), 64)),
        _ => return None,
    };
    Some(text)
}

fn text(metrics: &Metrics) -> String {
    metrics.text().expect("text")
}

async fn channels() -> String {
    let house = house(|limits| limits.channels = 1);
    let client = house.guest().await;
    client.subscribe("a", "").await;
    let refused = client.ask(r#"{"id":3,"subscribe":{"channel":"b"}}"#).await;
    assert!(refused.contains(r#""code":106"#), "{refused}");
    text(&house.metrics)
}

/// Publishes more at once than one queue holds, with a listener there.
async fn flooded(set: impl FnOnce(&mut Limits), channel: &str) -> String {
    let house = house(set);
    let (listener, publisher): (Client, Client) = (house.guest().await, house.guest().await);
    listener.subscribe(channel, "").await;
    for _ in 0..60 {
        publisher.say(&format!(r#"{{"id":9,"publish":{{"channel":"{channel}","data":1}}}}"#));
    }
    rest().await;
    text(&house.metrics)
}

async fn lag_pace() -> String {
    let house = house(|limits| (limits.hub_queue, limits.lag_pace) = (1, 1));
    let (one, two, publisher) = (house.guest().await, house.guest().await, house.guest().await);
    for listener in [&one, &two] {
        listener.subscribe("kept:news", "").await;
    }
    for _ in 0..60 {
        publisher.say(r#"{"id":9,"publish":{"channel":"kept:news","data":1}}"#);
    }
    rest().await;
    text(&house.metrics)
}

async fn registry_queue() -> String {
    let house = house(|limits| limits.registry_queue = 1);
    let (one, two) = futures_util::join!(house.publish("a", 1), house.publish("b", 1));
    assert_eq!((one.is_ok(), two.is_ok()), (true, false));
    text(&house.metrics)
}

async fn join_buffer() -> String {
    let house = house(|limits| limits.join_buffer = 2);
    let client = house.guest().await;
    house.publish("kept:a", 1).await.expect("accepted");
    house.engine.slow_histories.store(true, SeqCst);
    client.say(r#"{"id":2,"subscribe":{"channel":"kept:a","recover":true}}"#);
    until("the history is asked for", || house.engine.held() == 1).await;
    for number in 2..8 {
        house.publish("kept:a", number).await.expect("accepted");
    }
    rest().await;
    house.engine.let_go(0);
    rest().await;
    text(&house.metrics)
}

async fn groups_per_session() -> String {
    let house = house(|limits| limits.groups_per_session = 1);
    let _resident = Resident::arrive(&house, false).await;
    rest().await;
    let regroup = Instruct::Regroup { join: vec!["room".into()], leave: vec![] };
    house.node.homes().instruct(&home(), Audience::EVERYONE, regroup);
    rest().await;
    text(&house.metrics)
}

async fn kept_sessions() -> String {
    let mut plan = keeping(100, Duration::from_secs(300));
    plan.limits.kept_sessions = 1;
    let house = plan.build();
    for _ in 0..2 {
        let resident = Resident::arrive(&house, true).await;
        rest().await;
        resident.vanish();
        rest().await;
    }
    text(&house.metrics)
}

fn question() -> Emission {
    Emission::new("well?", Json::parse("[]".into()).expect("JSON"), vec![]).expect("an array")
}

async fn ack_rounds() -> String {
    let house = house(|limits| limits.ack_rounds = 1);
    let home = home();
    let ask = || house.node.homes().ask(&home, question(), Duration::from_secs(1));
    let (_, second) = futures_util::join!(ask(), ask());
    assert_eq!(second.expect_err("there is no room").code, 111);
    text(&house.metrics)
}

async fn ack_bytes() -> String {
    let house = house(|limits| limits.ack_bytes = 1);
    let resident = Resident::arrive(&house, false).await;
    rest().await;
    let node = house.node.clone();
    let asked =
        tokio::task::spawn_local(async move { node.homes().ask(&home(), question(), Duration::from_secs(1)).await });
    let heard = resident.heard().await;
    let round = heard[0].trim_start_matches('2').split('[').next().expect("a number").parse().expect("a number");
    resident.acknowledge(round, "[1]");
    pass(Duration::from_secs(1)).await;
    let answers = asked.await.expect("it ends").expect("it was accepted");
    assert_eq!((answers.given.len(), answers.missing.len()), (0, 1));
    text(&house.metrics)
}

async fn server_sessions() -> String {
    let house = house(|limits| limits.server_sessions = 1);
    let _first = house.node.sessions().open(Identity::anonymous()).expect("there is room");
    assert_eq!(house.node.sessions().open(Identity::anonymous()).map(drop).expect_err("there is none").code, 106);
    text(&house.metrics)
}

async fn session_listeners() -> String {
    let house = house(|limits| limits.session_listeners = 1);
    let session = house.node.sessions().open(Identity::anonymous()).expect("there is room");
    session.messages().add_listener("a", Listener::new(|_| ())).await.expect("there is room");
    assert!(session.messages().add_listener("a", Listener::new(|_| ())).await.is_err());
    text(&house.metrics)
}

async fn listener_queue() -> String {
    let house = house(|limits| limits.listener_queue = 1);
    let session = house.node.sessions().open(Identity::anonymous()).expect("there is room");
    let _stream = session.messages().create_stream::<Word>("a").await.expect("there is room");
    for number in 0..3 {
        session.messages().post_message("a", &Word(number)).await.expect("accepted");
    }
    until("the oldest has gone", || text(&house.metrics).contains(r#"drops_total{reason="listener"}"#)).await;
    text(&house.metrics)
}

async fn revocations() -> String {
    let house = house(|limits| limits.revocations = 1);
    for user in ["1", "2"] {
        let _ = house.node.authentication().revoke(user, Revoke::All).await;
    }
    text(&house.metrics)
}

/// A view that never decides.
struct Blind;

impl View for Blind {
    fn look(&self, _: &Event) -> Look {
        Look::Later(Box::pin(std::future::pending()))
    }
}

async fn view(timeout: Duration, queue: usize) -> String {
    let mut handlers = Handlers::new(Duration::from_secs(5), 64, Metrics::new());
    handlers.view("", |_, _| Some(Rc::new(Blind)));
    let mut plan = Plan { handlers: Some(handlers), ..Plan::of(OPEN) };
    (plan.limits.view_timeout, plan.limits.view_queue) = (timeout, queue);
    let house = plan.build();
    house.guest().await.subscribe("a", "").await;
    let client = house.guest().await;
    client.subscribe("a", "").await;
    for number in 0..4 {
        house.publish("a", number).await.expect("accepted");
    }
    pass(timeout / 2 + Duration::from_millis(10)).await;
    text(&house.metrics)
}

/// A handler that never answers.
struct Mute;

impl Handle<RpcCall> for Mute {
    fn handle(&mut self, _: RpcCall) -> HandlerFuture<Option<Json>> {
        Box::pin(std::future::pending())
    }
}

async fn handler(timeout: Duration, queue: usize) -> String {
    let metrics = Metrics::new();
    let mut handlers = Handlers::new(timeout, queue, metrics.clone());
    handlers.on_rpc("m", &host(|| Mute));
    let house = Plan { handlers: Some(handlers), ..Plan::of(OPEN) }.build();
    let client = house.guest().await;
    for id in 0..3 {
        client.say(&format!(r#"{{"id":{},"rpc":{{"method":"m","data":1}}}}"#, id + 5));
    }
    until("one has failed", || text(&metrics).contains("callboard_handler_failures_total{")).await;
    text(&metrics)
}
