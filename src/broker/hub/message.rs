//! The messages to a hub, and the handle through which any thread sends them.
use crate::broker::channel::ChannelRef;
use crate::delivery::{Delivery, ListenerKey, Seq, Skipped};
use crate::types::ChannelName;
use actix::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::mpsc;

/// Names a hub among those of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HubId(pub usize);

/// To a hub, in order with deliveries.
pub enum HubItem {
    /// Something for the listeners of a channel, and what the hub was not sent before it.
    Delivery(Arc<Delivery>, Skipped),
    /// What the channel should have delivered with this count is lost, beside what the hub was not sent before.
    Gap(ChannelName, Seq, Skipped),
    /// The address of a channel.
    Route(ChannelName, ChannelRef),
    /// A channel is about to end.
    Forget(ChannelName, Forgetting),
}

/// A hub's order to forget the address of a channel. Dropping it says that it is done, so that a hub that ends with its thread
/// does not keep the channel from ending.
pub struct Forgetting(ChannelRef, HubId);

impl Forgetting {
    /// To be done by this hub.
    pub fn new(address: ChannelRef, hub: HubId) -> Self {
        Forgetting(address, hub)
    }

    /// Which life of the channel is to be forgotten.
    pub fn life(&self) -> u64 {
        self.0.life()
    }
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        self.0.forgotten(self.1);
    }
}

/// To a hub, past its full queue.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Lagging {
    /// Deliveries of the channel did not fit.
    Behind(ChannelName, Arc<Backlog>),
    /// A listener missed something while it joined, and is to come back.
    Cut(ChannelName, ListenerKey),
    /// The channel's actor died; it would have counted no further than this.
    ChannelLost(ChannelName, Seq),
}

/// How far a hub is behind with a channel: the channel says how far the last delivery went that did not fit, as long as the hub
/// has not looked. So the hub has at most one message of it in its mailbox, and misses none.
#[derive(Debug)]
pub struct Backlog {
    /// The channel's counts are above this.
    base: Seq,
    upto: AtomicU64,
    /// Among it was something that was to be done to listeners.
    is_undone: AtomicBool,
    is_told: AtomicBool,
}

impl Backlog {
    /// Nothing is missing yet of a channel whose counts are above `base`, by less than 2^64.
    pub fn new(base: Seq) -> Self {
        Backlog { base, upto: AtomicU64::new(0), is_undone: AtomicBool::new(false), is_told: AtomicBool::new(false) }
    }

    /// The delivery of this count did not fit; whether the hub is to be told.
    pub fn add(&self, seq: Seq, is_undone: bool) -> bool {
        let above = u64::try_from(seq.saturating_sub(self.base)).unwrap_or(u64::MAX);
        self.upto.store(above, Ordering::SeqCst);
        self.is_undone.fetch_or(is_undone, Ordering::SeqCst);
        !self.is_told.swap(true, Ordering::SeqCst)
    }

    /// The hub looks: how far it is behind, and whether something was to be done. In this order: what is added after the look is
    /// told anew.
    pub fn take(&self) -> (Seq, bool) {
        self.is_told.store(false, Ordering::SeqCst);
        let is_undone = self.is_undone.swap(false, Ordering::SeqCst);
        (self.base + Seq::from(self.upto.load(Ordering::SeqCst)), is_undone)
    }
}

/// How to reach a hub from any thread.
#[derive(Clone)]
pub struct HubHandle {
    /// Its name.
    pub id: HubId,
    /// The thread it is on, for placing channels there.
    pub arbiter: ArbiterHandle,
    /// Whether clients are served there, so that channels may be placed there.
    pub is_worker: bool,
    /// Its queue.
    pub inlet: mpsc::Sender<HubItem>,
    /// Its mailbox, for what must not be lost.
    pub addr: Recipient<Lagging>,
}

/// The hubs of a node, in the order in which their threads came. They stay.
#[derive(Default)]
pub struct Hubs(RwLock<Vec<HubHandle>>);

impl Hubs {
    /// Adds the hub that `make` makes of its name.
    pub fn add(&self, make: impl FnOnce(HubId) -> HubHandle) -> HubHandle {
        let mut hubs = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let handle = make(HubId(hubs.len()));
        hubs.push(handle.clone());
        handle
    }

    /// The hub of this name.
    pub fn get(&self, id: HubId) -> Option<HubHandle> {
        self.read().get(id.0).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<HubHandle> {
        self.read().clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<HubHandle>> {
        // The list is only pushed to, so it is whole even where a writer panicked.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
