//! The events bus: what makes no sense, and who may not.
use super::bus::with_bus;
use super::house::{House, Kind, both, plan, plan_for_guests};
use super::tokens::{forged, service, user};
use crate::harness::events_bus::{Answer, Plugin, ask};
use serde_json::json;

/// What an answer says is wrong: its status and the name of the error, which it says twice.
async fn refusal(answer: Answer) -> (u16, String, String) {
    let status = answer.status;
    let body = answer.json().await;
    assert_eq!(body["response"]["statusCode"], status, "{body}");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    (status, text(&body["error"]["name"]), text(&body["error"]["message"]))
}

#[tokio::test]
async fn only_services_may_use_it_and_each_plugin_its_own_subscriptions() {
    both(
        || {
            let mut plan = plan_for_guests();
            plan.config.backstage.bus = true;
            plan
        },
        async |house: House| {
            let catalog = Plugin::at(house.address, service("catalog"));
            assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
            let (mia, fake) = (user("user:default/mia", &[]), forged("user:default/mia"));
            for (token, status, name) in [
                (None, 401, "AuthenticationError"),
                (Some("junk"), 401, "AuthenticationError"),
                (Some(&*fake), 401, "AuthenticationError"),
                (Some(&*mia), 403, "NotAllowedError"),
            ] {
                let event = json!({"event": {"topic": "t", "payload": 1}}).to_string();
                for (method, path, body) in [
                    ("POST", "/events", &*event),
                    ("PUT", "/subscriptions/catalog.a", r#"{"topics":["u"]}"#),
                    ("GET", "/subscriptions/catalog.a/events", ""),
                ] {
                    let (code, named, _) = refusal(ask(house.address, method, path, token, body).await).await;
                    assert_eq!((code, &*named), (status, name), "{method}");
                }
            }
            let scaffolder = Plugin::at(house.address, service("scaffolder"));
            assert_eq!(scaffolder.put("catalog.a", &["u"]).await, 403);
            assert_eq!(scaffolder.put("scaffolder", &["u"]).await, 403);
            assert_eq!(scaffolder.put("scaffolder2.a", &["u"]).await, 403);
            let (status, name, message) = refusal(scaffolder.poll("catalog.a").await).await;
            assert_eq!((status, &*name), (403, "NotAllowedError"));
            assert!(message.contains("`scaffolder.`"), "{message}");
            // Nothing of it has done anything.
            assert_eq!(scaffolder.post("u", json!(0), &[]).await, 204);
            assert_eq!(scaffolder.post("t", json!(2), &[]).await, 201);
            assert_eq!(catalog.takes("catalog.a").await, [json!(2)]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_subscription_that_is_not_there_is_404_until_it_is_made() {
    both(with_bus, async |house: House| {
        let catalog = Plugin::at(house.address, service("catalog"));
        let (status, name, _) = refusal(catalog.poll("catalog.a").await).await;
        assert_eq!((status, &*name), (404, "NotFoundError"));
        assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
        assert_eq!(catalog.poll("catalog.a").await.status, 202);
        // An id may hold what a path may not.
        assert_eq!(catalog.put("catalog.a%2Fb%20%C3%A9", &["t"]).await, 201);
        assert_eq!(catalog.poll("catalog.a%2Fb%20%C3%A9").await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason_and_nothing_is_delivered() {
    both(with_bus, async |house: House| {
        let catalog = Plugin::at(house.address, service("catalog"));
        assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
        let many_topics = json!({"topics": vec!["t"; 300]}).to_string();
        let long = json!({"event": {"topic": "t".repeat(300), "payload": 1}}).to_string();
        let many = json!({"event": {"topic": "t", "payload": 1}, "notifiedSubscribers": vec!["a"; 2_000]}).to_string();
        let long_id = format!("/subscriptions/catalog.{}", "a".repeat(300));
        for (method, path, body, status, says) in [
            ("POST", "/events", "", 400, "EOF"),
            ("POST", "/events", "{", 400, "EOF"),
            ("POST", "/events", "[]", 400, "body"),
            ("POST", "/events", "{}", 400, "event"),
            ("POST", "/events", r#"{"event":{"payload":1}}"#, 400, "topic"),
            ("POST", "/events", r#"{"event":{"topic":"t"}}"#, 400, "payload"),
            ("POST", "/events", r#"{"event":{"topic":"","payload":1}}"#, 400, "topic is empty"),
            ("POST", "/events", r#"{"event":{"topic":7,"payload":1}}"#, 400, "string"),
            ("POST", "/events", &long, 400, "topic is longer than 255"),
            ("POST", "/events", &many, 400, "notifiedSubscribers"),
            ("POST", "/events", r#"{"event":{"topic":"t","payload":1},"notifiedSubscribers":"a"}"#, 400, "sequence"),
            ("PUT", "/subscriptions/catalog.b", "{}", 400, "topics"),
            ("PUT", "/subscriptions/catalog.b", r#"{"topics":[""]}"#, 400, "empty"),
            ("PUT", "/subscriptions/catalog.b", &many_topics, 400, "more than 256"),
            ("PUT", &long_id, r#"{"topics":["t"]}"#, 400, "longer than 255"),
            ("PUT", "/subscriptions/catalog.%ff", r#"{"topics":["t"]}"#, 400, "no text"),
            ("GET", "/events", "", 405, "POST"),
            ("POST", "/subscriptions/catalog.a", "{}", 405, "PUT"),
            ("DELETE", "/subscriptions/catalog.a/events", "", 405, "GET"),
            ("GET", "/subscriptions", "", 404, "Not found"),
            ("GET", "/subscriptions/catalog.a/events/1", "", 404, "Not found"),
        ] {
            let (code, _, message) = refusal(catalog.ask(method, path, body).await).await;
            assert!(code == status && message.contains(says), "{method} {path} {code} {message}");
        }
        assert_eq!(catalog.poll("catalog.b").await.status, 404);
        assert_eq!(catalog.post("t", json!("good"), &[]).await, 201);
        assert_eq!(catalog.takes("catalog.a").await, [json!("good")]);
    })
    .await;
}

#[tokio::test]
async fn ten_megabytes_are_413_and_nobody_else_notices() {
    both(with_bus, async |house: House| {
        let catalog = Plugin::at(house.address, service("catalog"));
        assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
        let large = json!({"event": {"topic": "t", "payload": "x".repeat(10_000_000)}}).to_string();
        let (status, name, _) = refusal(catalog.ask("POST", "/events", &large).await).await;
        assert_eq!((status, &*name), (413, "PayloadTooLargeError"));
        let four = json!("y".repeat(4_000_000));
        assert_eq!(catalog.post("t", four.clone(), &[]).await, 201);
        assert_eq!(catalog.post("t", json!(1), &[]).await, 201);
        assert_eq!(catalog.takes("catalog.a").await, [four], "a batch of so many bytes is one event");
        assert_eq!(catalog.takes("catalog.a").await, [json!(1)]);
    })
    .await;
}

#[tokio::test]
async fn without_a_config_it_is_not_there() {
    let house = plan().start(Kind::Own);
    let answer = ask(house.address, "PUT", "/subscriptions/catalog.a", Some(&service("catalog")), "{}").await;
    assert_eq!(answer.status, 404);
}
