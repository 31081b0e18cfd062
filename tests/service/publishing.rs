//! Publishers: events for channels of connections, in the place of everyone.
use super::house::{House, answer, call, echo, nothing_comes};
use callboard::server::BrokerBuilder;
use callboard::service::events::Socket;
use callboard::service::{Publication, channel};
use serde_json::{Value, json};

/// Clients join the channels that they name, and leave them when they say so.
fn with_channels(builder: BrokerBuilder) -> BrokerBuilder {
    builder.on("/", "connection", |socket: Socket, (said,): (Value,)| async move { join(&socket, &said) }).on(
        "/",
        "leave",
        |socket: Socket, (name,): (String,)| async move {
            socket.app().expect("it has services").channel(&name).leave(&socket.connection());
            ("left".to_owned(),)
        },
    )
}

fn join(socket: &Socket, said: &Value) {
    let app = socket.app().expect("it has services");
    for name in said["channels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        app.channel(name).join(&socket.connection());
    }
}

#[actix_rt::test]
async fn an_event_goes_to_the_channels_that_its_publisher_names_once_each_with_the_data_of_the_first() {
    let house = House::open(|builder| {
        let notes = echo().publish(|data, _| match data["to"].as_str() {
            Some("both") => Publication::from([channel("a").send(json!({"masked": 1})), channel("b")]),
            Some(name) => channel(name).into(),
            None => Publication::NOBODY,
        });
        with_channels(builder).service("notes", notes)
    });
    let mut in_a = house.client(json!({"channels": ["a"]})).await;
    let mut in_b = house.client(json!({"channels": ["b"]})).await;
    let mut in_both = house.client(json!({"channels": ["b", "a", "a"]})).await;
    let mut nobody = house.client(json!({})).await;
    answer(&mut nobody, json!(["create", "notes", {"to": "both"}])).await;
    let masked = json!(["notes created", {"masked": 1}]);
    assert_eq!(in_a.event().await, masked);
    assert_eq!(in_both.event().await, masked);
    assert_eq!(in_b.event().await, json!(["notes created", {"to": "both"}]));
    for client in [&mut in_a, &mut in_b, &mut in_both, &mut nobody] {
        nothing_comes(client).await;
    }
    answer(&mut nobody, json!(["create", "notes", {}])).await;
    nothing_comes(&mut in_both).await;
}

#[actix_rt::test]
async fn who_has_left_a_channel_gets_nothing_of_it() {
    let house = House::open(|builder| with_channels(builder).service("notes", echo().publish(|_, _| channel("a"))));
    let mut client = house.client(json!({"channels": ["a"]})).await;
    assert_eq!(call(&mut client, json!(["create", "notes", 1])).await.0.len(), 1);
    assert_eq!(answer(&mut client, json!(["leave", "a"])).await, json!(["left"]));
    assert!(call(&mut client, json!(["create", "notes", 2])).await.0.is_empty());
}

#[actix_rt::test]
async fn the_publisher_nearest_to_the_event_counts() {
    let house = House::open(|builder| {
        let own = echo().publish(|_, _| channel("service")).publish_event("created", |_, _| channel("service created"));
        with_channels(builder)
            .publish(|_, _| channel("app"))
            .publish_event("created", |_, _| channel("app created"))
            .service("own", own)
            .service("all", echo().publish(|_, _| channel("service")))
            .service("none", echo())
    });
    let mut clients = vec![];
    for name in ["service created", "service", "app created", "app"] {
        clients.push(house.client(json!({"channels": [name]})).await);
    }
    for (path, at) in [("own", 0), ("all", 1), ("none", 2)] {
        house.create(path, json!({})).await;
        assert_eq!(clients[at].event().await, json!([format!("{path} created"), {}]));
    }
    for client in &mut clients {
        nothing_comes(client).await;
    }
}

#[actix_rt::test]
async fn a_publisher_that_panics_publishes_to_nobody_and_the_call_succeeds() {
    let house = House::open(|builder| {
        let notes = echo().publish(|_, _| -> Publication { panic!("a publisher that was told to") });
        builder.service("notes", notes)
    });
    let mut client = house.client(json!({})).await;
    assert_eq!(answer(&mut client, json!(["create", "notes", 1])).await, json!([null, 1]));
    nothing_comes(&mut client).await;
}

#[actix_rt::test]
async fn no_room_that_a_client_names_is_a_channel_of_connections() {
    let house = House::open(|builder| {
        builder
            .on("/", "enter", |socket: Socket, (room,): (String,)| async move {
                socket.join(room);
                ("in".to_owned(),)
            })
            .service("notes", echo().publish(|_, _| channel("admins")))
    });
    let mut client = house.client(json!({})).await;
    assert_eq!(answer(&mut client, json!(["enter", "#channel:admins"])).await, json!(["in"]));
    assert!(call(&mut client, json!(["create", "notes", {"secret": 1}])).await.0.is_empty());
    nothing_comes(&mut client).await;
}
