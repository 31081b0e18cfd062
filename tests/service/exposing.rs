//! A service's events for clients of other wires: through the same filters, and by the config alone.
use super::house::{House, Notes, config, echo};
use crate::harness::socket::Socket;
use callboard::broker::messages::ReceivedEvent;
use callboard::broker::{Expose, Rule};
use callboard::server::Broker;
use callboard::service::Registration;
use callboard::types::Identity;
use serde_json::{Value, json};

fn exposed(service: Registration) -> House {
    let mut config = config();
    let expose = |prefix: &str, subscribe| Expose { space: "service:notes".into(), prefix: prefix.into(), subscribe };
    config.expose = vec![expose("notes:", Rule::Anyone), expose("closed:", Rule::Nobody)];
    House::with(config, |builder| builder.service("notes", service).service("others", echo()))
}

#[actix_rt::test]
async fn a_client_of_another_wire_gets_the_events_of_the_service_that_is_exposed_and_no_others() {
    let house = exposed(echo());
    let (mut all, mut created) =
        (Socket::subscribed(house.address, "notes:").await, Socket::subscribed(house.address, "notes:created").await);
    let mut removed = Socket::subscribed(house.address, "notes:removed").await;
    house.create("others", json!({"n": 0})).await;
    house.create("notes", json!({"n": 1})).await;
    for socket in [&mut all, &mut created] {
        let told = socket.push().await["pub"].take();
        assert_eq!((&told["data"], &told["tags"]), (&json!({"n": 1}), &json!({"event": "notes created"})));
    }
    let service = house.broker.service("notes").expect("it is there");
    service.emit("removed", json!({"n": 2}));
    assert_eq!(removed.push().await["pub"]["data"], json!({"n": 2}));
}

#[actix_rt::test]
async fn the_filters_of_a_service_hold_for_guests_and_nothing_that_is_carried_is_shown() {
    let service = echo().carry(&["params.user.id"]).filter(|data, connection, _| {
        assert_eq!(connection["user"], Value::Null);
        if data["secret"] == true { Value::Null } else { json!({"shown": data["n"]}) }
    });
    let house = exposed(service);
    let mut socket = Socket::subscribed(house.address, "notes:").await;
    house.create("notes", json!({"n": 1, "secret": true})).await;
    house.create("notes", json!({"n": 2})).await;
    let told = socket.push().await["pub"].take();
    assert_eq!((&told["data"], &told["tags"]), (&json!({"shown": 2}), &json!({"event": "notes created"})));
}

#[actix_rt::test]
async fn what_is_published_to_channels_is_not_for_guests() {
    let service = echo().publish(|data, _| match data["to"].as_str() {
        Some(name) => callboard::service::channel(name).into(),
        None => callboard::service::Publication::Everyone,
    });
    let house = exposed(service);
    let mut socket = Socket::subscribed(house.address, "notes:").await;
    house.create("notes", json!({"to": "admins"})).await;
    house.create("notes", json!({"n": 2})).await;
    assert_eq!(socket.push().await["pub"]["data"], json!({"n": 2}));
}

#[actix_rt::test]
async fn a_service_that_is_not_there_cannot_be_exposed() {
    let mut config = config();
    config.expose = vec![Expose { space: "service:/notes".into(), prefix: "notes:".into(), subscribe: Rule::Anyone }];
    let refused = Broker::builder(config).service("notes", echo()).start().err().expect("it does not start");
    assert!(refused.to_string().contains("the service \"/notes\", which is not registered"), "{refused}");
}

#[actix_rt::test]
async fn a_rule_guards_the_door_and_nobody_publishes_through_it() {
    let house = exposed(echo());
    let mut socket = Socket::connect(house.address, 0).await;
    let refused = socket.ask(r#"{"id":2,"subscribe":{"channel":"closed:"}}"#).await;
    assert_eq!(refused["error"]["code"], 103);
    let refused = socket.ask(r#"{"id":3,"publish":{"channel":"notes:","data":{}}}"#).await;
    assert_eq!(refused["error"]["code"], 103);
}

#[actix_rt::test]
async fn a_listener_in_rust_hears_what_the_filters_show_its_session() {
    let house = exposed(echo().filter(|data, connection, _| data["of"] == connection["user"]["id"]));
    let listen = async |user: &str| {
        let session = house.broker.open_session(Identity { user: user.into(), ..Identity::anonymous() });
        let session = session.expect("there is room");
        let notes = Notes::default();
        let noted = notes.clone();
        let hear = move |event: ReceivedEvent| noted.add(json!([event.channel().as_str(), event.data().as_str()]));
        session.messages().add_listener("notes:created", hear).await.expect("it is exposed");
        (session, notes)
    };
    let ((_one, of_one), (_other, of_other)) = (listen("1").await, listen("2").await);
    for user in ["1", "2", "3"] {
        house.create("notes", json!({"of": user})).await;
    }
    house.create("notes", json!({"of": "1", "last": true})).await;
    let heard = |user: &str| json!(["notes:created", json!({"of": user}).to_string()]);
    of_one.until(2).await;
    of_other.until(1).await;
    assert_eq!(of_one.take()[0], heard("1"));
    assert_eq!(of_other.take(), [heard("2")]);
}

#[actix_rt::test]
async fn a_listener_in_rust_that_missed_something_is_told_so_and_hears_nothing_unseen() {
    let mut config = config();
    config.limits.view_timeout = std::time::Duration::from_millis(100);
    config.socketio[0].recovery = std::time::Duration::from_secs(60);
    config.expose = vec![Expose { space: "service:notes".into(), prefix: "notes:".into(), subscribe: Rule::Anyone }];
    let house = House::with(config, |builder| {
        let notes = echo().filter_async(|data, _, _| async move {
            match data["hang"] {
                Value::Bool(true) => std::future::pending().await,
                _ => data["secret"] != true,
            }
        });
        builder.service("notes", notes).service("others", echo())
    });
    let session = house.broker.open_session(Identity::anonymous()).expect("there is room");
    let notes = Notes::default();
    let noted = notes.clone();
    let hear = move |event: ReceivedEvent| noted.add(json!([event.data().as_str(), event.missed().count > 0]));
    session.messages().add_listener("notes:", hear).await.expect("it is exposed");
    house.create("notes", json!({"hang": true})).await;
    house.create("others", json!({"n": 0})).await;
    house.create("notes", json!({"secret": true})).await;
    // What hangs is given up, and the listener begins anew; what comes in between it may miss.
    let heard = loop {
        house.create("notes", json!({"n": 2})).await;
        match notes.take() {
            heard if heard.is_empty() => {}
            heard => break heard,
        }
    };
    assert!(heard.iter().all(|heard| heard[0] == r#"{"n":2}"#), "{heard:?}");
}
