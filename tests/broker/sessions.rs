//! Being let in, and commands in their order.
use super::house::{Plan, pass, rest, story};
use callboard::broker::{Attendance, SessionRef};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const OPEN: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
history_size = 10
history_ttl = "5m"
presence = true
[[namespace]]
name = "plain"
subscribe = "anyone"
publish = "subscriber"
[[namespace]]
name = "users"
subscribe = "anyone"
publish = "user"
history_size = 10
history_ttl = "5m"
presence = true
[[namespace]]
name = "mute"
subscribe = "anyone"
"#;

fn error(id: u32, code: u32) -> String {
    format!(r#"{{"id":{id},"error":{{"code":{code},"#)
}

#[test]
fn a_command_before_connect_and_a_second_connect_close() {
    story(async {
        let house = Plan::of(OPEN).build();
        assert_eq!(house.visitor().ask(r#"{"id":1,"subscribe":{"channel":"news"}}"#).await, "close 3501");
        let guest = house.guest().await;
        assert_eq!(guest.ask(r#"{"id":2,"connect":{}}"#).await, "close 3501");
        rest().await;
        assert_eq!(house.gauges().0, 0);
    });
}

#[test]
fn without_a_token_only_the_anonymous_are_let_in() {
    story(async {
        let house = Plan { anonymous: false, ..Plan::of(OPEN) }.build();
        assert_eq!(house.visitor().ask(r#"{"id":1,"connect":{}}"#).await, "close 3501");
        assert_eq!(house.visitor().ask(r#"{"id":1,"connect":{"token":"junk"}}"#).await, "close 3500");
        house.user("42").await;
    });
}

#[test]
fn a_client_that_comes_in_behind_the_stop_is_told_of_it() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.visitor();
        house.node.connections().drain();
        assert_eq!(client.ask(r#"{"id":1,"connect":{}}"#).await, "close 3001");
        rest().await;
        assert_eq!(house.gauges().0, 0);
    });
}

#[test]
fn commands_sent_with_the_connect_are_done_after_it() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.visitor();
        client.say(r#"{"id":1,"connect":{}}"#);
        client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        client.say(r#"{"id":3,"presence_stats":{"channel":"news"}}"#);
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":1,"connect""#) && heard[1].starts_with(r#"{"id":2,"subscribe""#));
        assert_eq!(heard[2], r#"{"id":3,"presence_stats":{"num_clients":1,"num_users":1}}"#);
    });
}

#[test]
fn a_refused_client_is_answered_nothing_more_and_closed_after_five_seconds() {
    story(async {
        let house = Plan::of(OPEN).build();
        let token = house.issuer.issue_connection(&callboard::auth::ConnectionToken {
            user: "42".into(),
            channels: vec!["news".into(), "unknown:1".into()],
            ..Default::default()
        });
        let client = house.visitor();
        client.say(&format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, token.unwrap()));
        client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        let heard = client.heard().await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].starts_with(&error(1, 102)), "{heard:?}");
        pass(Duration::from_millis(4_900)).await;
        assert_eq!(client.heard().await.len(), 0);
        pass(Duration::from_millis(200)).await;
        assert_eq!(client.heard().await, ["close 3502"]);
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn pipelined_subscribes_and_unsubscribes_of_one_channel_are_answered_in_order() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.guest().await;
        for turn in 0..10 {
            client.say(&format!(r#"{{"id":{},"subscribe":{{"channel":"news"}}}}"#, 2 * turn + 2));
            client.say(&format!(r#"{{"id":{},"unsubscribe":{{"channel":"news"}}}}"#, 2 * turn + 3));
        }
        let heard = client.heard().await;
        assert_eq!(heard.len(), 20);
        for (nth, line) in heard.iter().enumerate() {
            let verb = ["subscribe", "unsubscribe"][nth % 2];
            assert!(line.starts_with(&format!(r#"{{"id":{},"{verb}":{{"#, nth + 2)), "{heard:?}");
        }
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn who_may_publish_is_what_the_rule_says() {
    story(async {
        let house = Plan::of(OPEN).build();
        let (guest, user) = (house.guest().await, house.user("42").await);
        let publish = |channel: &str| format!(r#"{{"id":5,"publish":{{"channel":"{channel}","data":1}}}}"#);
        assert!(guest.ask(&publish("mute:1")).await.starts_with(&error(5, 103)), "nobody");
        assert!(guest.ask(&publish("users:1")).await.starts_with(&error(5, 103)), "user");
        assert_eq!(user.ask(&publish("users:1")).await, r#"{"id":5,"publish":{}}"#);
        assert!(guest.ask(&publish("plain:1")).await.starts_with(&error(5, 103)), "subscriber");
        guest.subscribe("plain:1", "").await;
        assert_eq!(guest.ask(&publish("plain:1")).await, r#"{"id":5,"publish":{}}"#);
        assert_eq!(guest.ask(&publish("news")).await, r#"{"id":5,"publish":{}}"#, "anyone");
        assert!(guest.ask(&publish("unknown:1")).await.starts_with(&error(5, 102)));
        let bare = guest.ask(r#"{"id":5,"publish":{"channel":"news"}}"#).await;
        assert!(bare.starts_with(&error(5, 107)) && bare.contains(r#"field \"data\" is missing"#), "{bare}");
    });
}

#[test]
fn what_is_switched_off_is_told_before_a_right_that_is_missing() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.guest().await;
        for verb in ["history", "presence", "presence_stats"] {
            let ask = |channel: &str| format!(r#"{{"id":6,"{verb}":{{"channel":"{channel}"}}}}"#);
            assert!(client.ask(&ask("plain:1")).await.starts_with(&error(6, 108)), "{verb}");
            assert!(client.ask(&ask("users:1")).await.starts_with(&error(6, 103)), "{verb}");
        }
        client.subscribe("users:1", "").await;
        for verb in ["history", "presence", "presence_stats"] {
            let reply = client.ask(&format!(r#"{{"id":6,"{verb}":{{"channel":"users:1"}}}}"#)).await;
            assert!(reply.starts_with(&format!(r#"{{"id":6,"{verb}":"#)), "{reply}");
        }
    });
}

#[test]
fn a_subscribe_is_answered_behind_the_publishes_before_it_and_before_its_first_event() {
    story(async {
        let house = Plan::of(OPEN).build();
        let (client, other) = (house.guest().await, house.guest().await);
        house.engine.slow_publishes.store(true, SeqCst);
        client.say(r#"{"id":2,"publish":{"channel":"elsewhere","data":1}}"#);
        client.say(r#"{"id":3,"subscribe":{"channel":"news"}}"#);
        rest().await;
        house.engine.slow_publishes.store(false, SeqCst);
        other.ask(r#"{"id":2,"publish":{"channel":"news","data":2}}"#).await;
        assert_eq!(client.heard().await.len(), 0, "the reply would wait, and the event would not");
        house.engine.let_go(0);
        rest().await;
        other.ask(r#"{"id":3,"publish":{"channel":"news","data":3}}"#).await;
        let heard = client.heard().await;
        assert!(
            heard[0].starts_with(r#"{"id":2,"publish""#) && heard[1].starts_with(r#"{"id":3,"subscribe""#),
            "{heard:?}"
        );
        assert!(heard.len() == 3 && heard[2].contains(r#""data":3"#), "{heard:?}");
    });
}

#[test]
fn a_history_waits_for_the_publishes_before_it() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        client.forget();
        house.engine.slow_publishes.store(true, SeqCst);
        client.say(r#"{"id":3,"publish":{"channel":"news","data":1}}"#);
        client.say(r#"{"id":4,"history":{"channel":"news","limit":-1}}"#);
        client.say(r#"{"id":5,"presence_stats":{"channel":"news"}}"#);
        assert_eq!(client.heard().await.len(), 0);
        house.engine.let_go(0);
        let answers: Vec<String> =
            client.heard().await.into_iter().filter(|line| line.starts_with(r#"{"id""#)).collect();
        assert!(answers[0].starts_with(r#"{"id":3,"publish""#) && answers[2].starts_with(r#"{"id":5"#), "{answers:?}");
        assert!(answers[1].contains(r#""data":1"#), "{answers:?}");
    });
}

#[test]
fn without_handlers_rpc_is_not_available_and_a_message_closes() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.guest().await;
        assert!(client.ask(r#"{"id":3,"rpc":{"method":"sum"}}"#).await.starts_with(&error(3, 108)));
        client.say(r#"{"send":{"data":1}}"#);
        assert_eq!(client.heard().await.last().map(String::as_str), Some("close 3508"));
    });
}

#[test]
fn a_session_that_ends_late_leaves_the_entry_of_the_one_that_took_its_id_over() {
    story(async {
        let house = Plan::of("[[namespace]]\nsubscribe = 'anyone'").build();
        let (old, new) = (house.visitor(), house.visitor());
        let (id, directory) = (callboard::types::SessionId::random(), house.node.sessions().directory());
        let [old, new] = [old, new].map(|client| Arc::new(client.session.clone()) as SessionRef);
        directory.enter(id, "42".into(), old.clone());
        directory.enter(id, "42".into(), new.clone());
        directory.exit(id, "42", &old);
        assert!(directory.has(id));
        assert_eq!(directory.attendance(), Attendance { sessions: 1, users: 1 });
        directory.exit(id, "42", &new);
        assert_eq!(directory.attendance(), Attendance::default());
    });
}
