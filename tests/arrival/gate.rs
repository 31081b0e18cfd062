//! A wire whose clients show their token before the upgrade.
use super::toy_wire::{GATE, GatedToyWire, KEYS};
use crate::engineio::house::{House, Plan, both};
use callboard::auth::{Config, Secret};
use callboard::broker::handler::{ConnectCall, Handle, HandlerFuture, Welcome, answer, host};
use callboard::broker::{Namespace, Rule};
use callboard::server::BrokerBuilder;
use callboard::types::{Fault, ReplyError};
use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Signs the tokens of this wire, and of no other.
const SECRET: &str = "a secret of one wire, that is long enough for a hash";
/// Signs the tokens of all others.
const OTHERS: &str = "a secret of the other wires, long enough for a hash";

type Socket = WebSocketStream<TcpStream>;

fn plan() -> Plan {
    let mut plan = Plan::new();
    plan.config.auth.hmac_secret = vec![Secret::new(OTHERS)].into();
    plan.config.namespaces = vec![Namespace { subscribe: Rule::User, ..Namespace::default() }];
    plan.extend = |builder: BrokerBuilder| {
        let keys = Config { realm: "toys".into(), hmac_secret: vec![Secret::new(SECRET)].into(), ..Config::default() };
        builder.authenticator(KEYS, keys).wire(GATE, vec![&GatedToyWire]).on_connect(&host(|| Doorkeeper))
    };
    plan
}

/// Sends some away whose tokens are good.
struct Doorkeeper;

impl Handle<ConnectCall> for Doorkeeper {
    fn handle(&mut self, call: ConnectCall) -> HandlerFuture<Welcome> {
        assert_eq!(&*call.identity.realm, "toys");
        answer(match &*call.identity.user {
            "banned" => Err(Fault::Reply(ReplyError::new(403, "banned"))),
            _ => Ok(Welcome::default()),
        })
    }
}

fn token(secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).expect("a token")
}

/// Asks for a connection with this token, in the header and in the query.
async fn open(
    address: SocketAddr,
    header: Option<&str>,
    query: Option<&str>,
) -> Result<Socket, Box<Response<Option<Vec<u8>>>>> {
    let query = query.map(|token| format!("?token={token}")).unwrap_or_default();
    let mut request = format!("ws://{address}{GATE}{query}").into_client_request().expect("a request");
    if let Some(token) = header {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    }
    let stream = TcpStream::connect(address).await.expect("a connection");
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response),
        Err(error) => panic!("{error}"),
    }
}

/// What comes next, but for heartbeats.
async fn next(socket: &mut Socket) -> Result<Value, Option<CloseFrame>> {
    loop {
        match socket.next().await.expect("it goes on").expect("a message") {
            Message::Text(line) if line.contains("ping") => say(socket, &json!({"do": "pong"})).await,
            Message::Text(line) => return Ok(serde_json::from_str(&line).expect("JSON")),
            Message::Close(close) => return Err(close),
            _ => {}
        }
    }
}

async fn say(socket: &mut Socket, line: &Value) {
    socket.send(Message::text(line.to_string())).await.expect("it is open");
}

async fn metrics(house: &House) -> String {
    let mut stream = TcpStream::connect(house.address).await.expect("a connection");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("written");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    text
}

#[tokio::test]
async fn without_a_good_token_the_upgrade_is_refused_and_there_is_no_session() {
    both(plan, async |house: House| {
        let foreign = token(OTHERS, &json!({"sub": "mia"}));
        let expired = token(SECRET, &json!({"sub": "mia", "exp": 1}));
        let bad = [None, Some("x"), Some(&*foreign), Some(&*expired)];
        for bad in bad {
            let refused = open(house.address, bad, None).await.expect_err("it is refused");
            assert_eq!(refused.status(), 401, "{bad:?}");
            assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        }
        let metrics = metrics(&house).await;
        assert!(metrics.contains("callboard_refusals_total{reason=\"token\"} 4"), "{metrics}");
        assert!(
            metrics.contains("callboard_sessions 0") && !metrics.contains("connections{wire=\"gated\"}"),
            "{metrics}"
        );
    })
    .await;
}

#[tokio::test]
async fn with_a_good_token_a_client_is_in_from_the_start_and_says_no_hello() {
    both(plan, async |house: House| {
        let good = token(SECRET, &json!({"sub": "mia"}));
        for (header, query) in [(Some(&*good), None), (None, Some(&*good)), (Some(&*good), Some("x"))] {
            let mut socket = open(house.address, header, query).await.expect("it is let in");
            // What it asks for at once comes behind its welcome.
            say(&mut socket, &json!({"id": 1, "do": "listen", "to": "news"})).await;
            assert_eq!(next(&mut socket).await, Ok(json!({"is": "in"})));
            let listening = next(&mut socket).await.expect("an answer");
            assert_eq!((&listening["id"], &listening["is"]), (&json!(1), &json!("listening")));
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_in_and_says_hello_has_broken_the_rules() {
    both(plan, async |house: House| {
        let good = token(SECRET, &json!({"sub": "mia"}));
        let mut socket = open(house.address, Some(&good), None).await.expect("it is let in");
        assert_eq!(next(&mut socket).await, Ok(json!({"is": "in"})));
        say(&mut socket, &json!({"id": 1, "do": "hello"})).await;
        let close = next(&mut socket).await.expect_err("it ends").expect("a reason");
        assert_eq!(u16::from(close.code), 3501);
    })
    .await;
}

#[tokio::test]
async fn whom_a_handler_sends_away_is_closed_with_its_words() {
    both(plan, async |house: House| {
        let banned = token(SECRET, &json!({"sub": "banned"}));
        let mut socket = open(house.address, Some(&banned), None).await.expect("its token is good");
        let close = next(&mut socket).await.expect_err("it ends").expect("a reason");
        assert_eq!((u16::from(close.code), &*close.reason), (3503, "banned"));
    })
    .await;
}
