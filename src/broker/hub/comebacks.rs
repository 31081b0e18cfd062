//! Who is to come back because something never arrived: so many a second, or all clients of a channel would come at once.
use crate::broker::listener::Holder;
use crate::broker::message::SessionOrder;
use crate::metrics::Metrics;
use crate::types::ChannelName;
use std::collections::VecDeque;
use std::time::Duration;

/// Turns of a second.
const TURNS: usize = 10;

/// The comebacks of one worker. Bounded by its listeners, each of which is told once.
pub(super) struct Comebacks {
    waiting: VecDeque<(Holder, ChannelName)>,
    /// How many may be told in a turn.
    a_turn: usize,
    turn: Duration,
    /// How many may still be told in this turn.
    left: usize,
    metrics: Metrics,
}

impl Comebacks {
    /// At most `pace` are told a second.
    pub fn new(pace: usize, metrics: Metrics) -> Self {
        let a_turn = (pace / TURNS).max(1);
        let turn = Duration::from_secs(1).mul_f64(a_turn as f64 / pace.max(1) as f64);
        Comebacks { waiting: VecDeque::new(), a_turn, turn, left: a_turn, metrics }
    }

    /// Tells whoever holds the listener that it has to come back, now or in its turn.
    pub fn add(&mut self, holder: Holder, channel: ChannelName) {
        if self.left == 0 {
            self.metrics.reached("lag_pace");
            return self.waiting.push_back((holder, channel));
        }
        self.left -= 1;
        holder.do_send(SessionOrder::Resync(channel));
    }

    /// How long a turn is, where one is under way.
    pub fn turn(&self) -> Option<Duration> {
        (self.left < self.a_turn).then_some(self.turn)
    }

    /// A turn is over, and the next one begins.
    pub fn next_turn(&mut self) {
        self.left = self.a_turn;
        while self.left > 0
            && let Some((holder, channel)) = self.waiting.pop_front()
        {
            self.left -= 1;
            holder.do_send(SessionOrder::Resync(channel));
        }
    }
}
