//! Keys of users and plugins from the addresses of a backend.
use super::*;
use crate::auth::key_server::{KeyServer, ec};
use crate::broker::house::until;
use callboard::auth::TokenError;

const USERS: &str = "/api/auth/.well-known/jwks.json";

fn path(plugin: &str) -> String {
    format!("/api/{plugin}/.backstage/auth/v1/jwks.json")
}

/// A backend with keys for users, `catalog` and `scaffolder`, and an authenticator that takes them from there.
fn backend() -> (KeyServer, Authenticator) {
    let server = KeyServer::start(&[]);
    server.publish_at(USERS, &[ec("u1", P256_PUBLIC)]);
    server.publish_at(&path("catalog"), &[ec("c1", P256_NEXT_PUBLIC)]);
    server.publish_at(&path("scaffolder"), &[ec("s1", P384_PUBLIC)]);
    let authenticator = of(&server);
    (server, authenticator)
}

fn of(server: &KeyServer) -> Authenticator {
    let address = &server.address;
    let config = format!(
        "user_jwks_url = '{address}{USERS}'\nservice_jwks_url = '{address}{}'\nplugins = ['catalog', 'scaffolder']",
        path("{plugin}")
    );
    with(&config, BackstageOptions::default())
}

fn token(kind: &str, id: &str, algorithm: Algorithm, key: &str, claims: &Value) -> String {
    let header = Header { typ: Some(kind.into()), kid: Some(id.into()), ..Header::new(algorithm) };
    sign_as(header, key, claims)
}

fn of_ada(id: &str, key: &str) -> String {
    token(USER, id, Algorithm::ES256, key, &user_claims(&json!({})))
}

async fn user(authenticator: &Authenticator, token: &str) -> Result<String, TokenError> {
    Ok(authenticator.verify_connection_at(token, NOW).wait().await?.identity.user.to_string())
}

#[actix_web::test]
async fn each_kind_is_verified_with_the_set_of_its_address_and_each_plugin_with_its_own() {
    let (server, authenticator) = backend();
    let catalog = token(PLUGIN, "c1", Algorithm::ES256, P256_NEXT, &plugin_claims(&json!({})));
    let scaffolder = token(PLUGIN, "s1", Algorithm::ES384, P384, &plugin_claims(&json!({"sub": "scaffolder"})));
    assert_eq!(user(&authenticator, &of_ada("u1", P256)).await.as_deref(), Ok("user:default/ada"));
    assert_eq!(user(&authenticator, &catalog).await.as_deref(), Ok("plugin:catalog"));
    assert_eq!(user(&authenticator, &scaffolder).await.as_deref(), Ok("plugin:scaffolder"));
    for ready in [&of_ada("u1", P256), &catalog, &scaffolder] {
        assert!(connect(&authenticator, ready).is_ok(), "cached: no waiting");
    }

    let of_other_plugin = token(PLUGIN, "s1", Algorithm::ES384, P384, &plugin_claims(&json!({})));
    let of_user = token(PLUGIN, "u1", Algorithm::ES256, P256, &plugin_claims(&json!({})));
    let by_plugin = of_ada("c1", P256_NEXT);
    let forged = [of_other_plugin, of_user, by_plugin];
    for refused in futures_util::future::join_all(forged.iter().map(|token| user(&authenticator, token))).await {
        assert!(is_invalid(&refused));
    }
    assert_eq!(server.asked_for(), [USERS.to_owned(), path("catalog"), path("scaffolder")]);
}

#[actix_web::test]
async fn a_token_makes_no_address_and_no_fetch_of_a_plugin_that_is_not_named() {
    let (server, authenticator) = backend();
    assert!(user(&authenticator, &of_ada("u1", P256)).await.is_ok());
    for sub in ["search", "../auth", "{plugin}", "catalog/../search", ""] {
        let stranger = token(PLUGIN, "x", Algorithm::ES256, P256_NEXT, &plugin_claims(&json!({"sub": sub})));
        assert!(is_invalid(&connect(&authenticator, &stranger)), "no waiting: {sub:?}");
    }
    assert!(server.asked_for().iter().all(|asked| [USERS, &path("catalog"), &path("scaffolder")].contains(&&**asked)));
}

