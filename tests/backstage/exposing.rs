//! Plugin events and signals for clients of other wires and for Rust code, by the config alone.
use super::house::{House, Kind, Plan, backend, both, plan, signal, until_subscribed};
use crate::harness::socket::Socket;
use callboard::broker::{Expose, Rule};
use serde_json::json;

fn exposed() -> Plan {
    let mut plan = plan();
    let expose =
        |space: &str, prefix: &str| Expose { space: space.into(), prefix: prefix.into(), subscribe: Rule::Anyone };
    plan.config.expose = vec![expose("plugin:catalog", "catalog:"), expose("signals", "signals:")];
    plan
}

#[tokio::test]
async fn a_client_of_the_centrifuge_wire_gets_what_a_plugin_publishes_for_everybody() {
    both(exposed, async |house: House| {
        let (mut all, mut one) = (Socket::subscribed(house.address, "catalog:").await, Socket::subscribed(house.address, "catalog:t").await);
        let mut catalog = backend(&house, "catalog").await;
        let publish = |topic: Option<&str>, refs: Option<&[&str]>, data: u32| {
            json!({"command": "publish", "pluginId": "catalog", "topic": topic, "targetEntityRefs": refs, "data": data})
        };
        for what in [publish(None, Some(&["user:default/mia"]), 1), publish(None, None, 2), publish(Some("t"), None, 3)] {
            catalog.say(what).await;
        }
        let told = all.push().await;
        assert_eq!((&told["channel"], &told["pub"]["data"]), (&json!("catalog:"), &json!(2)));
        let told = all.push().await;
        assert_eq!((&told["pub"]["data"], &told["pub"]["tags"]), (&json!(3), &json!({"topic": "t"})));
        let told = one.push().await;
        assert_eq!((&told["channel"], &told["pub"]["data"]), (&json!("catalog:t"), &json!(3)));
    })
    .await;
}

#[tokio::test]
async fn a_client_of_the_centrifuge_wire_gets_the_signals_for_everybody() {
    both(exposed, async |house: House| {
        let mut news = Socket::subscribed(house.address, "signals:catalog:refresh").await;
        until_subscribed(&house, 1).await;
        let to_mia = json!({"type": "user", "entityRef": "user:default/mia"});
        signal(&house, json!({"channel": "catalog:refresh", "message": 1, "recipients": to_mia})).await;
        signal(&house, json!({"channel": "catalog:refresh", "message": 2})).await;
        assert_eq!(news.push().await["pub"]["data"], 2);
        let mut nothing = Socket::connect(house.address, 0).await;
        let reply = nothing.ask(r#"{"id":2,"subscribe":{"channel":"signals:"}}"#).await;
        assert_eq!(reply["error"]["code"], 103, "it names no channel of signals");
    })
    .await;
}

#[tokio::test]
async fn nobody_reaches_a_plugin_that_is_not_exposed_or_publishes_into_one_that_is() {
    let house = exposed().start(Kind::Own);
    let mut socket = Socket::connect(house.address, 0).await;
    let reply = socket.ask(r#"{"id":2,"subscribe":{"channel":"scaffolder:"}}"#).await;
    assert_eq!(reply["error"]["code"], 102);
    let reply = socket.ask(r#"{"id":3,"publish":{"channel":"catalog:","data":1}}"#).await;
    assert_eq!(reply["error"]["code"], 103);
    let answer = super::house::api(&house, "publish", json!({"channel": "catalog:", "data": 1})).await;
    assert_eq!(answer["error"]["code"], 103);
}

#[actix_rt::test]
async fn rust_code_hears_what_a_plugin_publishes() {
    use callboard::broker::messages::ReceivedEvent;
    use callboard::server::Broker;
    use callboard::types::Identity;
    use tokio::sync::mpsc;
    let broker = Broker::builder(exposed().config).start().expect("it starts");
    let routes = broker.routes();
    let server = actix_web::HttpServer::new(move || actix_web::App::new().configure(routes.clone()));
    let server = broker.server(server).workers(1).bind("127.0.0.1:0").expect("a free port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_rt::spawn(server);
    let session = broker.open_session(Identity::anonymous()).expect("a session");
    let (tell, mut heard) = mpsc::unbounded_channel();
    let hear = move |event: ReceivedEvent| drop(tell.send(event));
    session.messages().add_listener("catalog:t", hear).await.expect("it stands");
    let bearer = format!("Bearer {}", super::tokens::service("catalog"));
    let (mut catalog, _) = super::house::open(address, "/events", &[("authorization", &bearer)]).await.expect("let in");
    catalog.say(json!({"command": "register", "pluginId": "catalog"})).await;
    for topic in ["u", "t"] {
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "topic": topic, "data": topic})).await;
    }
    let event = heard.recv().await.expect("it comes");
    assert_eq!((event.channel().as_str(), event.data().as_str()), ("catalog:t", "\"t\""));
    handle.stop(false).await;
}
