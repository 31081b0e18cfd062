//! Channels that show a namespace of Socket.IO: the only door into it from other wires.
use super::house::{Client, House, Plan, rest, story};
use super::residents::{Resident, args, home};
use callboard::broker::{Emission, Expose, Limits, PublishRequest, Rule};
use callboard::delivery::{Instruct, SessionOrder};
use callboard::types::{Audience, Disconnect, Group, Json, ReplyError};
use serde_json::{Value, json};
use std::time::Duration;

fn plan(rule: Rule) -> Plan {
    let expose = Expose { space: "socketio:/".into(), prefix: "chat:".into(), subscribe: rule };
    Plan { expose: vec![expose], ..Plan::of("[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'") }
}

fn house() -> House {
    plan(Rule::Anyone).build()
}

fn emit(house: &House, to: &[&str], except: &[&str], arguments: &str) {
    let groups = |names: &[&str]| names.iter().map(|name| Group::from(*name)).collect::<Vec<_>>();
    let audience = if to.is_empty() { Audience::EVERYONE } else { Audience::of(groups(to)) };
    let emission = Emission::new("said", args(arguments), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), Emission { audience: audience.but(groups(except)), ..emission }));
}

/// The channel, the payload and the tags of what a client heard.
async fn heard(client: &Client) -> Vec<(String, Value, Value)> {
    let told = client.heard().await;
    let pushes = told.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["push"].clone());
    let event = |push: Value| {
        let publication = &push["pub"];
        (
            push["channel"].as_str().unwrap_or_default().to_owned(),
            publication["data"].clone(),
            publication["tags"].clone(),
        )
    };
    pushes.map(event).collect()
}

