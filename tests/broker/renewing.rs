//! What a new token takes back, and what others see from then on.
use super::house::{Client, House, Plan, json, rest, story};
use callboard::auth::{ConnectionToken, SubscriptionToken};
use callboard::broker::Target;
use serde_json::Value;
use std::sync::atomic::Ordering::SeqCst;

const NAMESPACES: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
presence = true
join_leave = true
force_push_join_leave = true
[[namespace]]
name = "kept"
subscribe = "anyone"
history_size = 10
history_ttl = "5m"
force_recovery = true
join_leave = true
force_push_join_leave = true
[[namespace]]
name = "drafts"
subscribe = "scope:editor"
[[namespace]]
name = "watched"
presence = true
presence_for = "scope:watcher"
join_leave = true
"#;

fn house() -> House {
    Plan::of(NAMESPACES).build()
}

fn token(house: &House, scopes: &[&str], channels: &[&str], info: Option<&str>) -> String {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let (scopes, channels) = (owned(scopes), owned(channels));
    let token = ConnectionToken { user: "42".into(), info: info.map(json), scopes, channels, ..Default::default() };
    house.issuer.issue_connection(&token).expect("a token")
}

async fn connected(house: &House, token: &str) -> Client {
    let client = house.visitor();
    client.connect(token).await;
    client
}

