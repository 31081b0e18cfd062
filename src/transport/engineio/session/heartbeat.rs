//! Whether the client is still there: a ping one interval after the last pong, and a pong in time.
use super::{EngineSession, Parting, reason};
use crate::broker::Due;
use crate::delivery::Outgoing;
use crate::protocol::Frame;
use crate::protocol::socketio::engine::EnginePacket;
use actix::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

/// Where a session stands between two heartbeats.
pub(super) struct Pulse {
    /// A ping was sent and not yet answered.
    is_asked: bool,
    /// When the answer is late, or the next ping is due.
    at: Instant,
}

impl Pulse {
    pub fn new(interval: Duration) -> Self {
        Pulse { is_asked: false, at: Instant::now() + interval }
    }
}

thread_local! {
    static PING: Frame = EnginePacket::Ping("".into()).frame();
}

impl EngineSession {
    pub(super) fn beat_after(&self, time: Duration) {
        self.link.after(time, Due::Heartbeat);
    }

    /// An answer, asked for or not, puts the next ping off by a whole interval. The deadline that is under way stays; it
    /// is never later than the ping, so nothing has to be taken back.
    pub(super) fn ponged(&mut self) {
        self.pulse = Pulse::new(self.config().ping_interval);
    }

    /// How long until a client that says nothing counts as gone.
    pub(super) fn until_given_up(&self) -> Duration {
        let left = self.pulse.at.saturating_duration_since(Instant::now());
        if self.pulse.is_asked { left } else { left + self.config().ping_timeout }
    }

    /// Ends a session whose client has not answered in time, where the deadline's own turn has not come yet; whether it did.
    pub(super) fn is_given_up(&mut self, ctx: &mut Context<Self>) -> bool {
        let is_late = self.upper.is_some() && self.pulse.is_asked && Instant::now() >= self.pulse.at;
        if is_late {
            self.end(reason::PING, Parting::Now, ctx);
        }
        is_late
    }

    pub(super) fn beat(&mut self, ctx: &mut Context<Self>) {
        if self.upper.is_none() {
            return;
        }
        let (now, config) = (Instant::now(), self.config());
        let (interval, timeout) = (config.ping_interval, config.ping_timeout);
        if now < self.pulse.at {
            return self.beat_after(self.pulse.at - now);
        }
        if self.pulse.is_asked {
            return self.end(reason::PING, Parting::Now, ctx);
        }
        self.link.put(Outgoing::Ping(PING.with(Frame::clone)));
        // Counted from when the ping was due, so that lateness does not add up; half of it a client has in any case.
        let at = (self.pulse.at + timeout).max(now + timeout / 2);
        self.pulse = Pulse { is_asked: true, at };
        self.beat_after((at - now).min(interval));
    }
}
