//! A memory engine that answers late, or breaks, when a story wants it to.
use callboard::engine::memory::{Config, MemoryEngine};
use callboard::engine::{
    Accepted, Claim, Claimed, ControlSink, Engine, EngineAnswer, Error, HistoryPage, HistoryQuery, Peers,
    PresenceStats, PublishCallback, PublishOptions, Published, Retention, Sink, Tap,
};
use callboard::types::{Answer, BoxFuture, ChannelName, ClientInfo, Event, SessionId};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;
use tokio::sync::oneshot;

/// See the file's text.
pub struct Moody {
    memory: MemoryEngine,
    /// Histories are answered when they are let go.
    pub slow_histories: AtomicBool,
    /// Publishes are answered when they are let go.
    pub slow_publishes: AtomicBool,
    /// The next publish panics.
    pub breaks: AtomicBool,
    /// Histories are not to be had.
    pub forgets_histories: AtomicBool,
    /// Claims are not to be had.
    pub forgets_claims: AtomicBool,
    /// It is as one that nodes share; this node is the only one.
    pub shared: AtomicBool,
    /// Of each publish, whether it was for this node alone.
    pub locals: Mutex<Vec<bool>>,
    /// Of each channel, the thread that it has published on.
    pub threads: Mutex<HashMap<ChannelName, ThreadId>>,
    /// There is a bus: the story brings what comes over it.
    pub has_bus: AtomicBool,
    sink: Mutex<Option<Arc<dyn Sink>>>,
    /// The bus brings what is emitted in a home back when the story says so.
    pub slow_bus: AtomicBool,
    /// Publishes that the bus has accepted and not brought back, each with its turn.
    abroad: Mutex<VecDeque<(Event, Option<u64>)>>,
    /// The ids of the other nodes, which answer when the story has them.
    pub others: Mutex<Vec<String>>,
    ear: Mutex<Option<Arc<dyn ControlSink>>>,
    waiting: Mutex<Vec<Option<oneshot::Sender<()>>>>,
}

impl Moody {
    pub fn new() -> Self {
        Moody {
            memory: MemoryEngine::new(Config::default()),
            slow_histories: AtomicBool::new(false),
            slow_publishes: AtomicBool::new(false),
            breaks: AtomicBool::new(false),
            forgets_histories: AtomicBool::new(false),
            forgets_claims: AtomicBool::new(false),
            shared: AtomicBool::new(false),
            locals: Mutex::default(),
            threads: Mutex::default(),
            has_bus: AtomicBool::new(false),
            sink: Mutex::default(),
            slow_bus: AtomicBool::new(false),
            abroad: Mutex::default(),
            others: Mutex::default(),
            ear: Mutex::default(),
            waiting: Mutex::default(),
        }
    }

    /// Where the bus brings events, once a channel has subscribed.
    pub fn sink(&self) -> Arc<dyn Sink> {
        self.sink.lock().unwrap().clone().expect("a subscription")
    }

    /// Brings the first publish back that is on its way over the bus; whether there was one.
    pub fn bring_back(&self) -> bool {
        let first = self.abroad.lock().unwrap().pop_front();
        let is_there = first.is_some();
        if let Some((event, turn)) = first {
            self.sink().event(event, turn);
        }
        is_there
    }

    /// Has this node hear what another one says.
    pub fn hears(&self, words: &str) {
        let ear = self.ear.lock().unwrap().clone().expect("the node attends to the others");
        ear.heard(bytes::Bytes::copy_from_slice(words.as_bytes()));
    }

    /// Keeps an event as another node does that publishes it, and returns it as it stands in the history.
    pub fn keep(&self, event: Event, retention: Retention) -> Event {
        let options = PublishOptions { retention: Some(retention), ..Default::default() };
        match self.memory.publish(event, options) {
            Answer::Ready(Ok(Published::Deliver(event))) => (*event).clone(),
            _ => panic!("memory answers at once"),
        }
    }

    /// How many answers have been held back so far.
    pub fn held(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }

    /// Lets the nth answer that was held back go.
    pub fn let_go(&self, nth: usize) {
        let gate = self.waiting.lock().unwrap()[nth].take().expect("an answer that is still held back");
        let _ = gate.send(());
    }

