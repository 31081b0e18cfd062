//! The end of a login: by logout, by its time, by a revocation, by another login.
use super::house::{
    House, Kind, Notes, answer, config, echo, jwt, local, log_ann_in, log_in, nothing_comes, open, refusal, user_of,
    whose, with,
};
use callboard::broker::Revoke;
use callboard::server::BrokerBuilder;
use callboard::service::channel;
use serde_json::{Value, json};
use std::time::Duration;

/// Connections of users are in the channel `users`, and all of them in `all`; the notes go to both.
fn with_channels(notes: Notes) -> impl FnOnce(BrokerBuilder) -> BrokerBuilder + Send + 'static {
    move |builder| {
        let left = notes.clone();
        builder
            .service("whose", whose())
            .service("notes", echo().publish(|data, _| channel(data["to"].as_str().unwrap_or_default())))
            .on_login(move |app, login| {
                let connection = login.connection.as_ref().expect("over Socket.IO");
                app.channel(&format!("user {}", login.user["id"])).join(connection);
                app.channel("users").join(connection);
            })
            .on_logout(move |app, login| {
                left.add(login.user["email"].clone());
                let connection = login.connection.as_ref().expect("over Socket.IO");
                assert_eq!(connection.get("user"), Value::Null);
                app.channel("gone").join(connection);
            })
    }
}

async fn tell(house: &House, to: &str) {
    house.create("notes", json!({"to": to})).await;
}

pub async fn who_logs_out_is_nobody_again_and_leaves_all_channels_before_the_application_is_told(on: Kind) {
    let notes = Notes::default();
    let house = open(on, with_channels(notes.clone())).await;
    let mut ann = house.client(json!({})).await;
    let logged_in = log_ann_in(&mut ann).await;
    let token = &logged_in["accessToken"];
    tell(&house, "users").await;
    assert_eq!(ann.event().await[1]["to"], "users");
    let wrong = refusal(&mut ann, json!(["remove", "authentication", "another token", {}])).await;
    assert_eq!((&wrong["name"], &wrong["message"]), (&json!("NotAuthenticated"), &json!("Invalid access token")));
    let left = answer(&mut ann, json!(["remove", "authentication", null, {}])).await;
    assert_eq!((&left[1]["accessToken"], &left[1]["user"]), (token, &logged_in["user"]));
    assert_eq!(left[1]["authentication"]["strategy"], "jwt");
    assert_eq!(user_of(&mut ann).await, Value::Null);
    for to in ["users", "user 1", "gone"] {
        tell(&house, to).await;
    }
    assert_eq!(ann.event().await[1]["to"], "gone");
    assert_eq!(notes.take(), [json!("ann@x.test")]);
    // Logging out takes the token back from the connection and from nobody else, as in the original.
    log_in(&mut ann, jwt(token)).await;
    let by_token = answer(&mut ann, json!(["remove", "authentication", token, {}])).await;
    assert_eq!(&by_token[1]["accessToken"], token);
}

pub async fn another_user_on_the_same_connection_has_nothing_of_the_one_before(on: Kind) {
    let house = open(on, with_channels(Notes::default())).await;
    let mut client = house.client(json!({})).await;
    log_ann_in(&mut client).await;
    log_ann_in(&mut client).await;
    tell(&house, "users").await;
    assert_eq!(client.event().await[1]["to"], "users");
    nothing_comes(&mut client).await;
    log_in(&mut client, local("bob@x.test", "another one")).await;
    for to in ["user 1", "user 2"] {
        tell(&house, to).await;
    }
    assert_eq!(client.event().await[1]["to"], "user 2");
    assert_eq!(user_of(&mut client).await["email"], "bob@x.test");
}

pub async fn a_connection_ends_with_its_token(on: Kind) {
    let mut config = config();
    config.authentication.expires_in = Duration::from_secs(2);
    let house = with(config, on.table().await, with_channels(Notes::default())).await;
    let (mut ann, mut nobody) = (house.client(json!({})).await, house.client(json!({})).await);
    let token = log_ann_in(&mut ann).await["accessToken"].take();
    assert_eq!(ann.next().await, "41");
    let refused = refusal(&mut nobody, json!(["create", "authentication", jwt(&token), {}])).await;
    assert_eq!((&refused["name"], &refused["message"]), (&json!("NotAuthenticated"), &json!("jwt expired")));
    assert_eq!(refused["data"]["name"], "TokenExpiredError");
    assert!(refused["data"]["expiredAt"].as_str().expect("a time").ends_with(".000Z"), "{refused}");
}

pub async fn what_is_revoked_of_a_user_or_of_a_token_ends_its_connections_and_no_others(on: Kind) {
    let house = open(on, with_channels(Notes::default())).await;
    let mut clients = vec![];
    for _ in 0..3 {
        clients.push(house.client(json!({})).await);
    }
    let [first, second, other] = &mut clients[..] else { panic!("three were made") };
    let logged_in = log_ann_in(first).await;
    log_ann_in(second).await;
    log_in(other, local("bob@x.test", "another one")).await;
    let id = logged_in["authentication"]["payload"]["jti"].as_str().expect("an id").to_owned();
    house.broker.revoke_authentication("1", Revoke::Token(id)).await.expect("one node is reached");
    assert_eq!(first.next().await, "41");
    assert_eq!(user_of(second).await["id"], 1);
    let refused = refusal(other, json!(["create", "authentication", jwt(&logged_in["accessToken"]), {}])).await;
    assert_eq!((&refused["name"], &refused["message"]), (&json!("NotAuthenticated"), &json!("jwt revoked")));
    house.broker.revoke_authentication("1", Revoke::All).await.expect("one node is reached");
    assert_eq!(second.next().await, "41");
    assert_eq!(user_of(other).await["id"], 2);
}

pub async fn a_session_is_found_under_the_user_who_logged_in_until_the_logout(on: Kind) {
    let house = open(on, |builder| builder).await;
    let count = |user: &str| house.broker.node().sessions().directory().count(Some(user), None);
    let mut ann = house.client(json!({})).await;
    assert_eq!(count("1"), 0);
    log_ann_in(&mut ann).await;
    nothing_comes(&mut ann).await;
    assert_eq!(count("1"), 1);
    answer(&mut ann, json!(["remove", "authentication", null, {}])).await;
    nothing_comes(&mut ann).await;
    assert_eq!(count("1"), 0);
}
