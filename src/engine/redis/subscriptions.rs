//! The subscriptions of the node: one per channel, confirmed before anyone is told, and renewed after a lost connection.
use super::link::Link;
use super::thread_inbox::{ChannelSink, Landed};
use crate::engine::{ControlSink, EngineAnswer, Error, NewsSink, Tap};
use crate::types::Answer;
use bytes::Bytes;
use foldhash::quality::RandomState;
use std::collections::{BTreeMap, HashMap};
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
    Channel(Arc<ChannelSink>),
    /// It is said by a node.
    ControlSink(Arc<dyn ControlSink>),
    /// It is for who listens to other programs; the name is a pattern.
    Tap(Arc<dyn Tap>),
    /// It is news of the events bus.
    News(Arc<dyn NewsSink>),
    /// It is the watchdog of this link.
    Watchdog,
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
pub(super) struct LinkSubscriptions {
    changes: Mutex<Wanted>,
    filled: Notify,
    /// All that was asked for before is confirmed.
    settled: AtomicBool,
    settling: Notify,
}

/// The changes that are not sent yet. While a link is away nothing is sent, and channels come and go: a subscription that ends
/// before it was sent is dropped, so there are never more changes than names that are, or were, subscribed to.
#[derive(Default)]
struct Wanted {
    /// In the order they came.
    queue: BTreeMap<u64, SubscriptionChange>,
    /// The place in the queue at which a name is subscribed to.
    subscribes: HashMap<Bytes, u64, RandomState>,
    next: u64,
}

impl Wanted {
    fn push(&mut self, change: SubscriptionChange) {
        match &change {
            // Where its subscribe is still queued, the server does not know the name, or its end is queued already.
            SubscriptionChange::Unsubscribe(name) => {
                if let Some(at) = self.subscribes.remove(name) {
                    self.queue.remove(&at);
                    return;
                }
            }
            SubscriptionChange::Subscribe(name, _) | SubscriptionChange::SubscribePattern(name, _) => {
                self.subscribes.insert(name.clone(), self.next);
            }
        }
        self.queue.insert(self.next, change);
        self.next += 1;
    }

    fn pop(&mut self) -> Option<SubscriptionChange> {
        let (_, change) = self.queue.pop_first()?;
        if let SubscriptionChange::Subscribe(name, _) | SubscriptionChange::SubscribePattern(name, _) = &change {
            self.subscribes.remove(name);
        }
        Some(change)
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.subscribes.clear();
    }
}

/// One thing that a link is to do.
pub(super) enum SubscriptionChange {
    Subscribe(Bytes, u64),
    /// To all names of a pattern, which is taken back with the connection only.
    SubscribePattern(Bytes, u64),
    Unsubscribe(Bytes),
}

impl SubscriptionChange {
    fn subscribe(name: &Bytes, subscription: &Subscription) -> Self {
        match subscription.receiver {
            Receiver::Tap(_) => SubscriptionChange::SubscribePattern(name.clone(), subscription.turn),
            _ => SubscriptionChange::Subscribe(name.clone(), subscription.turn),
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

impl LinkSubscriptions {
    fn add(&self, change: SubscriptionChange) {
        lock(&self.changes).push(change);
        self.filled.notify_one();
    }

    /// Takes what may leave together.
    pub fn take(&self) -> Vec<SubscriptionChange> {
        let mut changes = lock(&self.changes);
        std::iter::from_fn(|| changes.pop()).take(BATCH).collect()
    }

    /// Waits until there may be more to take.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Nothing is left of what there was when the connection began.
    pub fn settle(&self) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            self.settling.notify_waiters();
        }
    }

    /// Waits until all that was asked for when the connection began is confirmed.
    pub async fn settled(&self) {
        loop {
            let settling = self.settling.notified();
            if self.settled.load(Ordering::Relaxed) {
                return;
            }
            settling.await;
        }
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
                link.subscriptions.add(SubscriptionChange::subscribe(&name, &subscription));
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
            gone.link.subscriptions.add(SubscriptionChange::Unsubscribe(name.clone()));
        }
    }

    /// The connection of this link is lost: nothing that it subscribed to stands until it is confirmed on another one.
    pub fn fall(&self, link: &Link) {
        for subscription in lock(&self.table).by_name.values_mut() {
            if std::ptr::eq(&*subscription.link, link) {
                subscription.fall();
            }
        }
    }

    /// Has all that this link subscribed to subscribed anew: its connection is new.
    pub fn renew(&self, link: &Arc<Link>) {
        let mut table = lock(&self.table);
        let mut changes = lock(&link.subscriptions.changes);
        changes.clear();
        for (name, subscription) in &mut table.by_name {
            if Arc::ptr_eq(&subscription.link, link) {
                subscription.fall();
                changes.push(SubscriptionChange::subscribe(name, subscription));
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
                old.subscriptions.add(SubscriptionChange::Unsubscribe(name.clone()));
                link.subscriptions.add(SubscriptionChange::subscribe(name, subscription));
            }
        }
        table.turns = turns;
    }

    /// The server has confirmed a subscription: who waits for it is told, behind what was pushed before.
    pub fn confirm(&self, name: &Bytes, turn: u64) {
        let mut table = lock(&self.table);
        let Some(subscription) = table.by_name.get_mut(name).filter(|known| known.turn == turn) else { return };
        subscription.stands = true;
        let is_again = std::mem::take(&mut subscription.stood);
        let waiting = std::mem::take(&mut subscription.waiting);
        let (receiver, link) = (subscription.receiver.clone(), subscription.link.clone());
        drop(table);
        if let Receiver::Tap(tap) = &receiver
            && is_again
        {
            tap.resumed();
        }
        if let Receiver::News(sink) = &receiver {
            // The first time as well: a poll may wait already.
            sink.resumed();
        }
        let route = if let Receiver::Channel(route) = receiver { Some(route) } else { None };
        let inbox = route.as_ref().and_then(|route| route.inbox().cloned());
        link.hand_over(inbox.as_ref(), Landed::Stands { again: route.filter(|_| is_again), waiting });
    }

    /// What becomes of a message under this name.
    pub fn receiver(&self, name: &[u8]) -> Option<Receiver> {
        lock(&self.table).by_name.get(name).map(|known| known.receiver.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(changes: &LinkSubscriptions) -> Vec<(bool, String)> {
        let words = changes.take().into_iter().map(|change| match change {
            SubscriptionChange::Subscribe(name, _) | SubscriptionChange::SubscribePattern(name, _) => (true, name),
            SubscriptionChange::Unsubscribe(name) => (false, name),
        });
        words.map(|(is_wanted, name)| (is_wanted, String::from_utf8_lossy(&name).into_owned())).collect()
    }

    #[test]
    fn channels_that_come_and_go_while_the_link_is_away_leave_no_changes_behind() {
        let changes = LinkSubscriptions::default();
        changes.add(SubscriptionChange::Unsubscribe("stood".into()));
        for turn in 0..1_000 {
            for name in ["stood".to_owned(), format!("new{turn}")] {
                changes.add(SubscriptionChange::Subscribe(name.clone().into(), turn));
                changes.add(SubscriptionChange::Unsubscribe(name.into()));
            }
        }
        changes.add(SubscriptionChange::Subscribe("last".into(), 1_000));
        assert_eq!(left(&changes), [(false, "stood".into()), (true, "last".into())]);
        changes.add(SubscriptionChange::Unsubscribe("last".into()));
        assert_eq!(left(&changes), [(false, "last".into())], "what has left is taken back");
    }
}
