//! Who is let in on the wires of Backstage, and how a refusal looks.
use super::house::{House, Kind, both, open, page, plan, plan_for_guests, signal, until_subscribed};
use super::tokens::{forged, legacy, service, user, user_for};
use crate::harness::http;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

#[tokio::test]
async fn the_token_in_the_place_of_the_subprotocol_is_echoed_and_the_first_upgrade_works() {
    both(plan, async |house: House| {
        let token = user("user:default/mia", &[]);
        let headers = [("sec-websocket-protocol", &*token)];
        let (_, response) = open(house.address, "/api/signals", &headers).await.expect("it is let in");
        assert_eq!(response.headers()["sec-websocket-protocol"], token.as_str());
    })
    .await;
}

#[tokio::test]
async fn without_a_good_token_the_upgrade_is_401_without_a_body() {
    both(plan, async |house: House| {
        let bad = [
            None,
            Some("x".to_owned()),
            Some(forged("user:default/mia")),
            Some(user_for(-60, "user:default/mia", &[])),
        ];
        for token in bad {
            let as_protocol: Vec<_> = token.iter().map(|token| ("sec-websocket-protocol", &**token)).collect();
            let refused = open(house.address, "/api/signals", &as_protocol).await.err().expect("it is refused");
            assert_eq!(refused.status(), 401);
            assert_eq!(refused.headers()["content-length"], "0");
            assert!(!refused.headers().contains_key("sec-websocket-protocol"));
            let bearer = token.map(|token| format!("Bearer {token}"));
            let as_bearer: Vec<_> = bearer.iter().map(|bearer| ("authorization", &**bearer)).collect();
            let refused = open(house.address, "/events", &as_bearer).await.err().expect("it is refused");
            assert_eq!(refused.status(), 401);
        }
    })
    .await;
}

#[tokio::test]
async fn the_whole_answer_to_a_bad_token_ends_the_connection() {
    let house = plan().start(Kind::Own);
    let address = house.address;
    let text = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        let request = "GET /api/signals HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                       sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                       sec-websocket-protocol: junk\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it ends");
        text.to_lowercase()
    });
    let text = text.await.expect("an answer");
    assert!(text.starts_with("http/1.1 401 ") && text.ends_with("\r\n\r\n"), "{text}");
    assert!(text.contains("\r\ncontent-length: 0\r\n") && text.contains("\r\nconnection: close\r\n"), "{text}");
}

