//! Rust code and the clients of the wires on the same channels.
use super::house::{json, real_story, until};
use super::recorder::{Recorder, UserUpdate, house, post, session};
use crate::harness::socket::Socket;
use crate::harness::socketio::Client;
use actix_web::{App, HttpServer};
use callboard::broker::PublishRequest;
use callboard::broker::messages::{ReceivedEvent, ServerSession};
use callboard::server::Broker;
use callboard::types::Identity;
use serde_json::{Value, json as value};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

#[test]
fn a_client_gets_what_rust_posts_with_its_type_as_a_tag() {
    real_story(async {
        let house = house();
        let (client, session) = (house.guest().await, session(&house));
        client.subscribe("kept:user_updates", "").await;
        client.forget();
        session.messages().post_message("kept:user_updates", &UserUpdate { id: 7 }).await.unwrap();
        until("it is pushed", || !client.said().is_empty()).await;
        let said = client.said();
        let pushed =
            r#"{"push":{"channel":"kept:user_updates","pub":{"data":{"id":7},"offset":1,"tags":{"type":"UserUpdate"},"#;
        assert!(said.len() == 1 && said[0].starts_with(pushed), "{said:?}");
    });
}

#[test]
fn a_listener_hears_clients_backends_and_rust_alike_and_sees_who_and_where() {
    real_story(async {
        let house = house();
        let (client, session) = (house.user("42").await, session(&house));
        let (all, recorder): (Arc<Mutex<Vec<ReceivedEvent>>>, Recorder) = Default::default();
        let noted = all.clone();
        let note = move |heard: ReceivedEvent| noted.lock().unwrap().push(heard);
        session.messages().add_listener_to(["open:1", "kept:1"], note).await.unwrap();
        session.messages().add_listener("open:1", recorder.listener()).await.unwrap();
        client.ask(r#"{"id":3,"publish":{"channel":"open:1","data":{"id":1}}}"#).await;
        let request = PublishRequest {
            tags: Some([("lang".to_owned(), "en".to_owned())].into()),
            ..PublishRequest::new(json(r#"{"id":2}"#))
        };
        house.node.channels().publish("open:1", request).await.unwrap();
        post(&session.messages(), "open:1", [3]).await;
        recorder.hears([1, 2, 3]).await;
        post(&session.messages(), "kept:1", [4]).await;
        until("all four are heard", || all.lock().unwrap().len() == 4).await;

        let heard = all.lock().unwrap();
        assert!(heard[..3].iter().all(|heard| heard.channel().as_str() == "open:1" && heard.position().is_none()));
        assert_eq!(heard[0].publisher().map(|client| &*client.user), Some("42"));
        assert!(heard[1..].iter().all(|heard| heard.publisher().is_none() && heard.missed().is_none()));
        assert_eq!((heard[1].tag("lang"), heard[2].tag("type")), (Some("en"), Some("UserUpdate")));
        assert_eq!(heard[3].position().map(|position| position.offset), Some(1));
        assert_eq!(heard[3].data().as_str(), r#"{"id":4}"#);
    });
}

const SERVED: &str = r#"
[server]
allow_insecure = true
[auth]
anonymous = true
[[socketio]]
builtin_events = true
[[namespace]]
name = ""
subscribe = "anyone"
publish = "anyone"
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 10
history_ttl = "5m"
"#;

/// Where a broker is that is mounted in this program, and a session of its server code.
async fn served() -> (SocketAddr, ServerSession) {
    let broker = Broker::builder(toml::from_str(SERVED).expect("a config")).start().expect("it starts");
    let routes = broker.routes();
    let server = broker.server(HttpServer::new(move || App::new().configure(routes.clone()))).workers(1);
    let server = server.bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = server.addrs()[0];
    actix_rt::spawn(server.run());
    let session = broker.open_session(Identity::anonymous()).expect("there is room");
    (address, session)
}

/// A client of Socket.IO that listens to a channel.
async fn subscribed(address: SocketAddr, channel: &str) -> Client {
    let (mut client, _) = Client::connect(address, &value!({})).await;
    let answer = client.ask(&value!(["subscribe", channel])).await;
    assert!(answer[0]["error"].is_null(), "{answer}");
    client
}

#[test]
fn a_client_of_socketio_gets_what_rust_posts_with_its_type_as_a_tag() {
    real_story(async {
        let (address, session) = served().await;
        for (channel, place) in [("user_updates", Value::Null), ("kept:user_updates", value!(1))] {
            let mut client = subscribed(address, channel).await;
            session.messages().post_message(channel, &UserUpdate { id: 7 }).await.unwrap();
            let event = client.event().await;
            let [name, at, data, meta] = &event.as_array().expect("name and arguments")[..] else { panic!("{event}") };
            assert_eq!((name, at, data), (&value!("message"), &value!(channel), &value!({ "id": 7 })));
            assert_eq!((&meta["tags"], &meta["offset"]), (&value!({ "type": "UserUpdate" }), &place), "{event}");
            assert!(meta["info"].is_null(), "no client has published it: {event}");
        }
    });
}

#[test]
fn a_listener_cannot_tell_a_client_of_socketio_from_one_of_centrifuge() {
    real_story(async {
        let (address, session) = served().await;
        let (mut one, greeting) = Client::connect(address, &value!({})).await;
        let greeting: Value = serde_json::from_str(greeting.strip_prefix("40").expect("it is in")).expect("JSON");
        let mut other = Socket::connect(address, 0).await;
        for (channel, kept) in [("user_updates", [None; 3]), ("kept:user_updates", [1, 2, 3].map(Some))] {
            let all: Arc<Mutex<Vec<ReceivedEvent>>> = Arc::default();
            let noted = all.clone();
            let note = move |heard: ReceivedEvent| noted.lock().unwrap().push(heard);
            session.messages().add_listener(channel, note).await.unwrap();
            let mut stream = session.messages().create_stream::<UserUpdate>(channel).await.unwrap();
            assert_eq!(one.ask(&value!(["publish", channel, { "id": 1 }])).await, value!([{}]));
            let publish = value!({ "id": 2, "publish": { "channel": channel, "data": { "id": 2 } } });
            assert_eq!(other.ask(&publish.to_string()).await, value!({ "id": 2, "publish": {} }));
            post(&session.messages(), channel, [3]).await;
            for id in 1..=3 {
                assert_eq!(stream.next().await.unwrap().unwrap().id, id);
            }
            until("all three are heard", || all.lock().unwrap().len() == 3).await;

            let heard = all.lock().unwrap();
            assert!(heard.iter().all(|heard| heard.channel().as_str() == channel && heard.missed().is_none()));
            let [socketio, centrifuge] = [&heard[0], &heard[1]].map(|heard| heard.publisher().expect("a client"));
            assert_eq!(socketio.client.to_string(), greeting["sid"]);
            assert_ne!(socketio.client, centrifuge.client);
            assert_eq!((&*socketio.user, &socketio.conn_info), (&*centrifuge.user, &centrifuge.conn_info));
            assert!(heard[2].publisher().is_none());
            let types: Vec<_> = heard.iter().map(|heard| heard.tag("type")).collect();
            assert_eq!(types, [None, None, Some("UserUpdate")]);
            let places: Vec<_> = heard.iter().map(|heard| heard.position().map(|position| position.offset)).collect();
            assert_eq!(places, kept);
        }
    });
}
