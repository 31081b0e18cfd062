//! A broker with a Strapi application in the test's own process: articles, and who may be told of them.
use crate::harness::socketio::Client;
pub use crate::service::house::{House, call, documents};
use callboard::auth::Secret;
use callboard::auth::strapi::hash;
use callboard::server::{BrokerBuilder, Config};
use callboard::service::Params;
use callboard::service::strapi::Config as Section;
use callboard::store::Id;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

pub const JWT_SECRET: &str = "the secret that users' tokens are signed with";
pub const SALT: &str = "the salt of API tokens";
/// A time that no test sees.
pub const NEVER: i64 = 99_999_999_999;

const SECTION: &str = r#"
roles = "roles"
tokens = "api-tokens"
users = "users"
public_role = "public"
refresh = "0s"
[[content_type]]
uid = "api::article.article"
service = "articles"
private = ["secret"]
relations = { author = "plugin::users-permissions.user" }
[[content_type]]
uid = "plugin::users-permissions.user"
service = "users"
actions = ["update"]
"#;

/// The usual section, with the secrets.
pub fn section() -> Section {
    let mut section: Section = toml::from_str(SECTION).expect("a section");
    section.jwt_secret = vec![Secret::new(JWT_SECRET)].into();
    section.api_token_salt = vec![Secret::new(SALT)].into();
    section
}

/// A config with that section, where nobody is let in otherwise.
pub fn config() -> Config {
    let mut config = crate::service::house::config();
    config.auth.anonymous = false;
    config.strapi = section();
    config
}

/// The services that the section names.
pub fn plan(builder: BrokerBuilder) -> BrokerBuilder {
    ["roles", "api-tokens", "users", "articles"]
        .into_iter()
        .fold(builder, |builder, path| builder.service(path, documents()))
}

/// The action on articles, as permissions write it.
pub fn may(action: &str) -> String {
    format!("api::article.article.{action}")
}

/// A token of a user, as Strapi signs it.
pub fn jwt(user: i64) -> String {
    signed(&json!({"id": user, "iat": 1, "exp": NEVER}), JWT_SECRET)
}

pub fn signed(claims: &Value, secret: &str) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a JWT")
}

/// An API token as Strapi stores it.
pub fn api_token(id: i64, name: &str, key: &str, kind: &str, permissions: &[String]) -> Value {
    let key = hash(key, &Secret::new(SALT));
    json!({"id": id, "name": name, "type": kind, "accessKey": key, "expiresAt": null, "permissions": permissions})
}

/// A broker with the roles `Public` (1), which permits nothing, and `Authenticated` (2), which permits to create articles, and with
/// the user 7 in the second.
pub async fn open() -> House {
    furnished(House::with(config(), plan)).await
}

pub async fn furnished(house: House) -> House {
    role(&house, 1, "Public", &[]).await;
    role(&house, 2, "Authenticated", &[may("create")]).await;
    house.create("users", json!({"id": 7, "username": "mia", "role": 2, "password": "hash"})).await;
    house
}

pub async fn role(house: &House, id: i64, name: &str, permissions: &[String]) {
    let role = json!({"id": id, "name": name, "type": name.to_lowercase(), "permissions": permissions});
    house.create("roles", role).await;
}

/// Changes a document from Rust.
pub async fn patch(house: &House, path: &str, id: u64, data: Value) -> Value {
    let service = house.broker.service(path).expect("it is there");
    service.patch(Id::from(id), data, Params::default()).await.expect("it is changed")
}

/// Removes a document from Rust.
pub async fn remove(house: &House, path: &str, id: u64) {
    let service = house.broker.service(path).expect("it is there");
    service.remove(Id::from(id), Params::default()).await.expect("it is removed");
}

/// A client that is let in after it has said this.
pub async fn client(house: &House, said: Value) -> Client {
    let (client, answer) = Client::connect(house.address, &said).await;
    assert!(answer.starts_with("40{"), "{answer}");
    client
}

/// What a client that says this is refused with.
pub async fn refusal(house: &House, said: Value) -> String {
    Client::connect(house.address, &said).await.1
}

/// Nothing has come for a client before what all are sent.
pub async fn nothing_came(house: &House, clients: impl IntoIterator<Item = &mut Client>) {
    let io = house.broker.strapi().expect("there is a section");
    // A raw event overtakes those of entries; this one is accepted behind them. Tokens of full access alone are told of it.
    io.emit("last", "api::article.article", json!({})).await.expect("it is accepted");
    io.raw("the end", 0).await.expect("it is accepted");
    for client in clients {
        let mut event = client.event().await;
        if event[0] == "article:last" {
            event = client.event().await;
        }
        assert_eq!(event, json!(["the end", {"data": 0}]));
    }
}