#[test]
fn a_channel_shows_the_events_of_its_room_and_the_bare_one_those_to_everybody() {
    story(async {
        let house = house();
        let (red, blue, bare) = (house.guest().await, house.guest().await, house.guest().await);
        for (client, channel) in [(&red, "chat:red"), (&blue, "chat:blue"), (&bare, "chat:")] {
            assert_eq!(client.subscribe(channel, "").await, json!({}));
            client.forget();
        }
        emit(&house, &["red"], &[], "[1]");
        emit(&house, &["red", "blue"], &[], "[2]");
        emit(&house, &["red", "blue"], &["blue"], "[3]");
        emit(&house, &[], &[], "[4, 5]");
        emit(&house, &[], &["red"], "[]");
        let said = json!({ "event": "said" });
        let of = |channel: &str, data: Value| (channel.to_owned(), data, said.clone());
        assert_eq!(heard(&red).await, [1, 2, 3].map(|number| of("chat:red", number.into())));
        assert_eq!(heard(&blue).await, [of("chat:blue", 2.into())]);
        assert_eq!(heard(&bare).await, [of("chat:", json!([4, 5])), of("chat:", Value::Null)]);
        for client in [red, blue, bare] {
            client.leave();
        }
        rest().await;
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn one_session_may_listen_to_several_rooms_and_leave_them_one_by_one() {
    story(async {
        let house = house();
        let client = house.guest().await;
        for channel in ["chat:red", "chat:blue", "chat:"] {
            client.subscribe(channel, "").await;
        }
        client.forget();
        emit(&house, &["red", "blue"], &[], "[1]");
        let mut channels: Vec<String> = heard(&client).await.into_iter().map(|(channel, ..)| channel).collect();
        channels.sort();
        assert_eq!(channels, ["chat:blue", "chat:red"]);
        client.ask(r#"{"id":3,"unsubscribe":{"channel":"chat:red"}}"#).await;
        client.forget();
        emit(&house, &["red", "blue"], &[], "[2]");
        assert_eq!(heard(&client).await.len(), 1);
        assert!(client.ask(r#"{"id":4,"subscribe":{"channel":"chat:blue"}}"#).await.contains(r#""code":105"#));
    });
}

#[test]
fn the_rule_of_the_door_decides_who_may_look() {
    story(async {
        let house = plan(Rule::Token).build();
        let client = house.user("42").await;
        assert!(client.ask(r#"{"id":3,"subscribe":{"channel":"chat:red"}}"#).await.contains(r#""code":103"#));
        let token = house.subscription("42", "chat:red", None);
        client.subscribe("chat:red", &format!(r#""token":"{token}""#)).await;
        client.forget();
        emit(&house, &["red"], &[], "[1]");
        assert_eq!(heard(&client).await.len(), 1);
    });
}

#[test]
fn what_is_for_one_session_is_not_opened_by_a_name() {
    story(async {
        let house = house();
        let (client, resident) = (house.guest().await, Resident::arrive(&house, false).await);
        rest().await;
        let channel = format!("chat:{}", resident.word("sid"));
        let answer = client.ask(&format!(r#"{{"id":3,"subscribe":{{"channel":"{channel}"}}}}"#)).await;
        assert!(answer.contains(r#""code":103"#), "{answer}");
        assert_eq!(house.gauges().2, 1);
    });
}

#[test]
fn nobody_publishes_through_the_door_and_nothing_is_kept_behind_it() {
    story(async {
        let house = house();
        let (client, resident) = (house.guest().await, Resident::arrive(&house, false).await);
        client.subscribe("chat:red", "").await;
        for (command, code) in [("publish", 103), ("presence", 108), ("presence_stats", 108), ("history", 108)] {
            let asked = format!(r#"{{"id":3,"{command}":{{"channel":"chat:red","data":1}}}}"#);
            let answer = client.ask(&asked).await;
            assert!(answer.contains(&format!(r#""code":{code}"#)), "{command}: {answer}");
            client.forget();
        }
        let node = &house.node;
        let request = PublishRequest::new(Json::null());
        assert_eq!(node.channels().publish("chat:red", request).await, Err(ReplyError::PERMISSION_DENIED));
        assert_eq!(node.channels().presence("chat:red").await.err(), Some(ReplyError::NOT_AVAILABLE));
        assert_eq!(
            node.channels().history("chat:red", Default::default()).await.err(),
            Some(ReplyError::NOT_AVAILABLE)
        );
        assert!(!resident.heard().await.iter().any(|line| line.starts_with("42")));
    });
}

#[test]
fn what_is_done_to_sessions_is_not_done_to_who_looks_in() {
    story(async {
        let house = house();
        let (client, resident) = (house.guest().await, Resident::arrive(&house, false).await);
        for channel in ["chat:red", "chat:"] {
            client.subscribe(channel, "").await;
        }
        rest().await;
        client.forget();
        let red = || Audience::of(["red".into()]);
        house.node.homes().instruct(
            &home(),
            red(),
            Instruct::Regroup { join: vec!["blue".into()], leave: vec!["red".into()] },
        );
        emit(&house, &["blue"], &[], "[0]");
        emit(&house, &["red"], &[], "[1]");
        // Nobody of the room is a session that could answer.
        let emission = Emission::new("ask", args("[2]"), vec![]).expect("an array");
        let asked =
            house.node.homes().ask(&home(), Emission { audience: red(), ..emission }, Duration::from_secs(9)).await;
        let answers = asked.expect("it is asked");
        assert!(answers.given.is_empty() && answers.missing.is_empty());
        let order = Instruct::Order(SessionOrder::Disconnect(Disconnect::FORCE_DISCONNECT));
        house.node.homes().instruct(&home(), Audience::EVERYONE, order);
        let numbers: Vec<Value> = heard(&client).await.into_iter().map(|(_, data, _)| data).collect();
        assert_eq!(numbers, [1, 2]);
        assert!(resident.heard().await.iter().any(|line| line.starts_with("close")));
        assert!(client.ask(r#"{"id":9,"unsubscribe":{"channel":"chat:red"}}"#).await.contains("unsubscribe"));
    });
}

#[test]
fn who_misses_something_is_told_so_by_the_name_that_it_knows() {
    story(async {
        let limits = Limits { hub_queue: 1, ..Limits::default() };
        let house = Plan { limits, ..plan(Rule::Anyone) }.build();
        let client = house.guest().await;
        client.subscribe("chat:", "").await;
        client.forget();
        (0..20).for_each(|_| emit(&house, &[], &[], "[1]"));
        rest().await;
        emit(&house, &[], &[], "[2]");
        let told = client.heard().await;
        let lagged = told.iter().find(|line| line.contains("lagged")).unwrap_or_else(|| panic!("{told:?}"));
        assert!(lagged.contains(r#""lagged":{"channel":"chat:","count":"#), "{lagged}");
    });
}
