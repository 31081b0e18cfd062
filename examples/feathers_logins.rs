//! An application whose users sign up, log in and see what is of their company: the whole of it besides the pages.
//!
//! | service | what it does |
//! |---|---|
//! | `users` | signing up is to create one; everybody sees and changes oneself alone |
//! | `authentication` | logs users in, by email and password or by a token |
//! | `messages` | documents in memory; each is shown to the users of the company of its author |
//!
//! Run it with `cargo run --example feathers_logins -- --port 3030`, then in Node.js, with `@feathersjs/client` and
//! `socket.io-client` installed:
//!
//! ```js
//! const app = feathers().configure(feathers.socketio(io('http://localhost:3030'))).configure(feathers.authentication());
//! await app.service('users').create({email: 'ann@example.com', password: 'correct horse', company: 7});
//! await app.authenticate({strategy: 'local', email: 'ann@example.com', password: 'correct horse'});
//! await app.service('messages').create({text: 'hello'});
//! ```
use callboard::auth::Secret;
use callboard::server::{Broker, Config};
use callboard::service::{
    AuthenticationConfig, HookContext, Hooks, Registration, ServiceError, Stored, authenticate, channel,
};
use callboard::store::{MemoryStore, StoreOptions};
use callboard::transport::engineio::EngineConfig;
use rand::RngExt;

/// Clients see and change themselves alone.
async fn oneself(context: &mut HookContext) -> Result<(), ServiceError> {
    if context.params.provider.is_some() {
        authenticate(context).await?;
        context.params.query["id"] = context.params["user"]["id"].clone();
    }
    Ok(())
}

/// Who writes says neither who it is nor of which company.
async fn signed(context: &mut HookContext) -> Result<(), ServiceError> {
    for (field, of_user) in [("by", "email"), ("company", "company")] {
        context.data[field] = context.params["user"][of_user].clone();
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut config = Config::default();
    config.server.port =
        std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(3030), |port| port.parse())?;
    config.auth.anonymous = true;
    // A new one at each start, which ends all logins; a real application has a file with its own.
    let secret = rand::rng().random::<[u128; 2]>();
    config.auth.hmac_secret = vec![Secret::new(format!("{secret:x?}"))].into();
    config.socketio = vec![EngineConfig::default()];
    config.rest.prefix = Some("/".into());

    let store = || MemoryStore::new(StoreOptions { start_id: 1, ..StoreOptions::default() });
    let own = ["find", "get", "update", "patch", "remove"].into_iter();
    let users = Registration::of(Stored::new(store()))
        .hooks(own.fold(Hooks::new(), |hooks, method| hooks.before(method, oneself)))
        .publish(|user, _call| channel(format!("user {}", user["id"])));
    let messages = Registration::of(Stored::new(store()))
        .hooks(Hooks::new().before("all", authenticate).before("create", signed))
        .publish(|_message, _call| channel("users"))
        .filter(|message, connection, _call| message["company"] == connection["user"]["company"]);
    let authentication = AuthenticationConfig {
        service: Some("users".into()),
        // All who try this out come from one machine.
        attempts_by_address: 1_000,
        ..AuthenticationConfig::default()
    };
    let broker = Broker::builder(config)
        .service("users", users)
        .service("messages", messages)
        .authentication(authentication)
        .on_login(|app, login| {
            if let Some(connection) = &login.connection {
                app.channel("users").join(connection);
                app.channel(&format!("user {}", login.user["id"])).join(connection);
            }
        });
    Ok(broker.serve().await?)
}