async fn refresh(client: &Client, token: &str) -> String {
    client.ask(&format!(r#"{{"id":9,"refresh":{{"token":"{token}"}}}}"#)).await
}

#[test]
fn what_a_scope_granted_ends_with_the_token_that_had_it() {
    story(async {
        let house = house();
        let client = connected(&house, &token(&house, &["editor"], &[], None)).await;
        client.subscribe("drafts:1", "").await;
        client.subscribe("news", "").await;
        client.forget();
        assert_eq!(refresh(&client, &token(&house, &["editor"], &[], None)).await, r#"{"id":9,"refresh":{}}"#);
        client.forget();
        refresh(&client, &token(&house, &[], &[], None)).await;
        rest().await;
        let ended = r#"{"push":{"channel":"drafts:1","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;
        let said = client.said();
        assert!(said.iter().any(|line| line == ended), "{said:?}");
        assert!(!said.iter().any(|line| line.contains(r#""channel":"news","unsubscribe""#)), "{said:?}");
        let again = client.ask(r#"{"id":10,"subscribe":{"channel":"drafts:1"}}"#).await;
        assert!(again.contains(r#""code":103"#), "{again}");
    });
}

#[test]
fn where_the_channels_of_a_new_token_differ_the_client_comes_back_for_them() {
    story(async {
        let house = house();
        for (before, after, reply) in [
            (["a"].as_slice(), ["a"].as_slice(), r#"{"id":9,"refresh":{}}"#),
            (&["a"], &[], "close 3010"),
            (&[], &["a"], "close 3010"),
            (&["a"], &["b"], "close 3010"),
        ] {
            let client = connected(&house, &token(&house, &[], before, None)).await;
            assert_eq!(refresh(&client, &token(&house, &[], after, None)).await, reply, "{before:?}, {after:?}");
        }
    });
}

/// What a witness is shown of the client: in presence, with its publication, and when it leaves.
async fn shown(house: &House, client: &Client, witness: &Client) -> [Value; 3] {
    rest().await;
    let present = house.node.channels().presence("news").await.expect("it is kept");
    let present = present.iter().find(|info| &*info.user == "42").expect("it is present");
    let present = serde_json::to_value(present).expect("JSON");
    witness.forget();
    client.ask(r#"{"id":20,"publish":{"channel":"news","data":1}}"#).await;
    client.ask(r#"{"id":21,"unsubscribe":{"channel":"news"}}"#).await;
    let said: Vec<Value> = witness.heard().await.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let find = |kind: &str| {
        let push = said.iter().find(|line| !line["push"][kind].is_null());
        push.unwrap_or_else(|| panic!("no {kind} in {said:?}"))["push"][kind]["info"].clone()
    };
    [present, find("pub"), find("leave")]
}

#[test]
fn new_info_of_the_user_is_shown_everywhere_from_then_on() {
    story(async {
        let house = house();
        for by_api in [false, true] {
            let (client, witness) = (connected(&house, &token(&house, &[], &[], Some("1"))).await, house.guest().await);
            client.subscribe("news", "").await;
            witness.subscribe("news", "").await;
            if by_api {
                let target = Target { user: "42".into(), ..Target::default() };
                house.node.sessions().refresh(target, None, Some(json("2"))).await.expect("it is told");
            } else {
                refresh(&client, &token(&house, &[], &[], Some("2"))).await;
            }
            for info in shown(&house, &client, &witness).await {
                assert_eq!((&info["user"], &info["conn_info"]), (&Value::from("42"), &Value::from(2)), "{info}");
            }
            client.leave();
            rest().await;
        }
    });
}

#[test]
fn new_info_of_a_subscription_is_shown_in_its_channel_from_then_on() {
    story(async {
        let house = house();
        let (client, witness) = (connected(&house, &token(&house, &[], &[], Some("1"))).await, house.guest().await);
        let grant = |info: &str| {
            let (user, channel) = ("42".to_owned(), "news".to_owned());
            let token = SubscriptionToken { user, channel, info: Some(json(info)), ..Default::default() };
            house.issuer.issue_subscription(&token).expect("a token")
        };
        client.subscribe("news", &format!(r#""token":"{}""#, grant("\"old\""))).await;
        witness.subscribe("news", "").await;
        let refreshed = client
            .ask(&format!(r#"{{"id":9,"sub_refresh":{{"channel":"news","token":"{}"}}}}"#, grant("\"new\"")))
            .await;
        assert!(refreshed.contains(r#""sub_refresh":{}"#), "{refreshed}");
        for info in shown(&house, &client, &witness).await {
            assert_eq!((&info["conn_info"], &info["chan_info"]), (&Value::from(1), &Value::from("new")), "{info}");
        }
    });
}

#[test]
fn a_subscription_whose_new_token_has_other_settings_begins_anew_with_them() {
    story(async {
        let house = house();
        let (client, witness) = (connected(&house, &token(&house, &[], &[], None)).await, house.guest().await);
        let grant = |overrides: &str| {
            let key = jsonwebtoken::EncodingKey::from_secret(b"a secret that is long enough for all");
            let claims = format!(r#"{{"sub": "42", "channel": "news", "override": {overrides}}}"#);
            jsonwebtoken::encode(&jsonwebtoken::Header::default(), &json(&claims), &key).expect("a token")
        };
        client.subscribe("news", &format!(r#""token":"{}""#, grant("{}"))).await;
        let refresh = async |token: &str| {
            client.forget();
            client.say(&format!(r#"{{"id":9,"sub_refresh":{{"channel":"news","token":"{token}"}}}}"#));
            client.heard().await
        };
        assert_eq!(refresh(&grant("{}")).await, [r#"{"id":9,"sub_refresh":{}}"#]);
        let hidden = grant(r#"{"presence": {"value": false}, "force_push_join_leave": {"value": false}}"#);
        let heard = refresh(&hidden).await;
        assert!(heard.iter().any(|line| line.contains(r#""code":2500"#)), "{heard:?}");
        client.subscribe("news", &format!(r#""token":"{hidden}""#)).await;
        client.forget();
        assert_eq!(house.node.channels().presence("news").await.expect("it is kept").len(), 0);
        witness.subscribe("news", "").await;
        assert_eq!(client.heard().await.len(), 0);
    });
}

#[test]
fn who_gets_new_info_while_joining_is_announced_with_it() {
    story(async {
        let house = house();
        let (client, witness) = (connected(&house, &token(&house, &[], &[], Some("1"))).await, house.guest().await);
        witness.subscribe("kept:1", "").await;
        witness.forget();
        house.engine.slow_histories.store(true, SeqCst);
        client.say(r#"{"id":3,"subscribe":{"channel":"kept:1"}}"#);
        rest().await;
        let target = Target { user: "42".into(), ..Target::default() };
        house.node.sessions().refresh(target, None, Some(json("2"))).await.expect("it is told");
        rest().await;
        house.engine.let_go(0);
        let heard = witness.heard().await;
        let joins: Vec<&String> = heard.iter().filter(|line| line.contains(r#""join""#)).collect();
        assert!(joins.len() == 1 && joins[0].contains(r#""conn_info":2"#), "{heard:?}");
        client.leave();
        let heard = witness.heard().await;
        assert!(heard.len() == 1 && heard[0].contains(r#""leave""#), "{heard:?}");
    });
}

#[test]
fn joins_and_leaves_end_with_the_scope_that_let_the_client_see_who_is_there() {
    story(async {
        let house = house();
        let client = connected(&house, &token(&house, &["watcher"], &[], None)).await;
        let granted = house.subscription("42", "watched:1", None);
        client.subscribe("watched:1", &format!(r#""join_leave":true,"token":"{granted}""#)).await;
        let comes = async || {
            let other = house.user("43").await;
            let granted = house.subscription("43", "watched:1", None);
            other.subscribe("watched:1", &format!(r#""token":"{granted}""#)).await;
            let told = client.heard().await.iter().any(|line| line.contains(r#""join""#));
            other.leave();
            client.heard().await;
            told
        };
        client.forget();
        assert!(comes().await);
        refresh(&client, &token(&house, &[], &[], None)).await;
        client.forget();
        assert!(!comes().await);
    });
}

#[test]
fn new_info_in_the_subscriptions_of_a_token_is_shown_and_sends_nobody_away() {
    story(async {
        let house = house();
        let claims = |info: &str| serde_json::json!({"sub": "42", "subs": {"news": {"info": info}}});
        let signed = |info: &str| {
            let key = jsonwebtoken::EncodingKey::from_secret(b"a secret that is long enough for all");
            jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims(info), &key).expect("a token")
        };
        let (client, witness) = (connected(&house, &signed("old")).await, house.guest().await);
        witness.subscribe("news", "").await;
        assert_eq!(refresh(&client, &signed("new")).await, r#"{"id":9,"refresh":{}}"#);
        for info in shown(&house, &client, &witness).await {
            assert_eq!(info["chan_info"], "new", "{info}");
        }
    });
}
