//! Access tokens at the handshake, on other wires, and of other signers.
use super::house::{House, Kind, Notes, SECRET, config, log_ann_in, open, refusal, user_of, whose, with};
use crate::harness::socket::Socket;
use callboard::auth::{AccessOptions, AccessTokens, ConnectionToken, Issuer, Secret};
use callboard::service::channel;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A client of Socket.IO whose upgrade has this header.
struct WithHeader(WebSocketStream<TcpStream>);

impl WithHeader {
    /// What its CONNECT is answered.
    async fn connect(house: &House, authorization: &str) -> (Self, String) {
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", house.address);
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("authorization", authorization.parse().expect("a header"));
        let stream = TcpStream::connect(house.address).await.expect("a connection");
        let mut client = WithHeader(client_async(request, stream).await.expect("the handshake").0);
        client.next().await;
        client.say("40").await;
        let answer = client.next().await;
        (client, answer)
    }

    async fn say(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.expect("it is open");
    }

    async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("something to come");
        next.expect("it is open").expect("it is open").into_text().expect("text").to_string()
    }

    async fn user(&mut self) -> Value {
        self.say(r#"420["find","whose",{}]"#).await;
        let answer = self.next().await;
        let answer: Value = serde_json::from_str(answer.strip_prefix("430").expect("an answer")).expect("JSON");
        answer[1]["user"].clone()
    }
}

fn tokens(secret: &str, user: &str) -> String {
    let options = AccessOptions {
        realm: "".into(),
        audience: "https://yourdomain.com".into(),
        issuer: "feathers".into(),
        expires_in: Duration::from_secs(60),
        leeway: 0,
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    AccessTokens::new(&Secret::new(secret), options).issue(user, now as i64).expect("it is signed").0
}

pub async fn a_token_in_the_header_of_the_upgrade_logs_in_and_the_application_is_told(on: Kind) {
    let notes = Notes::default();
    let noted = notes.clone();
    let house = open(on, move |builder| {
        builder
            .service("whose", whose())
            .service("notes", super::house::echo().publish(|_, _| channel("users")))
            .on_login(move |app, login| {
                noted.add(json!([login.user["email"], login.authentication["strategy"]]));
                app.channel("users").join(login.connection.as_ref().expect("a connection"));
            })
    })
    .await;
    let token = log_ann_in(&mut house.client(json!({})).await).await["accessToken"].take();
    let token = token.as_str().expect("a token");
    let user = json!({"email": "ann@x.test", "company": 7, "id": 1});
    for header in [format!("Bearer {token}"), format!("JWT {token}"), token.to_owned()] {
        let (mut client, answer) = WithHeader::connect(&house, &header).await;
        assert!(answer.starts_with("40{"), "{answer}");
        assert_eq!(client.user().await, user);
        house.create("notes", json!({})).await;
        assert!(client.next().await.starts_with(r#"42["notes created""#));
    }
    assert_eq!(
        notes.take(),
        vec![json!(["ann@x.test", "local"]); 1]
            .into_iter()
            .chain(vec![json!(["ann@x.test", "jwt"]); 3])
            .collect::<Vec<_>>()
    );
    // As a token of `[auth]` has it, with the CONNECT.
    let (mut client, answer) = crate::harness::socketio::Client::connect(house.address, &json!({"token": token})).await;
    assert!(answer.starts_with("40{"), "{answer}");
    assert_eq!(user_of(&mut client).await, user);
}

pub async fn a_token_that_is_not_good_or_whose_user_is_gone_lets_nobody_in(on: Kind) {
    let house = open(on, |builder| builder.service("whose", whose())).await;
    for bad in [tokens("another secret, which is not that of the tests", "1"), "nonsense".into(), tokens(SECRET, "99")]
    {
        let (_, answer) = WithHeader::connect(&house, &format!("Bearer {bad}")).await;
        assert!(answer.starts_with("44{\"message\":"), "{answer}");
    }
    // Another scheme is another matter.
    let (_, answer) = WithHeader::connect(&house, "Basic abc").await;
    assert!(answer.starts_with("40{"), "{answer}");
    let data = json!({"strategy": "jwt", "accessToken": tokens(SECRET, "99")});
    let gone = refusal(&mut house.client(json!({})).await, json!(["create", "authentication", data, {}])).await;
    assert_eq!((&gone["name"], &gone["message"]), (&json!("NotFound"), &json!("No record found for id '99'")));
}

pub async fn the_token_of_a_login_is_good_on_other_wires_and_their_tokens_say_who_they_are(on: Kind) {
    let mut config = config();
    config.auth.realm = "ours".into();
    let issuer = Issuer::new(&config.auth).expect("a key");
    let house = with(config, on.table().await, |builder| builder.service("whose", whose())).await;
    let token = log_ann_in(&mut house.client(json!({})).await).await["accessToken"].take();
    let mut socket = Socket::open(house.address, 0).await;
    let reply = socket.ask(&json!({"id": 1, "connect": {"token": token}}).to_string()).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    let own = issuer.issue_connection(&ConnectionToken { user: "backend".into(), ..ConnectionToken::default() });
    let (mut client, _) =
        crate::harness::socketio::Client::connect(house.address, &json!({"token": own.expect("a token")})).await;
    super::house::nothing_comes(&mut client).await;
    assert_eq!(user_of(&mut client).await, json!({"id": "backend"}));
}

pub async fn a_secret_of_its_own_signs_the_tokens_of_logins(on: Kind) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "  a secret that is for logins alone, long enough\n").expect("it is written");
    let mut config = config();
    config.authentication.secret_file = Some(file.path().to_owned());
    let house = with(config, on.table().await, |builder| builder.service("whose", whose())).await;
    let token = log_ann_in(&mut house.client(json!({})).await).await["accessToken"].take();
    let (mut client, answer) =
        WithHeader::connect(&house, &format!("Bearer {}", token.as_str().expect("a token"))).await;
    assert!(answer.starts_with("40{"), "{answer}");
    assert_eq!(client.user().await["id"], 1);
    let data = json!({"strategy": "jwt", "accessToken": tokens(SECRET, "1")});
    let refused = refusal(&mut house.client(json!({})).await, json!(["create", "authentication", data, {}])).await;
    assert_eq!(
        (&refused["message"], &refused["data"]["name"]),
        (&json!("invalid signature"), &json!("JsonWebTokenError"))
    );
}
