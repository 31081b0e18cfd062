//! What a rule needs: a fresh engine, its clock, and words for the common calls.
use bytes::Bytes;
use callboard::engine::{Engine, HistoryPage, HistoryQuery, PublishOptions, Published, Retention};
use callboard::types::{BoxFuture, ChannelName, ClientInfo, Epoch, Event, Json, Position, SessionId};
use std::sync::Arc;
use std::time::Duration;

/// A fresh engine with its clock.
pub struct Fixture {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// The grain of time in the rules; a virtual clock can take a long one, a real one wants a short one.
    pub unit: Duration,
    /// Lets time pass.
    pub pass: fn(Duration) -> BoxFuture<()>,
    /// How many sequences of calls may share the clock.
    pub at_once: usize,
    _beside: Box<dyn std::any::Any>,
}

impl Fixture {
    /// `beside` is what the engine needs, and what ends with it.
    pub fn new(
        engine: Arc<dyn Engine>,
        unit: Duration,
        pass: fn(Duration) -> BoxFuture<()>,
        at_once: usize,
        beside: impl std::any::Any,
    ) -> Self {
        Fixture { engine, unit, pass, at_once, _beside: Box::new(beside) }
    }

    pub async fn pass(&self, units: u32) {
        (self.pass)(self.unit * units).await;
    }

    /// Ten events for ten units each; the position for a hundred.
    pub fn retention(&self) -> Retention {
        self.keep(10, 10)
    }

    pub fn keep(&self, size: usize, units: u32) -> Retention {
        Retention { size, ttl: self.unit * units, meta_ttl: self.unit * 100 }
    }

    pub async fn publish(&self, event: Event, options: PublishOptions) -> Published {
        self.engine.publish(event, options).wait().await.expect("the engine publishes")
    }

    /// Publishes `data` with this retention and answers the position.
    pub async fn push(&self, name: &str, data: u64, retention: Retention) -> Position {
        let options = PublishOptions { retention: Some(retention), ..Default::default() };
        accepted(self.publish(event(name, data), options).await).expect("an event with retention has a position")
    }

    /// Publishes 1 to `count` and answers the last position.
    pub async fn push_many(&self, name: &str, count: u64) -> Position {
        assert!(count > 0);
        for data in 1..count {
            self.push(name, data, self.retention()).await;
        }
        self.push(name, count, self.retention()).await
    }

    pub async fn read(&self, name: &str, query: HistoryQuery) -> HistoryPage {
        let answer = self.engine.history(&channel(name), query, self.retention()).wait().await;
        answer.expect("the engine reads")
    }

    pub async fn read_all(&self, name: &str) -> HistoryPage {
        self.read(name, all()).await
    }

    pub async fn top(&self, name: &str) -> Position {
        self.read(name, HistoryQuery::default()).await.top
    }

    pub async fn recover(&self, name: &str, since: &Position) -> HistoryPage {
        self.read(name, HistoryQuery { since: Some(since.clone()), ..all() }).await
    }

    pub async fn remove(&self, name: &str) {
        self.engine.remove_history(&channel(name)).wait().await.expect("the engine removes");
    }
}

/// Everything, oldest first.
pub fn all() -> HistoryQuery {
    HistoryQuery { since: None, limit: usize::MAX, reverse: false }
}

pub fn channel(name: &str) -> ChannelName {
    ChannelName::user(name, 255).expect("a valid name")
}

pub fn number(data: u64) -> Json {
    Json::parse(Bytes::from(data.to_string())).expect("a number is JSON")
}

pub fn event(name: &str, data: u64) -> Event {
    Event { channel: channel(name), data: number(data), tags: None, publisher: None, position: None, envelope: None }
}

/// The position of a publish that must have been accepted.
pub fn accepted(published: Published) -> Option<Position> {
    match published {
        Published::Deliver(event) => event.position.clone(),
        Published::OnBus(position) => position,
        Published::Repeated(position) => panic!("repeated at {position:?}"),
    }
}

/// The position of a publish that must have been refused as a repetition.
pub fn repeated(published: Published) -> Option<Position> {
    match published {
        Published::Repeated(position) => position,
        other => panic!("accepted: {other:?}"),
    }
}

pub fn at(offset: u64, epoch: &Epoch) -> Position {
    Position { offset, epoch: epoch.clone() }
}

pub fn offsets(page: &HistoryPage) -> Vec<u64> {
    page.events.iter().map(|event| event.position.as_ref().expect("a kept event has a position").offset).collect()
}

pub fn data(page: &HistoryPage) -> Vec<u64> {
    page.events.iter().map(|event| event.data.read().expect("a number")).collect()
}

pub fn client(user: &str) -> Arc<ClientInfo> {
    Arc::new(ClientInfo { user: user.into(), client: SessionId::random(), conn_info: None, chan_info: None })
}

/// Takes nothing.
pub struct Nobody;

impl callboard::engine::Sink for Nobody {
    fn event(&self, _: Event, _: Option<u64>) {}

    fn notice(&self, _: bool, _: Arc<ClientInfo>) {}

    fn resumed(&self) {}

    fn lost(&self) {}
}
