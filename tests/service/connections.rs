//! Connections as filters see them: what their tokens say, now and after a renewal, and what the application sets.
use super::house::{House, config, echo, nothing_comes};
use crate::harness::socket::{Next, Socket};
use crate::harness::socketio::Client;
use callboard::auth::{ConnectionToken, Issuer};
use callboard::broker::handler::{ConnectCall, Handle, HandlerFuture, Welcome, answer, host};
use callboard::broker::{Expose, Rule};
use callboard::server::Config;
use callboard::service::Registration;
use callboard::service::events::Socket as Told;
use callboard::types::Json;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a client tries to come back; it may be quicker than the news of its loss.
const TRIES: usize = 200;

fn with_key() -> Config {
    let mut config = config();
    let auth =
        toml::from_str::<callboard::auth::Config>("hmac_secret = 'what signs the tokens of these tests, long enough'")
            .expect("a config");
    config.auth.hmac_secret = auth.hmac_secret;
    let expose = Expose { space: "service:notes".into(), prefix: "notes:".into(), subscribe: Rule::Anyone };
    config.expose = vec![expose];
    config.socketio[0].recovery = Duration::from_secs(120);
    config
}

/// The token of a user of this company.
fn token(config: &Config, company: u64) -> String {
    let info = Json::parse(json!({"company": company}).to_string().into()).expect("JSON");
    let token = ConnectionToken { user: "ann".into(), info: Some(info), ..ConnectionToken::default() };
    Issuer::new(&config.auth).expect("a key").issue_connection(&token).expect("a token")
}

/// Each sees what is of its company.
fn of_companies() -> Registration {
    echo().filter(|data, connection, _| data["company"] == connection["user"]["company"])
}

async fn guest(house: &House, token: &str) -> Socket {
    let mut socket = Socket::open(house.address, 0).await;
    for command in [json!({"id": 1, "connect": {"token": token}}), json!({"id": 2, "subscribe": {"channel": "notes:"}})]
    {
        let reply = socket.ask(&command.to_string()).await;
        assert!(reply["error"].is_null(), "{reply}");
    }
    socket
}

async fn data(socket: &mut Socket) -> Value {
    match socket.next().await {
        Next::Line(line) => line["push"]["pub"]["data"].clone(),
        Next::Closed(frame) => panic!("closed with {frame:?}"),
    }
}

#[actix_rt::test]
async fn filters_see_a_guest_by_its_new_token_as_soon_as_it_is_renewed() {
    let config = with_key();
    let (before, after) = (token(&config, 1), token(&config, 2));
    let house = House::with(config, |builder| builder.service("notes", of_companies()));
    let mut guest = guest(&house, &before).await;
    house.create("notes", json!({"company": 1, "n": 1})).await;
    assert_eq!(data(&mut guest).await["n"], 1);
    let reply = guest.ask(&json!({"id": 3, "refresh": {"token": after}}).to_string()).await;
    assert!(reply["error"].is_null(), "{reply}");
    house.create("notes", json!({"company": 1, "n": 2})).await;
    house.create("notes", json!({"company": 2, "n": 3})).await;
    assert_eq!(data(&mut guest).await["n"], 3);
}

fn told(answer: &str) -> Value {
    serde_json::from_str(answer.strip_prefix("40").expect("it is let in")).expect("JSON")
}

/// Loses the client's connection, and comes back to its session with this token.
async fn come_back(house: &House, client: Client, session: &Value, token: &str) -> Client {
    drop(client);
    for _ in 0..TRIES {
        let said = json!({"token": token, "pid": session["pid"]});
        let (client, answer) = Client::connect(house.address, &said).await;
        if told(&answer)["sid"] == session["sid"] {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come back to {session}");
}

#[actix_rt::test]
async fn who_comes_back_with_another_token_is_filtered_by_that_and_by_what_was_set() {
    let config = with_key();
    let (before, after) = (token(&config, 1), token(&config, 2));
    let house = House::with(config, |builder| {
        let notes = of_companies().filter(|data, connection, _| {
            let mut data = data.clone();
            data["desk"] = connection["desk"].clone();
            data
        });
        builder
            .on("/", "connection", |socket: Told, (_,): (Value,)| async move {
                if socket.connection().get("desk").is_null() {
                    socket.connection().set("desk", 7);
                }
            })
            .service("notes", notes)
    });
    let (mut client, answer) = Client::connect(house.address, &json!({"token": before})).await;
    nothing_comes(&mut client).await;
    let mut client = come_back(&house, client, &told(&answer), &after).await;
    nothing_comes(&mut client).await;
    house.create("notes", json!({"company": 1})).await;
    house.create("notes", json!({"company": 2})).await;
    assert_eq!(client.event().await[1], json!({"company": 2, "desk": 7}));
}

/// Gives each who comes a user.
struct Doorkeeper;

impl Handle<ConnectCall> for Doorkeeper {
    fn handle(&mut self, call: ConnectCall) -> HandlerFuture<Welcome> {
        let fields = [("user".to_owned(), json!({"name": &*call.identity.user, "of": "the door"}))];
        answer(Ok(Welcome { fields: fields.into_iter().collect(), ..Welcome::default() }))
    }
}

#[actix_rt::test]
async fn no_event_is_filtered_without_the_fields_that_a_connect_handler_has_set() {
    let config = with_key();
    let (before, after) = (token(&config, 1), token(&config, 2));
    let house = House::with(config, |builder| {
        let notes = echo().filter(|_, connection, _| json!({"shown to": connection["user"]["of"]}));
        builder.on_connect(&host(|| Doorkeeper)).service("notes", notes)
    });
    let service = house.broker.service("notes").expect("it is there");
    let busy = actix_rt::spawn(async move {
        loop {
            service.emit("created", json!({}));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let shown = json!({"shown to": "the door"});
    for _ in 0..20 {
        let (mut client, answer) = Client::connect(house.address, &json!({})).await;
        assert!(answer.starts_with("40{"), "{answer}");
        assert_eq!(client.event().await[1], shown);
    }
    let mut guest = guest(&house, &before).await;
    assert_eq!(data(&mut guest).await, shown);
    guest.ask(&json!({"id": 3, "refresh": {"token": after}}).to_string()).await;
    for _ in 0..50 {
        assert_eq!(data(&mut guest).await, shown, "what was set goes before what a token says");
    }
    busy.abort();
}

#[actix_rt::test]
async fn a_filter_that_fails_takes_no_place_in_the_history_of_the_others() {
    let house = House::with(with_key(), |builder| {
        let notes = echo().filter(|_, connection, _| match connection["user"]["company"].as_u64() {
            Some(_) => Err(callboard::service::ServiceError::forbidden("not for you")),
            None => Ok(true),
        });
        builder.service("notes", notes)
    });
    let mut good = house.client(json!({})).await;
    let mut failing = vec![];
    for _ in 0..3 {
        failing.push(house.client(json!({"token": token(&with_key(), 1)})).await);
    }
    let mut offsets = vec![];
    for n in 0..2 {
        house.create("notes", json!({"n": n})).await;
        for client in &mut failing {
            assert_eq!(client.event().await[0], "notes error");
        }
        let place = good.event().await[2].as_str().expect("a place").to_owned();
        offsets.push(place.split('-').next().expect("an offset").parse::<u64>().expect("a number"));
    }
    assert_eq!(offsets[1], offsets[0] + 1);
}
