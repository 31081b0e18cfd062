//! Who is let in, and the words that others are refused with: those of the contract.
use super::house::{
    House, JWT_SECRET, NEVER, api_token, client, config, jwt, nothing_came, open, patch, plan, refusal, remove, role,
    signed,
};
use callboard::auth::{ApiConfig, Secret};
use callboard::server::Config;
use serde_json::{Value, json};

const INVALID_TOKEN: &str = r#"44{"message":"Invalid token."}"#;
const INVALID_CREDENTIALS: &str = r#"44{"message":"Invalid credentials"}"#;
const TOKEN_EXPIRED: &str = r#"44{"message":"Token expired"}"#;
const NO_ROOM: &str = r#"44{"message":"No valid room found"}"#;

#[actix_rt::test]
async fn a_jwt_that_is_none_of_ours_is_an_invalid_token() {
    let house = open().await;
    let claims = |exp: i64| json!({"id": 7, "iat": 1, "exp": exp});
    let wrong = [
        json!("bad"),
        json!("a.b.c"),
        json!(signed(&claims(NEVER), "another secret")),
        json!(signed(&claims(2), JWT_SECRET)),
        json!({"id": 7}),
        json!(7),
        json!(true),
        json!("x".repeat(100_000)),
    ];
    for token in wrong {
        assert_eq!(refusal(&house, json!({"strategy": "jwt", "token": token})).await, INVALID_TOKEN);
        assert_eq!(refusal(&house, json!({"token": token})).await, INVALID_TOKEN);
    }
    // A key is no JWT.
    house.create("api-tokens", api_token(1, "App", "key", "full-access", &[])).await;
    assert_eq!(refusal(&house, json!({"strategy": "jwt", "token": "key"})).await, INVALID_TOKEN);
}

#[actix_rt::test]
async fn a_jwt_of_nobody_who_may_come_in_is_invalid_credentials() {
    let house = open().await;
    house.create("users", json!({"id": 8, "role": 2, "blocked": true})).await;
    house.create("users", json!({"id": 9})).await;
    for (claims, wanted) in [
        (json!({"sub": "7", "exp": NEVER}), INVALID_CREDENTIALS),
        (json!({"id": {"$gt": 0}, "exp": NEVER}), INVALID_CREDENTIALS),
        (json!({"id": null, "exp": NEVER}), INVALID_CREDENTIALS),
        (json!({"id": 99, "exp": NEVER}), INVALID_CREDENTIALS),
        (json!({"id": 8, "exp": NEVER}), INVALID_CREDENTIALS),
        (json!({"id": 9, "exp": NEVER}), NO_ROOM),
    ] {
        assert_eq!(refusal(&house, json!({"token": signed(&claims, JWT_SECRET)})).await, wanted, "{claims}");
    }
    patch(&house, "users", 8, json!({"blocked": false})).await;
    client(&house, json!({"token": jwt(8)})).await;
}

#[actix_rt::test]
async fn users_who_are_not_confirmed_are_refused_where_the_config_says_so() {
    let mut config = config();
    config.strapi.email_confirmation = true;
    let house = super::house::furnished(House::with(config, plan)).await;
    assert_eq!(refusal(&house, json!({"token": jwt(7)})).await, INVALID_CREDENTIALS);
    patch(&house, "users", 7, json!({"confirmed": true})).await;
    client(&house, json!({"token": jwt(7)})).await;
}

#[actix_rt::test]
async fn an_api_token_is_known_by_its_hash_whatever_the_strategy_is_called() {
    let house = open().await;
    house.create("api-tokens", api_token(1, "App", "key", "full-access", &[])).await;
    let mut past = api_token(2, "Old", "old", "full-access", &[]);
    past["expiresAt"] = json!("2020-01-01T00:00:00.000Z");
    house.create("api-tokens", past).await;
    for strategy in [json!("api-token"), json!("apiToken"), json!("nobody has this"), json!(5), json!({})] {
        client(&house, json!({"strategy": strategy, "token": "key"})).await;
        let said = |token: Value| json!({"strategy": strategy, "token": token});
        assert_eq!(refusal(&house, said(json!("old"))).await, TOKEN_EXPIRED);
        for wrong in [json!("Key"), json!("key "), json!(jwt(7)), json!(5), json!(["key"]), json!({"$ne": 1})] {
            assert_eq!(refusal(&house, said(wrong)).await, INVALID_CREDENTIALS);
        }
    }
    // What is stored opens nothing.
    let stored = api_token(1, "App", "key", "full-access", &[])["accessKey"].clone();
    assert_eq!(refusal(&house, json!({"strategy": "api-token", "token": stored})).await, INVALID_CREDENTIALS);
    remove(&house, "api-tokens", 1).await;
    assert_eq!(refusal(&house, json!({"strategy": "api-token", "token": "key"})).await, INVALID_CREDENTIALS);
}

#[actix_rt::test]
async fn without_a_token_a_client_has_the_public_role_and_nothing_where_there_is_none() {
    let house = open().await;
    for said in [json!({}), json!({"token": null}), json!({"token": ""}), json!({"strategy": "api-token"})] {
        let mut public = client(&house, said).await;
        house.create("articles", json!({"title": "for authenticated ones"})).await;
        nothing_came(&house, [&mut public]).await;
    }
    remove(&house, "roles", 1).await;
    assert_eq!(refusal(&house, json!({})).await, NO_ROOM);
    role(&house, 4, "Public", &[]).await;
    client(&house, json!({})).await;

    let mut closed = config();
    closed.strapi.public_role = None;
    let house = super::house::furnished(House::with(closed, plan)).await;
    assert_eq!(refusal(&house, json!({})).await, NO_ROOM);
    client(&house, json!({"token": jwt(7)})).await;
}

#[actix_rt::test]
async fn a_token_of_the_section_auth_opens_nothing_here() {
    const OWN: &str = "the secret of the section auth, which is long enough";
    let mut both: Config = config();
    both.auth.hmac_secret = vec![Secret::new(OWN)].into();
    both.api = ApiConfig::default();
    let house = super::house::furnished(House::with(both, plan)).await;
    let own = signed(&json!({"sub": "7", "id": 7, "exp": NEVER}), OWN);
    assert_eq!(refusal(&house, json!({"token": own})).await, INVALID_TOKEN);
    client(&house, json!({"token": jwt(7)})).await;
}
