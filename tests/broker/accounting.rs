//! The account of a publish: who got the event, who did not, and why.
use super::house::{Client, House, Plan, json, pass, rest, story, until};
use super::residents::{Resident, home};
use callboard::broker::handler::Handlers;
use callboard::broker::{Expose, Limits, Namespace, PublishRequest, Rule};
use callboard::filter::{Look, Shown, View};
use callboard::metrics::Metrics;
use callboard::types::{Account, Audience, ChannelName, Envelope, Event, Group, Position};
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const NAMESPACES: &str = r#"
[[namespace]]
name = "seen"
subscribe = "anyone"
publish = "anyone"
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 100
history_ttl = "5m"
force_recovery = true
[[namespace]]
name = "plain"
subscribe = "anyone"
publish = "anyone"
allow_tags_filter = true
"#;

/// The looks that are under way, in their order.
type Looks = Arc<Mutex<Vec<oneshot::Sender<Shown>>>>;

/// Decides when the story does.
struct Late(Looks);

impl View for Late {
    fn look(&self, _: &Event) -> Look {
        let (decide, decided) = oneshot::channel();
        self.0.lock().unwrap().push(decide);
        Look::Later(Box::pin(async move { decided.await.expect("it is decided") }))
    }
}

/// A house in whose namespace `seen` views decide late.
fn house() -> (House, Looks) {
    let looks = Looks::default();
    let mut handlers = Handlers::new(Duration::from_secs(5), 64, Metrics::new());
    let of_views = looks.clone();
    handlers.view("seen", move |_, _| Some(Rc::new(Late(of_views.clone())) as Rc<dyn View>));
    (Plan { handlers: Some(handlers), ..Plan::of(NAMESPACES) }.build(), looks)
}

fn on_a_bus() -> House {
    Plan { bus: true, ..Plan::of(NAMESPACES) }.build()
}

fn one() -> PublishRequest {
    PublishRequest::new(json("1"))
}

async fn account(house: &House, channel: &str, request: PublishRequest) -> Account {
    house.node.channels().publish_with_account(channel, request).await.expect("it is accepted").account
}

/// The same, while the story goes on.
fn asking(house: &House, channel: &'static str) -> JoinHandle<Account> {
    let node = house.node.clone();
    tokio::task::spawn_local(async move {
        node.channels().publish_with_account(channel, one()).await.expect("it is accepted").account
    })
}

async fn listening(house: &House, channel: &str) -> Client {
    let client = house.guest().await;
    client.subscribe(channel, "").await;
    rest().await;
    client
}

