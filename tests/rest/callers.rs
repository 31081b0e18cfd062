//! Whose call it is.
use super::house::{House, config, request};
use callboard::auth::{ConnectionToken, Issuer};
use callboard::broker::Revoke;
use callboard::server::Config;
use callboard::types::Json;
use serde_json::json;
use std::time::Duration;

fn with_key() -> Config {
    let mut config = config();
    config.auth.hmac_secret =
        toml::from_str::<callboard::auth::Config>("hmac_secret = 'what signs the tokens of these tests, long enough'")
            .expect("a config")
            .hmac_secret;
    config
}

fn token(config: &Config, token: ConnectionToken) -> String {
    Issuer::new(&config.auth).expect("a key").issue_connection(&token).expect("a token")
}

fn of_user(user: &str) -> ConnectionToken {
    ConnectionToken { user: user.to_owned(), ..ConnectionToken::default() }
}

#[actix_web::test]
async fn hooks_and_methods_see_who_calls_and_how() {
    let config = with_key();
    let info = Json::parse(r#"{"company":3}"#.into()).expect("JSON");
    let bearer = token(&config, ConnectionToken { info: Some(info), ..of_user("42") });
    let house = House::with(config);
    let asked = request("GET", "/whose").insert_header(("Authorization", format!("Bearer {bearer}")));
    let answer = house.ask(asked.append_header(("X-Many", "a")).append_header(("x-many", "b"))).await.json();
    assert_eq!(answer["user"], json!({"company": 3, "id": "42"}));
    assert_eq!((&answer["provider"], &answer["connection"]), (&json!("rest"), &json!(false)));
    assert_eq!(answer["headers"]["x-many"], "a, b");
    assert_eq!(answer["headers"]["authorization"], format!("Bearer {bearer}"));
}

#[actix_web::test]
async fn without_a_token_a_caller_is_nobody_or_not_let_in() {
    let answer = House::new().request("GET", "/whose").await.json();
    assert_eq!(answer["user"], json!(null));
    let mut closed = with_key();
    closed.auth.anonymous = false;
    let house = House::with(closed);
    assert_eq!(
        house.request("GET", "/whose").await.error(),
        (401, "NotAuthenticated".into(), "Not authenticated".into())
    );
    assert_eq!(house.request("GET", "/zip").await.status, 404);
}

#[actix_web::test]
async fn a_token_that_is_not_good_any_more_is_refused() {
    let config = with_key();
    let expired = token(&config, ConnectionToken { ttl: Some(Duration::ZERO), ..of_user("42") });
    let good = token(&config, of_user("42"));
    let house = House::with(config);
    let status = async |bearer: &str| {
        let asked = request("GET", "/whose").insert_header(("Authorization", format!("Bearer {bearer}")));
        house.ask(asked).await.status.as_u16()
    };
    assert_eq!(status(&expired).await, 401);
    assert_eq!(status("nonsense").await, 401);
    assert_eq!(status(&good).await, 200);
    house.0.revoke_authentication("42", Revoke::All).await.expect("one node is reached");
    assert_eq!(status(&good).await, 401);
}

#[actix_web::test]
async fn where_no_key_is_configured_a_token_is_the_applications_matter() {
    let asked = request("GET", "/whose").insert_header(("Authorization", "Bearer anything"));
    let answer = House::new().ask(asked).await.json();
    assert_eq!((&answer["user"], &answer["headers"]["authorization"]), (&json!(null), &json!("Bearer anything")));
}
