//! Logins that are not right: the words of the original, and nothing by which one could tell more.
use super::house::{
    Kind, Notes, PASSWORD, Table, config, local, log_ann_in, open, put, refusal, stored, user_of, users, whose, with,
};
use callboard::server::{Broker, Config};
use callboard::service::{AuthenticationConfig, Strategy};
use serde_json::{Value, json};
use std::path::PathBuf;

pub async fn each_login_that_is_not_right_has_the_words_of_the_original(on: Kind) {
    let house = open(on, |builder| builder.service("whose", whose())).await;
    let mut client = house.client(json!({})).await;
    let long = "x".repeat(1025);
    for (data, message) in [
        (json!({}), "Invalid authentication information (no `strategy` set)"),
        (json!([local("ann@x.test", PASSWORD)]), "Invalid authentication information (no `strategy` set)"),
        (json!(null), "Invalid authentication information (no `strategy` set)"),
        (json!({"strategy": "oauth"}), "Invalid authentication information (strategy not allowed in authStrategies)"),
        (
            json!({"strategy": {"$ne": 1}}),
            "Invalid authentication information (strategy not allowed in authStrategies)",
        ),
        (json!({"strategy": "jwt"}), "No access token"),
        (json!({"strategy": "jwt", "accessToken": ""}), "No access token"),
        (json!({"strategy": "jwt", "accessToken": {"a": 1}}), "jwt must be a string"),
        (json!({"strategy": "jwt", "accessToken": "x"}), "jwt malformed"),
        (json!({"strategy": "jwt", "accessToken": "a.b.c"}), "invalid token"),
        (json!({"strategy": "local"}), "Invalid login"),
        (local("ann@x.test", ""), "Invalid login"),
        (local("", PASSWORD), "Invalid login"),
        (local("ann@x.test", &long), "Invalid login"),
        (local(&long, PASSWORD), "Invalid login"),
        (local("ann@x.test\0", PASSWORD), "Invalid login"),
        (json!({"strategy": "local", "email": {"$ne": null}, "password": PASSWORD}), "Invalid login"),
        (json!({"strategy": "local", "email": ["ann@x.test"], "password": PASSWORD}), "Invalid login"),
        (json!({"strategy": "local", "email": "ann@x.test", "password": [PASSWORD]}), "Invalid login"),
        (json!({"strategy": "local", "email": "ann@x.test", "password": 5}), "Invalid login"),
    ] {
        let refused = refusal(&mut client, json!(["create", "authentication", data, {}])).await;
        let said = (&refused["name"], &refused["message"], &refused["code"], &refused["className"]);
        let expected = (&json!("NotAuthenticated"), &json!(message), &json!(401), &json!("not-authenticated"));
        assert_eq!(said, expected, "{data}");
    }
    assert_eq!(user_of(&mut client).await, Value::Null);
    let refused = refusal(&mut client, json!(["remove", "authentication", null, {}])).await;
    assert_eq!(refused["message"], "Invalid authentication information (no `strategy` set)");
    for method in ["find", "get"] {
        let refused = refusal(&mut client, json!([method, "authentication", {}])).await;
        assert_eq!(refused["message"], format!("Method '{method}' not allowed on service 'authentication'"));
    }
}

pub async fn an_unknown_user_a_wrong_password_and_a_user_without_one_are_answered_alike(on: Kind) {
    let table = on.table().await;
    let house = with(config(), table.clone(), |builder| builder).await;
    put(&table, json!([{"email": "cid@x.test"}, {"email": "dot@x.test", "password": "plain"}, {"password": "x"}]))
        .await;
    let mut client = house.client(json!({})).await;
    let mut answers = vec![];
    for data in [
        local("nobody@x.test", "wrong"),
        local("ann@x.test", "wrong"),
        local("cid@x.test", "wrong"),
        local("dot@x.test", "plain"),
        local("ann@x.test", &PASSWORD.to_uppercase()),
    ] {
        // The time tells nothing either: each is answered a whole number of paces after its look at a hash began, and each has one.
        answers.push(refusal(&mut client, json!(["create", "authentication", data, {}])).await);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(answers[0]["message"], "Invalid login");
    let text = house.broker.node().metrics().text().expect("text");
    assert!(text.contains("callboard_logins_total{reason=\"refused\"} 5"), "{text}");
}

pub async fn a_strategy_that_is_not_listed_logs_nobody_in(on: Kind) {
    let mut config = config();
    config.authentication.strategies = vec![Strategy::Local];
    let house = with(config, on.table().await, |builder| builder.service("whose", whose())).await;
    let mut client = house.client(json!({})).await;
    let token = log_ann_in(&mut client).await["accessToken"].take();
    let data = json!({"strategy": "jwt", "accessToken": token});
    let refused = refusal(&mut client, json!(["create", "authentication", data, {}])).await;
    assert_eq!(refused["message"], "Invalid authentication information (strategy not allowed in authStrategies)");
}

pub async fn old_hashes_of_bcrypt_are_right_and_replaced_without_an_event(on: Kind) {
    let table = on.table().await;
    let house = with(config(), table.clone(), |builder| builder).await;
    let hash = bcrypt::hash("old secret", 4).expect("a hash");
    put(&table, json!({"email": "old@x.test", "password": hash})).await;
    let notes = Notes::default();
    let noted = notes.clone();
    let service = house.broker.service("users").expect("it is there");
    service.on("patched", move |data, _| noted.add(data.clone())).expect("there is room");
    let mut client = house.client(json!({})).await;
    for password in ["old secret", "old secret"] {
        let answered = super::house::log_in(&mut client, local("old@x.test", password)).await;
        assert_eq!(answered["user"]["email"], "old@x.test");
        let user = stored(&table).await.into_iter().find(|user| user["email"] == "old@x.test").expect("it is there");
        assert!(user["password"].as_str().expect("a hash").starts_with("$argon2id$"), "{user:?}");
    }
    let refused = refusal(&mut client, json!(["create", "authentication", local("old@x.test", "older"), {}])).await;
    assert_eq!((&refused["message"], notes.take()), (&json!("Invalid login"), vec![]));
}

fn not_started(config: Config, path: &str) -> String {
    match Broker::builder(config).service(path, users(&Table::memory())).start() {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[actix_rt::test]
async fn a_service_that_nobody_could_log_in_with_does_not_start() {
    let refused = not_started(config(), "people");
    assert!(
        refused.starts_with("authentication.service names the service \"users\", which is not registered"),
        "{refused}"
    );
    let refused = not_started(config(), "authentication");
    assert!(refused.contains("not registered"), "{refused}");
    let mut nested = config();
    nested.authentication.password = "account.password".into();
    let refused = not_started(nested, "users");
    assert!(refused.starts_with("\"account.password\" of \"users\" cannot have a password"), "{refused}");
    let mut unsigned = config();
    unsigned.auth.hmac_secret = vec![].into();
    let refused = not_started(unsigned.clone(), "users");
    assert!(refused.starts_with("authentication.secret_file: ") && refused.contains("auth.hmac_secret"), "{refused}");
    unsigned.authentication.secret_file = Some(PathBuf::from("/nowhere/secret"));
    let refused = not_started(unsigned, "users");
    assert!(refused.starts_with("authentication.secret_file: cannot read /nowhere/secret"), "{refused}");
    let nothing = Config { authentication: AuthenticationConfig::default(), ..config() };
    let broker = Broker::builder(nothing).service("users", users(&Table::memory())).start().expect("it starts");
    assert!(broker.service("authentication").is_err());
}
