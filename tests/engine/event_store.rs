//! The rules that every store of an events bus keeps.
use super::fixture::number;
use callboard::engine::{Batch, BusEvent, EventBounds, EventStore, NewsSink};
use callboard::types::BoxFuture;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TEN: Batch = Batch { events: 10, bytes: 1_000_000 };
/// How long a subscription is kept idle; long enough for a rule on a real clock to end before.
pub const IDLE: Duration = Duration::from_secs(6);

/// The bounds that the rules begin with.
pub const BOUNDS: EventBounds = EventBounds { events: 100, bytes: 10_000, subscriptions: 3, idle: IDLE };

/// A fresh store with its clock.
pub struct EventsFixture {
    pub store: Arc<dyn EventStore>,
    /// Lets time pass.
    pub pass: fn(Duration) -> BoxFuture<()>,
    pub _beside: Box<dyn std::any::Any>,
}

/// Makes a module with one test for each rule, on stores that `$fresh` makes within bounds.
macro_rules! event_store_rules {
    ($store:ident, ($($attribute:tt)*), $fresh:path) => {
        event_store_rules!(@ $store, ($($attribute)*), $fresh, [
            each_event_is_handed_out_once_per_subscription_in_its_order,
            a_subscription_begins_with_what_comes_after_it,
            an_event_that_everybody_has_is_not_kept,
            a_subscription_that_has_an_event_is_not_handed_it,
            other_topics_do_not_move_a_subscription,
            a_batch_is_bounded_in_events_and_in_bytes,
            the_oldest_events_go_by_number_and_by_bytes,
            one_more_subscription_than_there_may_be_is_refused,
            an_idle_subscription_ends_and_one_that_is_read_stays,
            news_names_the_subscriptions_that_an_event_is_for,
            readers_at_once_share_the_events_of_a_subscription,
        ]);
    };
    (@ $store:ident, $attribute:tt, $fresh:path, [$($rule:ident,)*]) => {
        mod $store {
            $(event_store_rules!(# $rule, $attribute, $fresh);)*
        }
    };
    (# $rule:ident, ($($attribute:tt)*), $fresh:path) => {
        #[tokio::test($($attribute)*)]
        async fn $rule() {
            $crate::engine::event_store::$rule($fresh).await;
        }
    };
}

impl EventsFixture {
    async fn subscribe(&self, id: &str, topics: &[&str]) {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self.store.subscribe(id, topics).wait().await.expect("there is room");
    }

    async fn append_beside(&self, topic: &str, n: u64, notified: &[&str]) -> bool {
        let event = BusEvent { topic: topic.into(), payload: number(n) };
        let notified: BTreeSet<String> = notified.iter().map(|id| (*id).to_owned()).collect();
        self.store.append(event, notified).wait().await.expect("it is there")
    }

    async fn append(&self, topic: &str, n: u64) {
        assert!(self.append_beside(topic, n, &[]).await, "somebody wants {n}");
    }

    /// The numbers that are handed out; none where there is no subscription.
    async fn take(&self, id: &str, most: Batch) -> Option<Vec<u64>> {
        let taken = self.store.take(id, most).wait().await.expect("it is there")?;
        Some(taken.iter().map(|event| event.payload.read().expect("a number")).collect())
    }
}

pub async fn each_event_is_handed_out_once_per_subscription_in_its_order(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t", "u"]).await;
    fixture.subscribe("p.b", &["t"]).await;
    for n in 1..=4 {
        fixture.append(if n % 2 == 0 { "u" } else { "t" }, n).await;
    }
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![1, 2, 3, 4]));
    assert_eq!(fixture.take("p.b", TEN).await, Some(vec![1, 3]));
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![]));
    fixture.append("t", 5).await;
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![5]));
    assert_eq!(fixture.take("p.b", TEN).await, Some(vec![5]));
}

pub async fn a_subscription_begins_with_what_comes_after_it(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    assert_eq!(fixture.take("p.b", TEN).await, None, "there is none");
    fixture.subscribe("p.a", &["t"]).await;
    fixture.append("t", 1).await;
    fixture.subscribe("p.b", &["t"]).await;
    fixture.append("t", 2).await;
    assert_eq!(fixture.take("p.b", TEN).await, Some(vec![2]));
}

pub async fn an_event_that_everybody_has_is_not_kept(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    assert!(!fixture.append_beside("t", 1, &[]).await, "there is no subscription");
    fixture.subscribe("p.a", &["t"]).await;
    assert!(!fixture.append_beside("t", 2, &["p.a", "p.unknown"]).await);
    assert!(!fixture.append_beside("other", 3, &[]).await);
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![]));
}

pub async fn a_subscription_that_has_an_event_is_not_handed_it(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t"]).await;
    fixture.subscribe("p.b", &["t"]).await;
    assert!(fixture.append_beside("t", 1, &["p.a"]).await);
    fixture.append("t", 2).await;
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![2]));
    assert_eq!(fixture.take("p.b", TEN).await, Some(vec![1, 2]));
}

pub async fn other_topics_do_not_move_a_subscription(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t"]).await;
    fixture.append("t", 1).await;
    fixture.subscribe("p.a", &["t", "u"]).await;
    fixture.append("u", 2).await;
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![1, 2]));
    fixture.subscribe("p.a", &["u"]).await;
    assert!(!fixture.append_beside("t", 3, &[]).await, "nobody wants the old topic");
}

