//! One thing on its way to the listeners of a channel, encoded at most once for each encoding.
use crate::protocol::{ENCODINGS, Frame, Push, Wire};
use crate::types::{ChannelName, Event, Position};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// What is delivered.
#[derive(Debug)]
pub enum Body {
    /// An event, to every listener it is for.
    Event(Arc<Event>),
    /// A join or a leave, to the listeners that asked for them.
    Notice(Push),
}

/// Counts the deliveries of a channel without a gap. The upper half names the life of its actor, so that the counts of a
/// channel that ended and was made anew are greater than all before them.
pub type Seq = u128;

/// One thing on its way from a channel to all its listeners on all workers.
#[derive(Debug)]
pub struct Delivery {
    /// The channel.
    pub channel: ChannelName,
    /// What is delivered.
    pub body: Body,
    /// Its number, so that a hub notices what it missed.
    pub seq: Seq,
    /// When the channel accepted it.
    pub accepted: Instant,
    frames: [OnceLock<Frame>; ENCODINGS],
    /// The second form of an encoding: with the channel's number in place of its name (decisions, last section).
    compact: [OnceLock<Frame>; ENCODINGS],
}

impl Delivery {
    /// A delivery that nobody has encoded yet.
    pub fn new(channel: ChannelName, body: Body, seq: Seq) -> Self {
        Delivery {
            channel,
            body,
            seq,
            accepted: Instant::now(),
            frames: Default::default(),
            compact: Default::default(),
        }
    }

    /// The frame for a listener of this encoding; `number` stands for the channel's name where the listener knows it.
    pub fn frame(&self, wire: &dyn Wire, number: Option<u32>) -> &Frame {
        match (&self.body, number) {
            (Body::Event(event), Some(number)) => {
                self.compact[wire.slot()].get_or_init(|| wire.event_compact(event, number))
            }
            (Body::Event(event), None) => self.frames[wire.slot()].get_or_init(|| wire.event(event)),
            (Body::Notice(push), _) => self.frames[wire.slot()].get_or_init(|| wire.push(push)),
        }
    }

    /// The event's position; none for a notice and in a channel without history.
    pub fn position(&self) -> Option<&Position> {
        match &self.body {
            Body::Event(event) => event.position.as_ref(),
            Body::Notice(_) => None,
        }
    }
}
