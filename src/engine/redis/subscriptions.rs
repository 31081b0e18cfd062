//! What the node is subscribed to: each channel once, confirmed before anybody is told, and again after a lost connection.
use super::homes::{Arrival, Way};
use super::link::Link;
use crate::engine::{Ear, EngineAnswer, Error, Tap};
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
    Channel(Arc<Way>),
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
    wishes: Mutex<Wanted>,
    filled: Notify,
    /// All that was asked for before is confirmed.
    settled: AtomicBool,
    settling: Notify,
}

/// The wishes that have not left yet. While a link is away nothing leaves, and channels come and go: a subscription that is
/// taken back before it left takes its wish along, so there are never more wishes than names that stand or stood.
#[derive(Default)]
struct Wanted {
    /// In the order they came.
    queue: BTreeMap<u64, Wish>,
    /// Where the wish to subscribe to a name stands in the queue.
    subscribes: HashMap<Bytes, u64, RandomState>,
    next: u64,
}

impl Wanted {
    fn push(&mut self, wish: Wish) {
        match &wish {
            // Before a wish to subscribe, the name is not subscribed to, or its end is wished for already.
            Wish::Unsubscribe(name) => {
                if let Some(at) = self.subscribes.remove(name) {
                    self.queue.remove(&at);
                    return;
                }
            }
            Wish::Subscribe(name, _) | Wish::SubscribePattern(name, _) => {
                self.subscribes.insert(name.clone(), self.next);
            }
        }
        self.queue.insert(self.next, wish);
        self.next += 1;
    }

    fn pop(&mut self) -> Option<Wish> {
        let (_, wish) = self.queue.pop_first()?;
        if let Wish::Subscribe(name, _) | Wish::SubscribePattern(name, _) = &wish {
            self.subscribes.remove(name);
        }
        Some(wish)
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.subscribes.clear();
    }
}

/// One thing that a link is to do.
pub(super) enum Wish {
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

    /// Takes what may leave together.
    pub fn take(&self) -> Vec<Wish> {
        let mut wishes = lock(&self.wishes);
        std::iter::from_fn(|| wishes.pop()).take(BATCH).collect()
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
        let way = if let Receiver::Channel(way) = receiver { Some(way) } else { None };
        let home = way.as_ref().and_then(|way| way.home().cloned());
        link.send_home(home.as_ref(), Arrival::Stands { again: way.filter(|_| is_again), waiting });
    }

    /// What becomes of a message under this name.
    pub fn receiver(&self, name: &[u8]) -> Option<Receiver> {
        lock(&self.table).by_name.get(name).map(|known| known.receiver.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(wishes: &Wishes) -> Vec<(bool, String)> {
        let words = wishes.take().into_iter().map(|wish| match wish {
            Wish::Subscribe(name, _) | Wish::SubscribePattern(name, _) => (true, name),
            Wish::Unsubscribe(name) => (false, name),
        });
        words.map(|(is_wanted, name)| (is_wanted, String::from_utf8_lossy(&name).into_owned())).collect()
    }

    #[test]
    fn channels_that_come_and_go_while_the_link_is_away_leave_no_wishes_behind() {
        let wishes = Wishes::default();
        wishes.add(Wish::Unsubscribe("stood".into()));
        for turn in 0..1_000 {
            for name in ["stood".to_owned(), format!("new{turn}")] {
                wishes.add(Wish::Subscribe(name.clone().into(), turn));
                wishes.add(Wish::Unsubscribe(name.into()));
            }
        }
        wishes.add(Wish::Subscribe("last".into(), 1_000));
        assert_eq!(left(&wishes), [(false, "stood".into()), (true, "last".into())]);
        wishes.add(Wish::Unsubscribe("last".into()));
        assert_eq!(left(&wishes), [(false, "last".into())], "what has left is taken back");
    }
}