#[tokio::test]
async fn on_the_events_wire_the_token_may_stand_in_the_query() {
    both(plan, async |house: House| {
        for token in [user("user:default/mia", &[]), service("catalog"), legacy()] {
            let path = format!("/events?access_token={token}");
            open(house.address, &path, &[]).await.expect("it is let in");
        }
        // The signals wire reads none there: addresses are logged by proxies.
        let path = format!("/api/signals?access_token={}", user("user:default/mia", &[]));
        assert!(open(house.address, &path, &[]).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn where_guests_are_let_in_a_client_without_a_token_is_the_guest_and_a_bad_token_is_still_refused() {
    both(plan_for_guests, async |house: House| {
        let (mut guest, response) = open(house.address, "/api/signals", &[]).await.expect("it is let in");
        assert!(!response.headers().contains_key("sec-websocket-protocol"));
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        for page in [&mut guest, &mut mia] {
            page.say(json!({"action": "subscribe", "channel": "c"})).await;
        }
        until_subscribed(&house, 2).await;
        let to = |user: &str, n: u32| json!({"channel": "c", "message": n, "recipients": {"type": "user", "entityRef": user}});
        signal(&house, to("user:default/mia", 1)).await;
        signal(&house, to("user:default/guest", 2)).await;
        assert_eq!(guest.hears().await["message"], 2);
        assert_eq!(mia.hears().await["message"], 1);
        let junk = [("sec-websocket-protocol", "junk")];
        assert_eq!(open(house.address, "/api/signals", &junk).await.err().expect("it is refused").status(), 401);
    })
    .await;
}

#[tokio::test]
async fn a_page_of_another_origin_needs_to_be_listed() {
    fn listed() -> super::house::Plan {
        let mut plan = plan();
        plan.config.auth.origins = vec!["http://listed.test:3000".into()];
        plan
    }
    both(listed, async |house: House| {
        let token = user("user:default/mia", &[]);
        let bearer = format!("Bearer {token}");
        for (origin, status) in [("http://listed.test:3000", 101), ("http://other.test", 403)] {
            for (path, name, value) in
                [("/api/signals", "sec-websocket-protocol", &token), ("/events", "authorization", &bearer)]
            {
                let told = match open(house.address, path, &[("origin", origin), (name, value)]).await {
                    Ok((_, response)) => response.status(),
                    Err(refused) => refused.status(),
                };
                assert_eq!(told, status, "{origin} {path}");
            }
            let head = format!("GET /events/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\r\n");
            let address = house.address;
            let polled = tokio::task::spawn_blocking(move || http::status(address, &head).expect("an answer"));
            assert_eq!(polled.await.expect("no panic"), if status == 101 { 200 } else { 403 }, "{origin}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_personal_channel_is_for_those_who_name_the_channels_of_everybody() {
    fn personal() -> super::house::Plan {
        let mut plan = plan();
        plan.config.auth.personal_channel = true;
        let open = callboard::broker::Rule::Anyone;
        plan.config.namespaces =
            vec![callboard::broker::Namespace { subscribe: open.clone(), publish: open, ..Default::default() }];
        plan
    }
    both(personal, async |house: House| {
        let mut mia = super::house::listener(&house, &user("user:default/mia", &[])).await;
        let mut old = super::house::listener(&house, &legacy()).await;
        for client in [&mut mia, &mut old] {
            client.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
            client.settled().await;
        }
        // Nor does the API, or it would look like an event of a plugin.
        let user = json!({"user": "user:default/mia", "channel": "catalog"});
        super::house::api(&house, "subscribe", user).await;
        for channel in ["catalog", "#backstage-server", "#user:default/mia"] {
            super::house::api(&house, "publish", json!({"channel": channel, "data": "forged"})).await;
        }
        super::house::api(&house, "unsubscribe", json!({"user": "user:default/mia", "channel": ""})).await;
        let mut catalog = super::house::backend(&house, "catalog").await;
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "data": "real"})).await;
        for client in [&mut mia, &mut old] {
            assert_eq!(client.hears().await["data"], "real");
        }
    })
    .await;
}

#[actix_rt::test]
async fn guests_are_refused_off_loopback() {
    let mut config = plan_for_guests().config;
    config.server.allow_insecure = false;
    config.api = toml::from_str("key = 'a key of these tests'").expect("a key");
    // What an app listens on is not known, so it counts as reachable.
    let error = callboard::server::Broker::builder(config).start().err().expect("it does not start");
    assert!(error.to_string().contains("backstage.guests"), "{error}");
}

#[tokio::test]
async fn what_is_not_switched_on_is_not_there() {
    fn nothing() -> super::house::Plan {
        super::house::Plan::new()
    }
    both(nothing, async |house: House| {
        let token = user("user:default/mia", &[]);
        for path in ["/api/signals", "/events", "/events/?EIO=4&transport=websocket"] {
            let refused = open(house.address, path, &[("authorization", &format!("Bearer {token}"))]).await;
            assert_eq!(refused.err().expect("nothing is there").status(), 404, "{path}");
        }
        let error = super::house::api(&house, "signal", json!({"channel": "c", "message": 1})).await;
        assert_eq!(error["error"]["code"], 102);
        assert!(error["error"]["message"].as_str().expect("a text").contains("backstage.signals"), "{error}");
    })
    .await;
}

#[test]
fn the_paths_stay_on_the_public_port_when_the_api_moves() {
    let config = "[server]\ninternal_port = {internal_port}\n[api]\nkey = \"an api key of the tests\"\n\
                  [backstage]\nsignals = true\nevents = true\nguests = true\n[backstage.auth]\nlegacy_secret = \"c2VjcmV0\"\n";
    let broker = crate::harness::Broker::start_with_internal(config);
    for path in ["/api/signals", "/events"] {
        assert!(http::upgraded_at(broker.address(), path).is_ok(), "{path}");
        assert!(http::upgraded_at(broker.internal(), path).is_err(), "{path}");
    }
    assert_eq!(http::get(broker.address(), "/api/info").expect("an answer").status, 404);
    assert!(broker.api("signal", r#"{"channel":"c","message":1}"#).contains("result"));
}
