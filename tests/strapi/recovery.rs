//! Clients that come back after a loss of their connection.
use super::house::{House, client, config, furnished, jwt, may, patch, plan, role};
use crate::harness::socketio::Client;
use callboard::types::SessionId;
use serde_json::{Value, json};
use std::time::Duration;

/// What a client that was let in is told of its session.
fn session(answer: &str) -> Value {
    serde_json::from_str(answer.strip_prefix("40").unwrap_or_else(|| panic!("{answer}"))).expect("JSON")
}

/// The connection is lost, and the broker has noticed.
async fn lost(house: &House, client: Client, session: &Value) {
    drop(client);
    let id = SessionId::parse(session["sid"].as_str().expect("a text")).expect("an id");
    let gone = async {
        while house.broker.node().sessions().directory().has(id) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the session ends");
}

#[actix_rt::test]
async fn who_comes_back_gets_what_was_missed_unless_it_has_another_role_by_then() {
    let mut config = config();
    config.socketio[0].recovery = Duration::from_secs(120);
    let house = furnished(House::with(config, plan)).await;
    role(&house, 3, "Editor", &[may("create")]).await;
    let (mut first, answer) = Client::connect(house.address, &json!({"token": jwt(7)})).await;
    let known = session(&answer);
    house.create("articles", json!({"id": 1})).await;
    let offset = first.event().await[2].clone();
    lost(&house, first, &known).await;
    house.create("articles", json!({"id": 2})).await;
    let (mut second, missed) =
        Client::connect(house.address, &json!({"token": jwt(7), "pid": known["pid"], "offset": offset})).await;
    assert!(missed.starts_with("42[\"article:create\"") && missed.contains("\"id\":2"), "{missed}");
    assert_eq!(session(&second.next().await)["sid"], known["sid"]);
    house.create("articles", json!({"id": 3})).await;
    let offset = second.event().await[2].clone();

    lost(&house, second, &known).await;
    house.create("articles", json!({"id": 4})).await;
    patch(&house, "users", 7, json!({"role": 3})).await;
    let said = json!({"token": jwt(7), "pid": known["pid"], "offset": offset});
    let (mut third, answer) = Client::connect(house.address, &said).await;
    assert_ne!(session(&answer)["sid"], known["sid"]);
    house.create("articles", json!({"id": 5})).await;
    assert_eq!(third.event().await[1]["data"]["id"], 5);
    // Nor does one who knows the secret of another's session get that.
    let mut public = client(&house, json!({"pid": known["pid"], "offset": offset})).await;
    house.broker.strapi().expect("there is a section").raw("word", 1).await.expect("it is accepted");
    assert_eq!(public.event().await[0], "word");
}
