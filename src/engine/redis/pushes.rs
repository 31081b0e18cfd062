//! What the node is subscribed to: each channel once, confirmed before anybody is told, and again after a lost connection.
use super::core::Core;
use super::envelope::{self, Brought};
use super::link::Link;
use crate::engine::{Ear, EngineAnswer, Error, Sink, Tap};
use crate::types::{Answer, ChannelName};
use bytes::Bytes;
use foldhash::quality::RandomState;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{PushInfo, PushKind, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Channels of one round trip.
const BATCH: usize = 2_000;

/// What becomes of a message.
#[derive(Clone)]
pub(super) enum Receiver {
    /// It is an event of a channel.
    Channel(ChannelName, Arc<dyn Sink>),
    /// It is said by a node.
    Ear(Arc<dyn Ear>),
    /// It is for who listens to other programs; the name is a pattern.
    Tap(Arc<dyn Tap>),
    /// It is the canary of this link.
    Canary,
}

struct Subscription {
    receiver: Receiver,
    link: Arc<Link>,
    /// Tells it from an earlier one of the same name.
    turn: u64,
    /// The server has confirmed it, on the connection that there is.
    stands: bool,
    /// It has stood before: what was published since then did not come.
    stood: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Subscription {
    /// Has somebody told when it stands. Those who have given up go before the list grows, for it is as long as the link is
    /// away.
    fn await_it(&mut self, answer: oneshot::Sender<()>) {
        if self.waiting.len() == self.waiting.capacity() {
            self.waiting.retain(|waiting| !waiting.is_closed());
        }
        self.waiting.push(answer);
    }

    fn fall(&mut self) {
        self.stood |= std::mem::take(&mut self.stands);
    }
}

/// Everything that the node is subscribed to, by its name on the bus.
#[derive(Default)]
pub(super) struct Subscriptions {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_name: HashMap<Bytes, Subscription, RandomState>,
    turns: u64,
}

/// What a link is to subscribe to and not to, in this order.
#[derive(Default)]
pub(super) struct Wishes {
    wishes: Mutex<Vec<Wish>>,
    filled: Notify,
    /// All that was asked for before is confirmed.
    settled: AtomicBool,
    settling: Notify,
}

enum Wish {
    Subscribe(Bytes, u64),
    /// To all names of a pattern, which is taken back with the connection only.
    SubscribePattern(Bytes, u64),
    Unsubscribe(Bytes),
}

impl Wish {
    fn subscribe(name: &Bytes, subscription: &Subscription) -> Self {
        match subscription.receiver {
            Receiver::Tap(_) => Wish::SubscribePattern(name.clone(), subscription.turn),
            _ => Wish::Subscribe(name.clone(), subscription.turn),
        }
    }
}

fn confirmation(confirmed: oneshot::Receiver<()>, patience: Duration) -> EngineAnswer<()> {
    Answer::Later(Box::pin(async move {
        match tokio::time::timeout(patience, confirmed).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Unreachable("Redis did not confirm the subscription in time".into())),
        }
    }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic happens between two changes that belong together.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wishes {
    fn add(&self, wish: Wish) {
        lock(&self.wishes).push(wish);
        self.filled.notify_one();
    }

    fn take(&self) -> Vec<Wish> {
        let mut wishes = lock(&self.wishes);
        let count = wishes.len().min(BATCH);
        wishes.drain(..count).collect()
    }
}

impl Subscriptions {
    /// Subscribes; the answer comes when the server has confirmed it. Where the name is subscribed already, the receiver
    /// takes the place of the former one.
    pub fn add(&self, name: Bytes, receiver: Receiver, link: Arc<Link>, patience: Duration) -> EngineAnswer<()> {
        let mut table = lock(&self.table);
        let (answer, confirmed) = oneshot::channel();
        match table.by_name.get_mut(&name) {
            Some(known) => {
                known.receiver = receiver;
                if known.stands {
                    return Answer::ok(());
                }
                known.await_it(answer);
            }
            None => {
                table.turns += 1;
                let turn = table.turns;
                let subscription = Subscription {
                    receiver,
                    link: link.clone(),
                    turn,
                    stands: false,
                    stood: false,
                    waiting: vec![answer],
                };
                link.subscriptions.add(Wish::subscribe(&name, &subscription));
                table.by_name.insert(name, subscription);
            }
        }
        drop(table);
        confirmation(confirmed, patience)
    }

    /// Answers when a subscription stands, at once where it does; nothing is waited for where there is none.
    pub fn stands(&self, name: &Bytes, patience: Duration) -> EngineAnswer<()> {
        let mut table = lock(&self.table);
        let Some(known) = table.by_name.get_mut(name).filter(|known| !known.stands) else { return Answer::ok(()) };
        let (answer, confirmed) = oneshot::channel();
        known.await_it(answer);
        drop(table);
        confirmation(confirmed, patience)
    }

    /// Takes a subscription back.
    pub fn remove(&self, name: &Bytes) {
        let mut table = lock(&self.table);
        if let Some(gone) = table.by_name.remove(name) {
            gone.link.subscriptions.add(Wish::Unsubscribe(name.clone()));
        }
    }

    /// The connection of this link is lost: nothing that it subscribed to stands until it is confirmed on another one.
    fn fall(&self, link: &Link) {
        for subscription in lock(&self.table).by_name.values_mut() {
            if std::ptr::eq(&*subscription.link, link) {
                subscription.fall();
            }
        }
    }

    /// Has all that this link subscribed to subscribed anew: its connection is new.
    fn renew(&self, link: &Arc<Link>) {
        let mut table = lock(&self.table);
        let mut wishes = lock(&link.subscriptions.wishes);
        wishes.clear();
        for (name, subscription) in &mut table.by_name {
            if Arc::ptr_eq(&subscription.link, link) {
                subscription.fall();
                wishes.push(Wish::subscribe(name, subscription));
            }
        }
        link.subscriptions.settled.store(false, Ordering::Relaxed);
    }

    /// Moves subscriptions to the links that they belong to now.
    pub fn move_all(&self, belongs: impl Fn(&Bytes, &Arc<Link>) -> Arc<Link>) {
        let mut table = lock(&self.table);
        let mut turns = table.turns;
        for (name, subscription) in &mut table.by_name {
            let link = belongs(name, &subscription.link);
            if !Arc::ptr_eq(&link, &subscription.link) {
                turns += 1;
                subscription.turn = turns;
                subscription.fall();
                let old = std::mem::replace(&mut subscription.link, link.clone());
                old.subscriptions.add(Wish::Unsubscribe(name.clone()));
                link.subscriptions.add(Wish::subscribe(name, subscription));
            }
        }
        table.turns = turns;
    }

    fn confirm(&self, name: &Bytes, turn: u64) {
        let mut table = lock(&self.table);
        let Some(subscription) = table.by_name.get_mut(name).filter(|known| known.turn == turn) else { return };
        subscription.stands = true;
        let again = std::mem::take(&mut subscription.stood).then(|| subscription.receiver.clone());
        let waiting = std::mem::take(&mut subscription.waiting);
        drop(table);
        // Before who waits is answered: the gap is older than they are.
        if let Some(Receiver::Channel(_, sink)) = again {
            sink.resumed();
        }
        for answer in waiting {
            // Who no longer waits need not be told.
            let _ = answer.send(());
        }
    }

    fn receiver(&self, name: &[u8]) -> Option<Receiver> {
        lock(&self.table).by_name.get(name).map(|known| known.receiver.clone())
    }
}

/// Takes what a server pushes, on the engine's thread.
pub(super) fn pushed(core: &Core, link: &Link, push: PushInfo) {
    match push.kind {
        PushKind::Message => {
            let mut data = push.data.into_iter();
            if let (Some(Value::BulkString(name)), Some(Value::BulkString(payload))) = (data.next(), data.next()) {
                receive(core, link, &name, payload.into());
            }
        }
        PushKind::PMessage => {
            let parts: [Value; 3] = match push.data.try_into() {
                Ok(parts) => parts,
                Err(_) => return,
            };
            if let [Value::BulkString(pattern), Value::BulkString(name), Value::BulkString(payload)] = parts
                && let Some(Receiver::Tap(tap)) = core.subscriptions.receiver(&pattern)
            {
                tap.heard(&name, payload.into());
            }
        }
        PushKind::Disconnection => {
            core.subscriptions.fall(link);
            link.break_off();
        }
        _ => {}
    }
}

fn receive(core: &Core, link: &Link, name: &[u8], payload: Bytes) {
    match core.subscriptions.receiver(name) {
        Some(Receiver::Channel(channel, sink)) => match envelope::from_bus(channel, &core.id, payload) {
            Ok(Brought::Event(event)) => sink.event(event),
            Ok(Brought::Notice(joined, info)) => sink.notice(joined, info),
            Err(error) => {
                let name = String::from_utf8_lossy(name);
                core.drop_undecodable(format_args!("what came over the bus on {name}"), error);
            }
        },
        Some(Receiver::Ear(ear)) => ear.heard(payload),
        Some(Receiver::Tap(tap)) => tap.heard(name, payload),
        Some(Receiver::Canary) => {
            if let Some(number) = std::str::from_utf8(&payload).ok().and_then(|text| text.parse().ok()) {
                link.hear(number);
            }
        }
        None => {}
    }
}

/// A connection that subscriptions stand on: given up, whatever for, none of them does.
struct Ground<'a>(&'a Core, &'a Link);

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        self.0.subscriptions.fall(self.1);
    }
}

/// Subscribes and unsubscribes on a new connection until it fails; why it did.
pub(super) async fn drive(core: &Arc<Core>, link: &Arc<Link>, mut connection: MultiplexedConnection) -> String {
    core.subscriptions.renew(link);
    let _ground = Ground(core, link);
    loop {
        let wishes = link.subscriptions.take();
        if wishes.is_empty() {
            if !link.subscriptions.settled.swap(true, Ordering::Relaxed) {
                link.subscriptions.settling.notify_waiters();
            }
            link.subscriptions.filled.notified().await;
            continue;
        }
        let mut pipeline = redis::Pipeline::with_capacity(wishes.len());
        for wish in &wishes {
            // One name a command: each is confirmed by itself, so that an answer belongs to a command.
            match wish {
                Wish::Subscribe(name, _) => pipeline.cmd("SUBSCRIBE").arg(&name[..]),
                Wish::SubscribePattern(pattern, _) => pipeline.cmd("PSUBSCRIBE").arg(&pattern[..]),
                Wish::Unsubscribe(name) => pipeline.cmd("UNSUBSCRIBE").arg(&name[..]),
            };
        }
        let answers = match connection.req_packed_commands(&pipeline, 0, wishes.len()).await {
            Ok(answers) => answers,
            Err(error) => return error.to_string(),
        };
        for (wish, answer) in wishes.into_iter().zip(answers) {
            match (wish, answer) {
                (Wish::Subscribe(..) | Wish::SubscribePattern(..), Value::ServerError(error)) => {
                    return format!("a subscription was refused: {} {}", error.code(), error.details().unwrap_or(""));
                }
                (Wish::Subscribe(name, turn) | Wish::SubscribePattern(name, turn), _) => {
                    core.subscriptions.confirm(&name, turn)
                }
                (Wish::Unsubscribe(_), _) => {}
            }
        }
    }
}

/// Waits until all that was asked for when the connection began is confirmed.
pub(super) async fn settled(link: &Link) {
    loop {
        let settling = link.subscriptions.settling.notified();
        if link.subscriptions.settled.load(Ordering::Relaxed) {
            return;
        }
        settling.await;
    }
}