    fn later<T: Send + 'static>(&self, answer: EngineAnswer<T>) -> EngineAnswer<T> {
        let (gate, open) = oneshot::channel();
        self.waiting.lock().unwrap().push(Some(gate));
        Answer::Later(Box::pin(async move {
            let _ = open.await;
            answer.wait().await
        }))
    }
}

impl Engine for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn is_shared(&self) -> bool {
        self.shared.load(SeqCst)
    }

    fn publish(&self, event: Event, options: PublishOptions) -> EngineAnswer<Published> {
        assert!(!self.breaks.swap(false, SeqCst), "the engine breaks, as the story wants it");
        self.locals.lock().unwrap().push(options.local);
        self.threads.lock().unwrap().insert(event.channel.clone(), std::thread::current().id());
        if options.local && self.has_bus.load(SeqCst) {
            return Answer::ok(Published::Deliver(Arc::new(event)));
        }
        if let Some(turn) = options.turn.filter(|_| self.slow_bus.load(SeqCst)) {
            self.abroad.lock().unwrap().push_back((event, Some(turn)));
            return Answer::ok(Published::OnBus(None));
        }
        let answer = self.memory.publish(event, options);
        if self.slow_publishes.load(SeqCst) { self.later(answer) } else { answer }
    }

    fn subscribe(&self, channel: &ChannelName, sink: Arc<dyn Sink>) -> EngineAnswer<()> {
        *self.sink.lock().unwrap() = Some(sink.clone());
        self.memory.subscribe(channel, sink)
    }

    fn peers(&self) -> Option<&dyn Peers> {
        self.has_bus.load(SeqCst).then_some(self)
    }

    fn unsubscribe(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.memory.unsubscribe(channel)
    }

    fn history(&self, channel: &ChannelName, query: HistoryQuery, retention: Retention) -> EngineAnswer<HistoryPage> {
        if self.forgets_histories.load(SeqCst) {
            return Answer::err(Error::Unreachable("histories are away".into()));
        }
        let answer = self.memory.history(channel, query, retention);
        if self.slow_histories.load(SeqCst) { self.later(answer) } else { answer }
    }

    fn remove_history(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.memory.remove_history(channel)
    }

    fn claim(&self, channel: &ChannelName, claim: Claim) -> EngineAnswer<Claimed> {
        match self.forgets_claims.load(SeqCst) {
            true => Answer::err(Error::Unreachable("claims are away".into())),
            false => self.memory.claim(channel, claim),
        }
    }

    fn add_presence(&self, channel: &ChannelName, info: Arc<ClientInfo>, ttl: Duration) -> EngineAnswer<()> {
        self.memory.add_presence(channel, info, ttl)
    }

    fn remove_presence(&self, channel: &ChannelName, client: SessionId) -> EngineAnswer<()> {
        self.memory.remove_presence(channel, client)
    }

    fn presence(&self, channel: &ChannelName) -> EngineAnswer<Vec<Arc<ClientInfo>>> {
        self.memory.presence(channel)
    }

    fn presence_stats(&self, channel: &ChannelName) -> EngineAnswer<PresenceStats> {
        self.memory.presence_stats(channel)
    }
}

/// Other nodes only where a story names them.
impl Peers for Moody {
    fn attend(&self, _: &str, ear: Arc<dyn ControlSink>) {
        *self.ear.lock().unwrap() = Some(ear);
    }

    fn leave(&self, _: &str) -> EngineAnswer<()> {
        Answer::ok(())
    }

    fn say(&self, _: Option<&str>, _: bytes::Bytes) -> EngineAnswer<()> {
        Answer::ok(())
    }

    fn publish(&self, event: &Event, options: PublishOptions, told: PublishCallback) {
        let Answer::Ready(outcome) = self.memory.publish(event.clone(), options) else {
            panic!("memory answers at once")
        };
        told(outcome.map(|published| match published {
            Published::Deliver(event) => Accepted { position: event.position.clone(), is_new: true },
            Published::OnBus(position) | Published::Repeated(position) => Accepted { position, is_new: false },
        }));
    }

    fn tap(&self, _: &str, _: Arc<dyn Tap>) {}

    fn nodes(&self) -> BoxFuture<Vec<String>> {
        Box::pin(std::future::ready(self.others.lock().unwrap().clone()))
    }
}
