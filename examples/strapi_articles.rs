//! A Strapi application with `strapi-plugin-io`, ported: articles whose events go to roles and API tokens, and the handlers of
//! `strapi_events`, of which one renames users in the store. Clients connect with the socket.io-client that they have.
//!
//! Run it with `cargo run --example strapi_articles -- --port 8000`; then, in Node.js:
//!
//! ```js
//! const auth = { strategy: 'api-token', token: 'the key of everything' };
//! io('http://127.0.0.1:8000', { auth }).on('article:create', console.log);
//! ```
//!
//! and in a shell, as `strapi.$io.emit` does it:
//!
//! ```sh
//! curl -H 'X-API-Key: the key of the API' localhost:8000/api/strapi_emit \
//!   --json '{"event":"create","schema":"api::article.article","data":{"id":1,"title":"hello","secret":5}}'
//! ```
use callboard::auth::{Secret, strapi::hash};
use callboard::server::{Broker, Config};
use callboard::service::events::Socket;
use callboard::service::strapi::ContentTypeConfig;
use callboard::service::{Params, ServiceError, Stored};
use callboard::store::{CallOptions, MemoryStore, Multi, Select, Store, StoreError, StoreOptions, documents};
use callboard::transport::engineio::EngineConfig;
use callboard::types::ReplyError;
use serde_json::{Value, json};

/// In an application of your own: that of Strapi's `config/plugins.js`, from a file (`strapi.jwt_secret_file`).
const JWT_SECRET: &str = "the secret of the example's users";
/// In an application of your own: that of Strapi's `config/admin.js`, from a file (`strapi.api_token_salt_file`).
const SALT: &str = "the salt of the example's API tokens";

/// A service in memory that begins with these documents.
async fn with(entries: Value) -> Result<Stored<MemoryStore>, StoreError> {
    let store = MemoryStore::new(StoreOptions { multi: Multi::ALL, ..StoreOptions::default() });
    store.create(documents(entries)?, Select::all(), CallOptions::default()).await?;
    Ok(Stored::new(store))
}

fn config(port: u16) -> Config {
    let mut config = Config::default();
    config.server.port = port;
    config.api.key = vec![Secret::new("the key of the API")].into();
    config.socketio = vec![EngineConfig::default()];
    config.strapi.roles = Some("roles".into());
    config.strapi.tokens = Some("api-tokens".into());
    config.strapi.users = Some("users".into());
    config.strapi.public_role = Some("public".into());
    config.strapi.jwt_secret = vec![Secret::new(JWT_SECRET)].into();
    config.strapi.api_token_salt = vec![Secret::new(SALT)].into();
    let mut article = ContentTypeConfig::new("api::article.article", "articles");
    article.private = vec!["secret".into()];
    article.relations = [("author".into(), "plugin::users-permissions.user".into())].into();
    config.strapi.content_types = vec![article];
    config
}

fn refused(error: ServiceError) -> ReplyError {
    ReplyError::new(error.class.code().into(), error.message)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let port = std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(8000), |port| port.parse())?;
    let may = |actions: &[&str]| -> Value { actions.iter().map(|action| json!({ "action": action })).collect() };
    let (create, update) = ("api::article.article.create", "api::article.article.update");
    let (find_user, update_user) = ("plugin::users-permissions.user.find", "plugin::users-permissions.user.update");
    let roles = with(json!([
        {"id": 1, "name": "Authenticated", "type": "authenticated", "permissions": may(&[create, update_user])},
        {"id": 2, "name": "Public", "type": "public", "permissions": may(&[])},
        {"id": 3, "name": "Chief Editor", "type": "chief", "permissions": may(&[create, update, "api::article.article.delete", find_user])},
    ]));
    let users = with(json!([
        {"id": 1, "username": "mia", "role": 1, "password": "a hash"},
        {"id": 2, "username": "ed", "role": 3, "password": "a hash"},
        {"id": 3, "username": "eve", "role": 1, "blocked": true},
    ]));
    let key = |key: &str| hash(key, &Secret::new(SALT));
    let tokens = with(json!([
        {"id": 1, "name": "App", "type": "custom", "accessKey": key("the key of the app"), "permissions": may(&[update])},
        {"id": 2, "name": "Everything", "type": "full-access", "accessKey": key("the key of everything")},
        {"id": 3, "name": "Old", "type": "full-access", "accessKey": key("an old key"), "expiresAt": "2020-01-01T00:00:00Z"},
    ]));
    let builder = Broker::builder(config(port))
        .service("roles", roles.await?)
        .service("users", users.await?)
        .service("api-tokens", tokens.await?)
        .service("articles", with(json!([])).await?)
        .content_type("plugin::users-permissions.user", "users")
        .on("/", "connection", |socket: Socket, (): ()| async move {
            // will log every time a client connects
            log::info!("[io] a new client with id {} has connected", socket.id());
        })
        .on("/", "update-user-name", |socket: Socket, (id, name): (u64, String)| async move {
            log::info!("[io] trigger update for socket {}.", socket.id());
            // update the respective users name.
            let users = socket.service("users").map_err(refused)?;
            let user = users.patch(id, json!({ "username": name }), Params::default()).await.map_err(refused)?;
            Ok::<_, ReplyError>((user["username"].clone(),))
        });
    Ok(builder.serve().await?)
}