pub async fn a_batch_is_bounded_in_events_and_in_bytes(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t"]).await;
    for n in 10..35 {
        fixture.append("t", n).await;
    }
    assert_eq!(fixture.take("p.a", TEN).await.map(|taken| taken.len()), Some(10));
    // Three bytes each, with the topic.
    assert_eq!(fixture.take("p.a", Batch { events: 10, bytes: 7 }).await, Some(vec![20, 21]));
    assert_eq!(fixture.take("p.a", Batch { events: 10, bytes: 1 }).await, Some(vec![22]), "one is handed out always");
    assert_eq!(fixture.take("p.a", TEN).await.map(|taken| taken[0]), Some(23));
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![33, 34]));
}

pub async fn the_oldest_events_go_by_number_and_by_bytes(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(EventBounds { events: 3, ..BOUNDS });
    fixture.subscribe("p.a", &["t"]).await;
    for n in 1..=5 {
        fixture.append("t", n).await;
    }
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![3, 4, 5]));
    let fixture = fresh(EventBounds { bytes: 7, ..BOUNDS });
    fixture.subscribe("p.a", &["t"]).await;
    for n in 10..15 {
        fixture.append("t", n).await;
    }
    assert_eq!(fixture.take("p.a", TEN).await, Some(vec![13, 14]));
}

pub async fn one_more_subscription_than_there_may_be_is_refused(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    for id in ["p.a", "p.b", "p.c"] {
        fixture.subscribe(id, &["t"]).await;
    }
    let refused = fixture.store.subscribe("p.d", BTreeSet::new()).wait().await;
    assert_eq!(refused, Err(callboard::engine::Error::Limit("backstage.bus_subscriptions")));
    fixture.subscribe("p.c", &["u"]).await;
}

pub async fn an_idle_subscription_ends_and_one_that_is_read_stays(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    for id in ["p.idle", "p.read", "p.renewed"] {
        fixture.subscribe(id, &["t"]).await;
    }
    (fixture.pass)(IDLE * 3 / 5).await;
    assert_eq!(fixture.take("p.read", TEN).await, Some(vec![]));
    fixture.subscribe("p.renewed", &["t"]).await;
    (fixture.pass)(IDLE * 3 / 5).await;
    fixture.subscribe("p.new", &["t"]).await;
    assert_eq!(fixture.take("p.idle", TEN).await, None);
    for id in ["p.read", "p.renewed", "p.new"] {
        assert_eq!(fixture.take(id, TEN).await, Some(vec![]), "{id}");
    }
}

#[derive(Default)]
struct News(Mutex<BTreeSet<String>>);

impl NewsSink for News {
    fn news(&self, subscription: &str) {
        self.0.lock().expect("no panic").insert(subscription.to_owned());
    }

    fn resumed(&self) {}
}

pub async fn news_names_the_subscriptions_that_an_event_is_for(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t"]).await;
    fixture.subscribe("p.b", &["t"]).await;
    fixture.subscribe("p.c", &["u"]).await;
    let news = Arc::new(News::default());
    fixture.store.attend(news.clone());
    let wanted: BTreeSet<String> = ["p.a", "p.c"].map(str::to_owned).into();
    // Until a sink stands it is told nothing.
    for n in 0..500 {
        if *news.0.lock().expect("no panic") == wanted {
            break;
        }
        assert!(fixture.append_beside("t", n, &["p.b"]).await);
        fixture.append("u", n).await;
        (fixture.pass)(Duration::from_millis(10)).await;
    }
    assert_eq!(*news.0.lock().expect("no panic"), wanted);
}

pub async fn readers_at_once_share_the_events_of_a_subscription(fresh: fn(EventBounds) -> EventsFixture) {
    let fixture = fresh(BOUNDS);
    fixture.subscribe("p.a", &["t"]).await;
    for n in 1..=50 {
        fixture.append("t", n).await;
    }
    let takes = (0..25).map(|_| fixture.take("p.a", Batch { events: 3, ..TEN }));
    let mut all: Vec<u64> = futures_util::future::join_all(takes).await.into_iter().flatten().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=50).collect::<Vec<u64>>());
}

pub fn in_memory(bounds: EventBounds) -> EventsFixture {
    let store = callboard::engine::memory::MemoryEventStore::new(bounds, callboard::metrics::Metrics::new());
    let pass = |time| Box::pin(tokio::time::sleep(time)) as BoxFuture<()>;
    EventsFixture { store: Arc::new(store), pass, _beside: Box::new(()) }
}

event_store_rules!(memory_event_store, (start_paused = true), super::in_memory);

pub fn in_redis(bounds: EventBounds) -> EventsFixture {
    let server = crate::harness::redis::Redis::start();
    let engine = super::redis::open(&server);
    let store = callboard::engine::Engine::event_store(&engine, bounds).expect("nodes share it");
    let pass = |time| Box::pin(tokio::time::sleep(time)) as BoxFuture<()>;
    EventsFixture { store, pass, _beside: Box::new((engine, server)) }
}

event_store_rules!(redis_event_store, (), super::in_redis);
