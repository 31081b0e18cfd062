//! The addresses of channels that callers outside the workers know: the HTTP API, handlers, Rust code.
//!
//! An address is used only where nothing of its channel is under way through the registry: what one thread sends to a channel
//! arrives in the order in which it was sent. And it is used under a lock that the registry needs to forget it, so that all
//! that was sent is in the channel's mailbox when the channel hears that it may end.
use super::message::Routed;
use crate::broker::channel::{ChannelRef, Passing, Unsent};
use crate::metrics::Metrics;
use crate::types::ChannelName;
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Threads that send to different channels seldom meet at a lock.
const SHARDS: usize = 16;

/// See the file's text. As many as there are channels at most, and things on their way to the registry.
#[derive(Default)]
pub struct Routes {
    shards: [RwLock<Shard>; SHARDS],
    hasher: RandomState,
}

type Shard = HashMap<ChannelName, Known, RandomState>;

#[derive(Default)]
struct Known {
    address: Option<ChannelRef>,
    /// What is on its way through the registry.
    passing: Arc<AtomicUsize>,
}

impl Known {
    fn open(&self) -> Option<&ChannelRef> {
        self.address.as_ref().filter(|_| self.passing.load(Ordering::Acquire) == 0)
    }
}

impl Routes {
    /// Sends something to the address that is known; where none is, what is to go through the registry comes back.
    pub fn send(&self, what: Routed, metrics: &Metrics) -> Option<(Routed, Passing)> {
        let name = what.channel().clone();
        let what = self.send_directly(what, metrics)?;
        let mut shard = self.shard(&name).write().unwrap_or_else(PoisonError::into_inner);
        let known = shard.entry(name).or_default();
        Some((what, Passing::one(&known.passing)))
    }

    fn send_directly(&self, what: Routed, metrics: &Metrics) -> Option<Routed> {
        let shard = self.shard(what.channel()).read().unwrap_or_else(PoisonError::into_inner);
        let Some(address) = shard.get(what.channel()).and_then(Known::open) else { return Some(what) };
        match what {
            Routed::Publish(publish) => match address.publish(*publish) {
                Ok(()) => None,
                Err(Unsent::Full(publish)) => {
                    Routed::Publish(publish).refuse_full("channel_queue", metrics);
                    None
                }
                Err(Unsent::Ended(publish)) => Some(Routed::Publish(publish)),
            },
            Routed::Instruction(instruction) if address.is_there() => {
                if !address.instruct(instruction) {
                    Metrics::count(&metrics.drops, "instruction");
                }
                None
            }
            what @ (Routed::Instruction(_) | Routed::Join(_)) => Some(what),
        }
    }

    /// The address of a channel. Told by the registry alone.
    pub fn learn(&self, channel: &ChannelName, address: &ChannelRef) {
        let mut shard = self.shard(channel).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shard.get_mut(channel) {
            known.address = Some(address.clone());
        }
    }

    /// The address leads nowhere from now on.
    pub fn forget(&self, channel: &ChannelName) {
        let mut shard = self.shard(channel).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shard.get_mut(channel) {
            known.address = None;
            if known.passing.load(Ordering::Acquire) == 0 {
                shard.remove(channel);
            }
        }
    }

    fn shard(&self, channel: &ChannelName) -> &RwLock<Shard> {
        // Of the hash's upper half: the table in the shard goes by the lower.
        let hash = self.hasher.hash_one(channel) >> 32;
        &self.shards[hash as usize % SHARDS]
    }
}