#[test]
fn an_account_says_who_got_an_event_and_who_did_not_want_it() {
    story(async {
        let house = Plan::of(NAMESPACES).build();
        let (client, other) = (listening(&house, "plain:1").await, house.guest().await);
        other.subscribe("plain:1", r#""tf":{"key":"of","cmp":"eq","val":"me"}"#).await;
        let _elsewhere = listening(&house, "plain:2").await;
        let told = account(&house, "plain:1", one()).await;
        assert_eq!(told, Account { matched: 2, delivered: 1, filtered: 1, ..Account::default() });
        assert_eq!((client.numbers(), other.numbers()), (vec![1], vec![]));
        let tags = [("of".to_owned(), "me".to_owned())].into_iter().collect();
        let told = account(&house, "plain:1", PublishRequest { tags: Some(tags), ..one() }).await;
        assert_eq!(told, Account { matched: 2, delivered: 2, ..Account::default() });
        assert!(house.node.accounts().is_empty(), "what has been told is forgotten");
    });
}

#[test]
fn nobody_is_zero_and_says_whether_the_event_is_kept_for_those_who_come_later() {
    story(async {
        let house = Plan::of(NAMESPACES).build();
        assert_eq!(account(&house, "plain:1", one()).await, Account::default());
        assert_eq!(account(&house, "kept:1", one()).await, Account { kept: true, ..Account::default() });
        let skipped = PublishRequest { skip_history: true, ..one() };
        assert_eq!(account(&house, "kept:1", skipped).await, Account::default());
        let refused = house.node.channels().publish_with_account("nowhere:1", one()).await.expect_err("no namespace");
        assert_eq!(refused.code, 102);
    });
}

#[test]
fn a_repetition_is_told_at_once_and_reaches_nobody() {
    for bus in [false, true] {
        story(async {
            let house = Plan { bus, ..Plan::of(NAMESPACES) }.build();
            let once = || PublishRequest { idempotency_key: Some("once".into()), ..one() };
            account(&house, "kept:1", once()).await;
            let _client = listening(&house, "kept:1").await;
            let began = Instant::now();
            let told = house.node.channels().publish_with_account("kept:1", once()).await.expect("it is accepted");
            assert_eq!(told.account, Account { kept: true, repeated: true, ..Account::default() });
            assert_eq!(told.position.map(|position| position.offset), Some(1), "the first answer");
            assert_eq!(began.elapsed(), Duration::ZERO);
        });
    }
}

#[test]
fn those_whom_an_event_is_not_for_count_as_not_permitted_and_a_guest_of_another_room_as_filtered() {
    story(async {
        let expose = Expose { space: "socketio:/".into(), prefix: "chat:".into(), subscribe: Rule::Anyone };
        let homes = Namespace { has_groups: true, ..Namespace::default() };
        let house = Plan { expose: vec![expose], homes, ..Plan::of(NAMESPACES) }.build();
        let residents = [Resident::arrive(&house, false).await, Resident::arrive(&house, false).await];
        let (guest, of_all) = (house.guest().await, house.guest().await);
        guest.subscribe("chat:red", "").await;
        of_all.subscribe("chat:", "").await;
        rest().await;
        let of_first = Audience::of([Group::from(residents[0].word("sid").as_str())]);
        let red = Audience::of(["red".into()]);
        let sum = |delivered, filtered, not_permitted| Account {
            matched: delivered + filtered + not_permitted,
            delivered,
            filtered,
            not_permitted,
            ..Account::default()
        };
        for (audience, expected) in [
            (Audience::EVERYONE, sum(3, 1, 0)),
            (of_first.clone(), sum(1, 0, 3)),
            (red.clone(), sum(1, 0, 3)),
            (Audience::EVERYONE.but(red.to().expect("a room").to_vec()), sum(3, 0, 1)),
            (Audience::of([]), sum(0, 0, 4)),
        ] {
            let request = PublishRequest { audience: audience.clone(), ..one() };
            let told = house.node.channels().publish_into_with_account(home(), request).await.expect("it is accepted");
            assert_eq!(told.account, expected, "{audience:?}");
        }
    });
}

#[test]
fn an_account_waits_for_views_that_decide_later() {
    story(async {
        let (house, looks) = house();
        let _listeners = [listening(&house, "seen:1").await, listening(&house, "seen:1").await];
        let asks = asking(&house, "seen:1");
        rest().await;
        assert!(!asks.is_finished(), "two views are looking");
        for shown in [Shown::Drop, Shown::Replace(json("2"))] {
            let look = looks.lock().unwrap().pop().expect("it is looked at");
            look.send(shown).expect("it is waited for");
        }
        let told = asks.await.expect("it ends");
        assert_eq!(told, Account { matched: 2, delivered: 1, filtered: 1, ..Account::default() });
    });
}

#[test]
fn a_listener_that_goes_before_its_view_has_decided_has_lost_the_event() {
    story(async {
        let (house, _looks) = house();
        let client = listening(&house, "seen:1").await;
        let asks = asking(&house, "seen:1");
        rest().await;
        client.leave();
        let told = asks.await.expect("it ends");
        assert_eq!(told, Account { matched: 1, lost: 1, ..Account::default() });
    });
}

#[test]
fn an_account_does_not_wait_for_a_slow_view_forever() {
    story(async {
        let (house, looks) = house();
        let _client = listening(&house, "seen:1").await;
        let began = Instant::now();
        let told = account(&house, "seen:1", one()).await;
        assert_eq!(told, Account { matched: 1, partial: true, ..Account::default() });
        assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
        let look = looks.lock().unwrap().pop().expect("it is looked at");
        look.send(Shown::Pass).expect("the event is not lost, only late");
        rest().await;
        assert!(house.node.accounts().is_empty());
    });
}

#[test]
fn a_listener_that_joins_meanwhile_counts_where_the_event_is_after_its_place() {
    story(async {
        let house = Plan::of(NAMESPACES).build();
        house.engine.slow_histories.store(true, SeqCst);
        let client = house.guest().await;
        client.say(r#"{"id":2,"subscribe":{"channel":"kept:1"}}"#);
        until("the history is asked for", || house.engine.held() == 1).await;
        let asks = asking(&house, "kept:1");
        rest().await;
        assert!(!asks.is_finished(), "the listener holds it back");
        house.engine.let_go(0);
        let told = asks.await.expect("it ends");
        assert_eq!(told, Account { matched: 1, delivered: 1, kept: true, ..Account::default() });
        assert_eq!(client.numbers(), [1]);
    });
}

#[test]
fn an_event_that_does_not_get_to_a_worker_makes_the_account_partial() {
    story(async {
        let house = Plan { limits: Limits { hub_queue: 1, ..Limits::default() }, ..Plan::of(NAMESPACES) }.build();
        let (_client, publisher) = (listening(&house, "plain:1").await, house.guest().await);
        let first = account(&house, "plain:1", one()).await;
        assert_eq!(first, Account { matched: 1, delivered: 1, ..Account::default() });
        // All at once: the channel gets them in one go, and its hub is not asked in between.
        (0..20).for_each(|_| publisher.say(r#"{"id":9,"publish":{"channel":"plain:1","data":2}}"#));
        let asks: Vec<_> = (0..5).map(|_| asking(&house, "plain:1")).collect();
        let mut told = vec![];
        for asks in asks {
            told.push(asks.await.expect("it ends"));
        }
        assert!(told.iter().any(|account| account.partial), "{told:?}");
        assert!(told.iter().all(|account| account.partial || account.delivered == 1), "{told:?}");
    });
}

/// What the bus brings of the first publish of a house that asks for an account.
fn brought(house: &House, offset: Option<u64>) -> Event {
    let account = Some(format!("{}:0", house.node.id()).into());
    Event {
        channel: ChannelName::user(if offset.is_some() { "kept:1" } else { "plain:1" }, 255).expect("a valid name"),
        data: json("1"),
        tags: None,
        publisher: None,
        position: offset.map(|offset| Position { offset, epoch: callboard::types::Epoch::new("e") }),
        envelope: Some(Arc::new(Envelope { account, ..Envelope::PLAIN })),
    }
}

#[test]
fn what_the_bus_brings_is_waited_for_where_somebody_listens() {
    story(async {
        let house = on_a_bus();
        let began = Instant::now();
        assert_eq!(account(&house, "plain:2", one()).await, Account::default());
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody listens here");
        let house = on_a_bus();
        let _client = listening(&house, "plain:1").await;
        let asks = asking(&house, "plain:1");
        rest().await;
        assert!(!asks.is_finished());
        house.engine.sink().event(brought(&house, None), None);
        let told = asks.await.expect("it ends");
        assert_eq!(told, Account { matched: 1, delivered: 1, ..Account::default() });
    });
}

#[test]
fn an_event_that_the_bus_loses_leaves_the_account_partial_in_time() {
    story(async {
        let house = on_a_bus();
        let _client = listening(&house, "plain:1").await;
        let began = Instant::now();
        let told = account(&house, "plain:1", one()).await;
        assert_eq!(told, Account { partial: true, ..Account::default() });
        assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
    });
}

#[test]
fn a_copy_of_what_listeners_have_been_told_is_sent_to_nobody_and_not_waited_for() {
    story(async {
        let house = on_a_bus();
        let _client = listening(&house, "kept:1").await;
        let earlier = Event { envelope: None, ..brought(&house, Some(7)) };
        house.engine.sink().event(earlier, None);
        rest().await;
        let asks = asking(&house, "kept:1");
        rest().await;
        house.engine.sink().event(brought(&house, Some(7)), None);
        let told = asks.await.expect("it ends");
        assert_eq!(told, Account { kept: true, ..Account::default() });
    });
}

#[test]
fn nodes_add_up_and_one_that_does_not_answer_makes_the_account_partial() {
    for (answer, added, is_partial) in [
        (r#"{"account":{"matched":5,"delivered":2,"filtered":3}}"#, 5, false),
        (r#""refused""#, 0, true),
        (r#"{"done":3}"#, 0, true),
    ] {
        story(async {
            let house = on_a_bus();
            house.engine.others.lock().unwrap().push("there".into());
            let asks = asking(&house, "plain:1");
            until("the other is asked", || house.node.everywhere().questions().len() == 1).await;
            house.engine.hears(&format!(r#"{{"from":"there","number":0,"answer":{answer}}}"#));
            let told = asks.await.expect("it ends");
            assert_eq!((told.matched, told.partial), (added, is_partial), "{answer}");
        });
    }
    story(async {
        let house = on_a_bus();
        house.engine.others.lock().unwrap().push("mute".into());
        let asks = asking(&house, "plain:1");
        until("the other is asked", || house.node.everywhere().questions().len() == 1).await;
        pass(Duration::from_secs(2)).await;
        assert!(asks.await.expect("it ends").partial);
    });
}
