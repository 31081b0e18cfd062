//! Sessions that tell of themselves, and what is done where they are many, large or silent.
use super::house::{House, Plan, story, until};
use callboard::auth::ConnectionGrant;
use callboard::broker::{Admit, Inspected, Inspection};
use callboard::delivery::{Holder, SessionDescription, SessionOrder, Ticket};
use callboard::protocol::Connect;
use callboard::types::{Group, Identity, IdentityKind, ReplyError, SessionId, Space};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OPEN: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'";

/// How often sessions were asked, and how often they described themselves.
#[derive(Default)]
struct Count {
    asked: AtomicUsize,
    described: AtomicUsize,
}

impl Count {
    /// Asked and described since this was last called.
    fn take(&self) -> (usize, usize) {
        (self.asked.swap(0, SeqCst), self.described.swap(0, SeqCst))
    }
}

/// A session of the directory that is no actor: it tells so many bytes of itself, and counts how often it is asked.
struct Told {
    description: SessionDescription,
    count: Arc<Count>,
}

impl Holder for Told {
    fn order(&self, order: SessionOrder) {
        let SessionOrder::Describe(query) = order else { return };
        self.count.asked.fetch_add(1, SeqCst);
        query.answer(|| {
            self.count.described.fetch_add(1, SeqCst);
            self.description.clone()
        });
    }
}

/// One that keeps what it is asked, and never answers.
#[derive(Default)]
struct Silent(Mutex<Vec<SessionOrder>>);

impl Holder for Silent {
    fn order(&self, order: SessionOrder) {
        self.0.lock().unwrap().push(order);
    }
}

/// Puts a session of this user into the directory, whose description is that large.
fn enter(house: &House, user: &str, bytes: usize, count: &Arc<Count>) {
    let description = described(user, bytes);
    let client = description.client;
    let me = Arc::new(Told { description, count: count.clone() });
    house.node.sessions().directory().enter(client, user.into(), me);
}

fn described(user: &str, bytes: usize) -> SessionDescription {
    SessionDescription {
        client: SessionId::random(),
        user: user.into(),
        kind: IdentityKind::User,
        realm: "".into(),
        registered: None,
        groups: vec!["g".repeat(bytes)],
        subscriptions: vec![],
        transport: None,
    }
}

/// Puts a session of this user into the directory that never answers.
fn enter_silent(house: &House, user: &str) {
    let me = Arc::new(Silent::default());
    house.node.sessions().directory().enter(SessionId::random(), user.into(), me);
}

/// How often a limit was reached, by the metric.
fn reached(house: &House, limit: &str) -> usize {
    let name = format!(r#"callboard_limits_reached_total{{limit="{limit}"}} "#);
    let text = house.metrics.text().unwrap();
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |value| value.parse().unwrap())
}

async fn inspect(house: &House, wanted: Inspection) -> Inspected {
    house.node.sessions().inspect(&wanted).await.unwrap()
}

fn users(inspected: Inspected) -> Vec<String> {
    inspected.into_sessions().map(|(_, session)| session.user.to_string()).collect()
}

fn limit(limit: usize) -> Inspection {
    Inspection { limit, ..Inspection::default() }
}

#[test]
fn a_session_tells_of_its_identity_and_its_subscriptions_and_of_no_secret() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.visitor();
        let identity = Identity {
            realm: "plugins".into(),
            kind: IdentityKind::Service,
            user: "catalog".into(),
            groups: ["group:b", "group:a"].map(Group::from).into(),
            scopes: ["a secret scope".to_owned()].into(),
            token_id: Some("a secret id".into()),
            info: Some(super::house::json(r#"{"a":"secret info"}"#)),
            meta: Some(super::house::json(r#"{"a":"secret meta"}"#)),
            ..Identity::anonymous()
        };
        let grant = ConnectionGrant { identity, subs: vec![] };
        client.session.do_send(Admit { ticket: Ticket(1), grant, connect: Connect::default() });
        client.subscribe("news", "").await;
        let (_, told) = inspect(&house, limit(1)).await.into_sessions().next().expect("a session");
        let json = serde_json::to_value(&told).unwrap();
        let expected = serde_json::json!({
            "client": told.client, "user": "catalog", "kind": "service", "realm": "plugins",
            "groups": ["group:a", "group:b"], "subscriptions": [{"space": "user", "channel": "news"}],
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<SessionDescription>(json).unwrap(), told);
    });
}

#[test]
fn a_subscription_whose_join_is_under_way_is_not_told() {
    story(async {
        let house = Plan::of(OPEN).build();
        let client = house.guest().await;
        let wanted = Inspection { channel: Some((Space::User, "news".into())), ..limit(10) };
        client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        assert_eq!(inspect(&house, wanted.clone()).await.total, 0);
        super::house::rest().await;
        assert_eq!(inspect(&house, wanted).await.total, 1);
    });
}

#[test]
fn only_those_that_are_listed_describe_themselves() {
    story(async {
        let house = Plan::of(OPEN).build();
        let count = Arc::default();
        for user in (100..400).rev() {
            enter(&house, &user.to_string(), 1, &count);
        }
        let inspected = inspect(&house, limit(3)).await;
        assert_eq!((inspected.total, inspected.is_truncated(), count.take()), (300, true, (3, 3)));
        assert_eq!(users(inspected), ["100", "101", "102"]);

        // Only the sessions know their channels: all are asked, and those that are listed are asked again.
        let named = |most| Inspection { channel: Some((Space::Plugin, "catalog".into())), ..limit(most) };
        let inspected = inspect(&house, named(2)).await;
        assert_eq!((inspected.total, inspected.is_truncated(), count.take()), (300, true, (302, 2)));
        assert_eq!(users(inspected), ["100", "101"]);

        assert_eq!((inspect(&house, named(0)).await.total, count.take()), (300, (300, 0)));
        for (user, total) in [(None, 300), (Some("250"), 1), (Some("4"), 0)] {
            let of_user = |most| Inspection { user: user.map(Into::into), ..limit(most) };
            assert_eq!((inspect(&house, of_user(0)).await.total, count.take()), (total, (0, 0)), "{user:?}");
            let listed = total.min(1);
            assert_eq!((inspect(&house, of_user(1)).await.total, count.take()), (total, (listed, listed)), "{user:?}");
        }
    });
}

#[test]
fn an_answer_holds_the_first_that_fit_and_one_at_least() {
    story(async {
        let house = Plan::of(OPEN).build();
        let count = Arc::default();
        // Half a mebibyte less what is said beside: two fit, and a small one behind them does not come before its turn.
        for user in ["a", "b", "c", "d"] {
            enter(&house, user, if user == "d" { 1 } else { 512 * 1024 - 300 }, &count);
        }
        assert_eq!(reached(&house, "inspection"), 0);
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated(), reached(&house, "inspection")), (4, true, 1));
        assert_eq!(users(inspected), ["a", "b"]);

        enter(&house, "A", 2 * 1024 * 1024, &count);
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated()), (5, true));
        assert_eq!(users(inspected), ["A"]);
    });
}

