//! Sessions that tell of themselves, and what is done where they are many, large or silent.
use super::house::{House, Plan, story};
use callboard::auth::ConnectionGrant;
use callboard::broker::{Admit, Inspected, Inspection};
use callboard::delivery::{Holder, SessionDescription, SessionOrder, Ticket};
use callboard::protocol::Connect;
use callboard::types::{Group, Identity, IdentityKind, SessionId, Space};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OPEN: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'";

/// A session of the directory that is no actor: it tells so many bytes of itself, and counts how often it is asked.
struct Told {
    description: SessionDescription,
    asked: Arc<AtomicUsize>,
}

impl Holder for Told {
    fn order(&self, order: SessionOrder) {
        let SessionOrder::Describe(query) = order else { return };
        self.asked.fetch_add(1, SeqCst);
        query.tell(self.description.clone());
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
fn enter(house: &House, user: &str, bytes: usize, asked: &Arc<AtomicUsize>) -> SessionId {
    let client = SessionId::random();
    let description = SessionDescription {
        client,
        user: user.into(),
        kind: IdentityKind::User,
        realm: "".into(),
        registered: None,
        groups: vec!["g".repeat(bytes)],
        subscriptions: vec![],
    };
    let me = Arc::new(Told { description, asked: asked.clone() });
    house.node.sessions().directory().enter(client, user.into(), me);
    client
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
fn only_those_that_are_listed_are_asked_but_where_a_channel_is_named() {
    story(async {
        let house = Plan::of(OPEN).build();
        let asked = Arc::default();
        for user in (100..400).rev() {
            enter(&house, &user.to_string(), 1, &asked);
        }
        let inspected = inspect(&house, limit(3)).await;
        assert_eq!((inspected.total, inspected.is_truncated(), asked.swap(0, SeqCst)), (300, true, 3));
        assert_eq!(users(inspected), ["100", "101", "102"]);

        let named = Inspection { channel: Some((Space::Plugin, "catalog".into())), ..limit(2) };
        let inspected = inspect(&house, named).await;
        assert_eq!((inspected.total, asked.swap(0, SeqCst)), (300, 300));
        assert_eq!(users(inspected), ["100", "101"]);

        let of_user = Inspection { user: Some("250".into()), ..limit(3) };
        assert_eq!((inspect(&house, of_user).await.total, asked.load(SeqCst)), (1, 1));
    });
}

#[test]
fn an_answer_holds_the_first_that_fit_and_one_at_least() {
    story(async {
        let house = Plan::of(OPEN).build();
        let asked = Arc::default();
        let reached = || house.metrics.text().unwrap().contains(r#"limits_reached_total{limit="inspection"} "#);
        // Half a mebibyte less what is said beside: two fit, and a small one behind them does not come before its turn.
        for user in ["a", "b", "c", "d"] {
            enter(&house, user, if user == "d" { 1 } else { 512 * 1024 - 300 }, &asked);
        }
        assert!(!reached());
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated(), reached()), (4, true, true));
        assert_eq!(users(inspected), ["a", "b"]);

        enter(&house, "A", 2 * 1024 * 1024, &asked);
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated()), (5, true));
        assert_eq!(users(inspected), ["A"]);
    });
}

#[test]
fn a_session_that_does_not_answer_is_waited_for_a_bounded_time() {
    story(async {
        let house = Plan::of(OPEN).build();
        let asked = Arc::default();
        enter(&house, "a", 1, &asked);
        house.node.sessions().directory().enter(SessionId::random(), "b".into(), Arc::new(Silent::default()));
        let began = tokio::time::Instant::now();
        let inspected = inspect(&house, limit(100)).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!((inspected.total, inspected.is_truncated()), (2, true));
        assert_eq!(users(inspected), ["a"]);
    });
}

#[test]
fn a_session_that_ended_while_it_was_asked_is_not_counted() {
    story(async {
        let house = Plan::of(OPEN).build();
        let asked = Arc::default();
        enter(&house, "a", 1, &asked);
        let gone = house.visitor();
        // The actor is there, and not let in: as one that has ended, it drops what it is asked.
        let me = Arc::new(gone.session.clone());
        house.node.sessions().directory().enter(SessionId::random(), "b".into(), me);
        let inspected = inspect(&house, limit(100)).await;
        assert_eq!((inspected.total, inspected.is_truncated()), (1, false));
    });
}
