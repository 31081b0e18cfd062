//! A house of services: what connections are told by handlers, and what is noted of what happens.
use super::offer::{CHANNELS, EVENTS, SERVICES, Service};
use super::record::{Entry, Made, Record};
use crate::house::{Bounds, House, builder, turns};
use callboard::service::ServiceHandle;
use callboard::service::events::Socket;
use serde_json::{Value, json};

const CONFIG: &str = r#"
[auth]
anonymous = true
[server]
allow_insecure = true
[[socketio]]
"#;

/// What a handler answers when it is done.
pub const DONE: &str = "done";

/// A broker with all services, and the record of what it does.
pub async fn open(bounds: Bounds) -> (House, Record) {
    let record = Record::default();
    let noting = record.clone();
    let mut plan = builder(bounds, CONFIG)
        .on("/", "connection", move |socket: Socket, (said,): (Value,)| {
            let record = noting.clone();
            async move { arrive(&socket, &said, &record).await }
        })
        .on("/", "become", |socket: Socket, (user,): (Value,)| async move {
            socket.connection().set("user", user);
            (DONE,)
        })
        .on("/", "enter", |socket: Socket, (at,): (usize,)| async move {
            socket.app().expect("it has services").channel(CHANNELS[at]).join(&socket.connection());
            (DONE,)
        })
        .on("/", "exit", |socket: Socket, (at,): (usize,)| async move {
            socket.app().expect("it has services").channel(CHANNELS[at]).leave(&socket.connection());
            (DONE,)
        });
    for service in SERVICES {
        plan = plan.service(service.path(), service.registration());
    }
    let house = House::of(plan).await;
    for service in SERVICES {
        EVENTS.into_iter().for_each(|event| listen(&house, service, event, &record));
    }
    (house, record)
}

/// The service, as Rust code calls it.
pub fn handle(house: &House, service: Service) -> ServiceHandle {
    house.broker.service(service.path()).expect("it is there")
}

/// What a connection says of itself: its seat, its number, its user, the channels that it is in from the start.
pub fn greeting(seat: usize, connection: u64, user: &Value, channels: &[&str]) -> String {
    json!({ "seat": seat, "connection": connection, "user": user, "channels": channels }).to_string()
}

async fn arrive(socket: &Socket, said: &Value, record: &Record) {
    let number = |name: &str| said[name].as_u64().expect("a number");
    // Whoever is let in waits for this with what it calls, and sees little until then.
    turns(number("connection") as usize % 5 * 3).await;
    socket.connection().set("user", said["user"].clone());
    let app = socket.app().expect("it has services");
    for channel in said["channels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        app.channel(channel).join(&socket.connection());
    }
    record.note(Entry::Arrived { seat: number("seat") as usize, connection: number("connection") });
}

fn listen(house: &House, service: Service, event: &'static str, record: &Record) {
    let record = record.clone();
    let noting = move |data: &Value, call: Option<&callboard::service::HookContext>| {
        let caller = call.map(|call| call.params.user().clone());
        record.note(Entry::Made(Made { service, event, data: data.clone(), caller }));
    };
    handle(house, service).on(event, noting).expect("there is room");
}