#[actix_web::test]
async fn a_rotated_key_is_fetched_when_the_first_token_names_it_and_a_removed_one_is_gone() {
    let (server, authenticator) = backend();
    let (old, new) = (of_ada("u1", P256), of_ada("u2", P256_NEXT));
    assert!(user(&authenticator, &old).await.is_ok());
    server.publish_at(USERS, &[ec("u1", P256_PUBLIC), ec("u2", P256_NEXT_PUBLIC)]);
    assert_eq!(user(&authenticator, &new).await.as_deref(), Ok("user:default/ada"));
    assert!(connect(&authenticator, &old).is_ok(), "both are good at once");
    server.publish_at(USERS, &[ec("u2", P256_NEXT_PUBLIC), ec("u3", P384_PUBLIC)]);
    let newest = token(USER, "u3", Algorithm::ES384, P384, &user_claims(&json!({})));
    assert!(user(&authenticator, &newest).await.is_ok());
    assert!(is_invalid(&user(&authenticator, &old).await));
}

#[actix_web::test]
async fn while_an_address_is_down_known_keys_work_and_unknown_ones_are_refused_at_once() {
    let (server, authenticator) = backend();
    let (known, unknown) = (of_ada("u1", P256), of_ada("u2", P256_NEXT));
    let catalog = token(PLUGIN, "c1", Algorithm::ES256, P256_NEXT, &plugin_claims(&json!({})));
    assert!(user(&authenticator, &known).await.is_ok() && user(&authenticator, &catalog).await.is_ok());
    server.answer_at(USERS, 503, "");
    assert_eq!(user(&authenticator, &unknown).await, Err(TokenError::Unavailable), "the fetch that it has waited for");

    assert_eq!(connect(&authenticator, &unknown).err(), Some(TokenError::Unavailable), "no waiting");
    assert!(connect(&authenticator, &known).is_ok() && connect(&authenticator, &catalog).is_ok(), "no waiting");
    server.publish_at(USERS, &[ec("u1", P256_PUBLIC), ec("u2", P256_NEXT_PUBLIC)]);
    until("the new key is known", || connect(&authenticator, &unknown).is_ok()).await;
}

#[actix_web::test]
async fn an_address_that_nobody_answers_at_is_waited_for_once_and_the_others_are_not_held_up() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let server = KeyServer::start(&[ec("c1", P256_NEXT_PUBLIC)]);
    let config =
        format!("user_jwks_url = 'http://{closed}/keys'\nservice_jwks_url = '{}'\nplugins = ['catalog']", server.url());
    let authenticator = with(&config, BackstageOptions::default());
    assert_eq!(user(&authenticator, &of_ada("u1", P256)).await, Err(TokenError::Unavailable));
    assert_eq!(connect(&authenticator, &of_ada("u1", P256)).err(), Some(TokenError::Unavailable), "no waiting");
    let catalog = token(PLUGIN, "c1", Algorithm::ES256, P256_NEXT, &plugin_claims(&json!({})));
    assert_eq!(user(&authenticator, &catalog).await.as_deref(), Ok("plugin:catalog"));
}

#[test]
fn all_sets_are_fetched_without_an_actix_runtime_around_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            tell.send(backend().0).unwrap();
            let _ = stopped.await;
        });
    });
    let server_of_keys = told.recv().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let authenticator = of(&server_of_keys);
    let catalog = token(PLUGIN, "c1", Algorithm::ES256, P256_NEXT, &plugin_claims(&json!({})));
    assert!(runtime.block_on(user(&authenticator, &of_ada("u1", P256))).is_ok());
    assert!(runtime.block_on(user(&authenticator, &catalog)).is_ok());
    stop.send(()).unwrap();
    server.join().unwrap();
}
