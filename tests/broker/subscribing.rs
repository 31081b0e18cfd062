//! Who may subscribe to what (decision 4), and with which token.
use super::house::{House, Plan, story};
use callboard::auth::ConnectionToken;
use callboard::broker::Limits;

const RULES: &str = r#"
[[namespace]]
subscribe = "anyone"
[[namespace]]
name = "nobody"
subscribe = "nobody"
[[namespace]]
name = "token"
[[namespace]]
name = "scope"
subscribe = "scope:news"
[[namespace]]
name = "user"
subscribe = "user"
[[namespace]]
name = "subscriber"
subscribe = "subscriber"
"#;

/// The outcome of a subscribe: 0 for granted, else the code of the error or close.
async fn outcome(house: &House, token: &str, channel: &str, subscription: &str) -> u64 {
    let client = house.visitor();
    client.connect(token).await;
    let more = format!(r#","token":"{subscription}""#);
    let reply = client.ask(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"{more}}}}}"#)).await;
    if let Some(code) = reply.strip_prefix("close ") {
        return code.parse().unwrap();
    }
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    client.leave();
    reply["error"]["code"].as_u64().unwrap_or(0)
}

#[test]
fn a_rule_admits_whom_it_says() {
    story(async {
        let house = Plan::of(RULES).build();
        let user = house.token("42", None);
        let scopes = vec!["other".to_owned(), "news".to_owned()];
        let scoped = ConnectionToken { user: "7".into(), scopes, ..Default::default() };
        let scoped = house.issuer.issue_connection(&scoped).unwrap();
        let table = [
            ("news", [0, 0, 0]),
            ("nobody:1", [103, 103, 103]),
            ("token:1", [103, 103, 103]),
            ("scope:1", [103, 103, 0]),
            ("user:1", [103, 0, 0]),
            ("subscriber:1", [103, 103, 103]),
            ("unknown:1", [102, 102, 102]),
            ("$news", [103, 103, 103]),
            ("dialog#42", [103, 0, 103]),
            ("dialog#7,42", [103, 0, 0]),
            ("dialog#43", [103, 103, 103]),
            ("nobody:dialog#42", [103, 0, 103]),
            ("dialog#", [103, 103, 103]),
        ];
        for (channel, expected) in table {
            for (token, expected) in ["", &user, &scoped].into_iter().zip(expected) {
                assert_eq!(outcome(&house, token, channel, "").await, expected, "{channel}");
            }
        }
    });
}

#[test]
fn a_subscription_token_grants_under_any_rule_and_a_bad_one_refuses() {
    story(async {
        let house = Plan::of(RULES).build();
        let user = house.token("42", None);
        for channel in ["news", "nobody:1", "token:1", "$news", "$nobody:1", "dialog#43"] {
            let good = house.subscription("42", channel, None);
            assert_eq!(outcome(&house, &user, channel, &good).await, 0, "{channel}");
            assert_eq!(outcome(&house, &user, channel, "garbage").await, 103, "{channel}");
            let of_another = house.subscription("43", channel, None);
            assert_eq!(outcome(&house, &user, channel, &of_another).await, 3500, "{channel}");
            let elsewhere = house.subscription("42", "another", None);
            assert_eq!(outcome(&house, &user, channel, &elsewhere).await, 3500, "{channel}");
            let expired = house.subscription("42", channel, Some(0));
            assert_eq!(outcome(&house, &user, channel, &expired).await, 109, "{channel}");
        }
    });
}

#[test]
fn what_cannot_be_a_subscription_is_refused_by_its_own_code() {
    story(async {
        let limits = Limits { channels_per_connection: 3, channel_name: 20, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(RULES) }.build();
        let client = house.guest().await;
        let code = async |command: &str| {
            let reply: serde_json::Value = serde_json::from_str(&client.ask(command).await).unwrap();
            reply["error"]["code"].as_u64().unwrap_or(0)
        };
        let subscribe = |channel: &str| format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#);
        assert_eq!(code(&subscribe("one")).await, 0);
        assert_eq!(code(&subscribe("one")).await, 105);
        assert_eq!(code(&subscribe(&"x".repeat(20))).await, 0);
        assert_eq!(code(&subscribe(&"x".repeat(21))).await, 107);
        assert_eq!(code(&subscribe("three")).await, 0);
        assert_eq!(code(&subscribe("four")).await, 106);
        assert_eq!(code(r#"{"id":2,"unsubscribe":{"channel":"three"}}"#).await, 0);
        let filter = r#"{"id":2,"subscribe":{"channel":"four","tf":{"key":"a","cmp":"eq","val":"b"}}}"#;
        assert_eq!(code(filter).await, 107, "filters are not allowed there");
        assert!(client.ask(filter).await.contains(r#"field \"tf\" is not allowed here"#));
        let long = client.ask(&subscribe(&"x".repeat(21))).await;
        assert!(long.contains(r#"field \"channel\" is longer than 20 bytes"#), "{long}");
        assert_eq!(code(&subscribe("four")).await, 0);
    });
}
