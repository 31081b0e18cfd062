//! Listeners that must resubscribe because something never arrived. Their number per second is limited, so that the clients of a channel
//! do not all return at once.
use super::ListenerKey;
use crate::delivery::{Listener, SessionOrder};
use crate::metrics::Metrics;
use crate::types::ChannelName;
use foldhash::quality::RandomState;
use indexmap::IndexSet;
use std::time::Duration;

/// Turns of a second.
const TURNS: usize = 10;

/// The comebacks of one worker: at most as many as it has listeners, for each is in here once, and not longer than it is there.
pub struct Comebacks {
    waiting: IndexSet<(ChannelName, ListenerKey), RandomState>,
    /// Where the next one is taken from. One that is taken leaves its place to the last, so the places are gone through in turn
    /// or the newest would always go first.
    next: usize,
    /// How many may be told in a turn.
    a_turn: usize,
    turn: Duration,
    /// How many may still be told in this turn.
    left: usize,
}

impl Comebacks {
    /// At most `pace` are told a second.
    pub fn new(pace: usize) -> Self {
        let a_turn = (pace / TURNS).max(1);
        let turn = Duration::from_secs(1).mul_f64(a_turn as f64 / pace.max(1) as f64);
        Comebacks { waiting: IndexSet::default(), next: 0, a_turn, turn, left: a_turn }
    }

    /// Has a listener come back: it is told so now, or in its turn.
    pub fn send_back(&mut self, channel: &ChannelName, key: ListenerKey, listener: &Listener, metrics: &Metrics) {
        match self.admit(channel, key) {
            true => listener.holder.order(SessionOrder::Resync(channel.clone())),
            false => metrics.reached("lag_pace"),
        }
    }

    /// Whether a listener may be told now that it has to come back; where not, it is told in its turn.
    fn admit(&mut self, channel: &ChannelName, key: ListenerKey) -> bool {
        if self.left == 0 {
            self.waiting.insert((channel.clone(), key));
            return false;
        }
        self.left -= 1;
        true
    }

    /// The listener is gone.
    pub fn forget(&mut self, channel: &ChannelName, key: ListenerKey) {
        if !self.waiting.is_empty() {
            self.waiting.swap_remove(&(channel.clone(), key));
        }
    }

    /// How long a turn is, where one is under way.
    pub fn turn(&self) -> Option<Duration> {
        (self.left < self.a_turn).then_some(self.turn)
    }

    /// A turn is over, and the next one begins: whoever is told in it.
    pub fn next_turn(&mut self) -> Vec<(ChannelName, ListenerKey)> {
        let told = self.waiting.len().min(self.a_turn);
        self.left = self.a_turn - told;
        (0..told).filter_map(|_| self.take()).collect()
    }

    fn take(&mut self) -> Option<(ChannelName, ListenerKey)> {
        let at = if self.next < self.waiting.len() { self.next } else { 0 };
        self.next = at + 1;
        self.waiting.swap_remove_index(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> ChannelName {
        ChannelName::user("news", 255).expect("a valid name")
    }

    #[test]
    fn who_waits_waits_once_and_has_its_turn_though_others_come() {
        let mut comebacks = Comebacks::new(TURNS);
        assert!(comebacks.admit(&channel(), ListenerKey(0)));
        for key in [1, 2, 3, 1, 2, 3] {
            assert!(!comebacks.admit(&channel(), ListenerKey(key)));
        }
        assert_eq!(comebacks.waiting.len(), 3);
        let mut told = vec![];
        for new in 100..106 {
            comebacks.admit(&channel(), ListenerKey(new));
            told.extend(comebacks.next_turn().into_iter().map(|(_, key)| key.0));
        }
        assert!([1, 2, 3].iter().all(|key| told.contains(key)), "{told:?}");
    }

    #[test]
    fn who_is_gone_waits_no_longer() {
        let mut comebacks = Comebacks::new(TURNS);
        comebacks.admit(&channel(), ListenerKey(0));
        comebacks.admit(&channel(), ListenerKey(1));
        comebacks.forget(&channel(), ListenerKey(1));
        assert_eq!(comebacks.next_turn(), []);
        assert!(comebacks.admit(&channel(), ListenerKey(2)));
    }
}