#[test]
fn an_answer_that_only_nodes_together_make_too_large_is_counted_as_that() {
    story(async {
        let house = Plan { bus: true, ..Plan::of(OPEN) }.build();
        enter(&house, "a", 600 * 1024, &Arc::default());
        house.engine.others.lock().unwrap().push("far".into());
        let node = house.node.clone();
        let asks = tokio::task::spawn_local(async move { node.everywhere().inspect(limit(10)).await });
        until("the other is asked", || house.node.everywhere().questions().len() == 1).await;
        let told =
            serde_json::json!({"listed": [described("b", 600 * 1024)], "total": 1, "is_late": false, "end": null});
        house.engine.hears(&serde_json::json!({"from": "far", "number": 0, "answer": {"inspected": told}}).to_string());
        let inspected = asks.await.expect("it ends").expect("it was asked").value;
        assert_eq!((inspected.total, inspected.is_truncated(), reached(&house, "inspection")), (2, true, 1));
        assert_eq!(users(inspected), ["a"]);
    });
}

#[test]
fn a_bad_name_of_a_channel_is_refused_before_other_nodes_are_asked() {
    story(async {
        let house = Plan { bus: true, ..Plan::of(OPEN) }.build();
        house.engine.others.lock().unwrap().push("mute".into());
        let began = tokio::time::Instant::now();
        let named = |name: &str| Inspection { channel: Some((Space::User, name.into())), ..limit(1) };
        let refused = house.node.everywhere().inspect(named("no:a")).await.map(drop);
        assert_eq!((refused, began.elapsed()), (Err(ReplyError::UNKNOWN_CHANNEL), Duration::ZERO));
        let reached = house.node.everywhere().inspect(named("a")).await.expect("a good name");
        assert_eq!((reached.missing, began.elapsed().as_secs()), (vec!["mute".to_owned()], 2));
    });
}

#[test]
fn a_few_silent_sessions_keep_none_of_the_others_from_telling() {
    story(async {
        let house = Plan::of(OPEN).build();
        let count = Arc::default();
        for user in 0..600 {
            match user % 100 {
                7 => enter_silent(&house, &user.to_string()),
                _ => enter(&house, &user.to_string(), 1, &count),
            }
        }
        let began = tokio::time::Instant::now();
        let inspected = inspect(&house, limit(1_000)).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        // They are there, so they count.
        assert_eq!((inspected.total, inspected.is_truncated(), users(inspected).len()), (600, true, 594));

        let named = Inspection { channel: Some((Space::Plugin, "catalog".into())), ..limit(1_000) };
        let began = tokio::time::Instant::now();
        let inspected = inspect(&house, named).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        // Whether they are subscribed nobody knows, so they do not count.
        assert_eq!((inspected.total, inspected.is_truncated(), users(inspected).len()), (594, true, 594));
        assert_eq!((reached(&house, "inspection"), reached(&house, "inspection_timeout")), (0, 2));
    });
}

#[test]
fn more_silent_sessions_than_are_waited_for_at_a_time_cost_those_behind_them_alone() {
    story(async {
        let house = Plan::of(OPEN).build();
        let count = Arc::default();
        for number in 0..150 {
            enter(&house, &format!("a{number}"), 1, &count);
            enter_silent(&house, &format!("b{number}"));
            enter(&house, &format!("c{number}"), 1, &count);
        }
        let inspected = inspect(&house, limit(1_000)).await;
        assert_eq!((inspected.total, inspected.is_truncated()), (450, true));
        let users = users(inspected);
        assert_eq!((users.len(), users.iter().all(|user| user.starts_with('a'))), (150, true));
    });
}

#[test]
fn a_session_that_ended_while_it_was_asked_is_not_counted() {
    story(async {
        let house = Plan::of(OPEN).build();
        enter(&house, "a", 1, &Arc::default());
        let gone = house.visitor();
        // The actor is there, and not let in: as one that has ended, it drops what it is asked.
        let me = Arc::new(gone.session.clone());
        house.node.sessions().directory().enter(SessionId::random(), "b".into(), me);
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated()), (1, false));
        enter_silent(&house, "c");
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!(
            (inspected.total, inspected.is_truncated()),
            (2, true),
            "the silent one is there, and the other is not"
        );
    });
}
