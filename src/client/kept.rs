//! Publishes that wait until a socket has taken them, and those that wait for what became of their events.
use super::Error;
use crate::types::Account;
use bytestring::ByteString;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// Publishes in the order in which they were made. A connection takes them in hand, and they leave when its socket has taken them.
/// Those that no connection has in hand are bounded in number and bytes: for one too many the oldest go.
pub(super) struct KeptPublishes {
    frames: VecDeque<Kept>,
    /// How many of the oldest a connection has in hand.
    in_hand: usize,
    /// Of those that no connection has in hand.
    bytes: usize,
    most: usize,
    most_bytes: usize,
    /// The number of the latest.
    published: u64,
    /// Those that wait; as many as calls of `flush`, since each call removes those that have ended.
    flushes: Vec<Weak<Flush>>,
    /// Those that were sent and wait for their accounts, oldest first; as many as may be kept.
    asking: VecDeque<Asking>,
}

struct Kept {
    number: u64,
    frame: ByteString,
    asking: Option<Asking>,
}

/// A publish that asks what became of its event. Whoever waits learns that it is lost when this is dropped.
pub(super) struct Asking {
    /// Its name, which the broker repeats.
    pub(super) name: String,
    pub(super) told: oneshot::Sender<Result<Account, Error>>,
}

/// A call of `flush`.
pub(super) struct Flush {
    /// The number of the latest publish that it waits for.
    last: u64,
    /// How many of those that it waits for went without being sent.
    lost: AtomicU64,
}

impl KeptPublishes {
    /// `most` is at least 1; `most_bytes` is at least the bound of one publish.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        let (frames, flushes, asking) = (VecDeque::new(), vec![], VecDeque::new());
        KeptPublishes { frames, in_hand: 0, bytes: 0, most, most_bytes, published: 0, flushes, asking }
    }

    /// Adds one; how many were dropped for it.
    pub(super) fn push(&mut self, frame: ByteString, asking: Option<Asking>) -> u64 {
        self.published += 1;
        self.bytes += frame.len();
        self.frames.push_back(Kept { number: self.published, frame, asking });
        self.trim()
    }

    /// Drops the oldest of those that wait until the rest is within the bounds.
    fn trim(&mut self) -> u64 {
        let mut dropped = 0;
        while self.frames.len() - self.in_hand > self.most || self.bytes > self.most_bytes {
            // One alone is within the bounds, so the latest stays.
            let Some(oldest) = self.frames.remove(self.in_hand) else { break };
            self.bytes -= oldest.frame.len();
            self.gone(oldest.number);
            dropped += 1;
        }
        dropped
    }

    /// Gives a connection the next one in hand.
    pub(super) fn take(&mut self) -> Option<ByteString> {
        let frame = self.frames.get(self.in_hand)?.frame.clone();
        self.in_hand += 1;
        self.bytes -= frame.len();
        Some(frame)
    }

    /// The socket has taken so many of the oldest.
    pub(super) fn sent(&mut self, count: usize) {
        let asking: Vec<Asking> = self.settle(count).filter_map(|kept| kept.asking).collect();
        self.asking.extend(asking);
        // A broker that gives no accounts must not make them pile up.
        let too_many = self.asking.len().saturating_sub(self.most);
        self.asking.drain(..too_many);
    }

    /// Takes the publish of this name that waits for its account: its answer may come before the socket says that it has taken it.
    pub(super) fn asking(&mut self, name: &str) -> Option<Asking> {
        if let Some(at) = self.asking.iter().position(|asking| asking.name == name) {
            return self.asking.remove(at);
        }
        let mut in_hand = self.frames.iter_mut().take(self.in_hand);
        let kept = in_hand.find(|kept| kept.asking.as_ref().is_some_and(|asking| asking.name == name))?;
        kept.asking.take()
    }

    /// The connection has ended. Its socket had so many of the oldest and may not have passed them on: they are lost. The others that
    /// it had in hand wait again. How many are lost, and how many were dropped as too many.
    pub(super) fn put_back(&mut self, lost: usize) -> (u64, u64) {
        let lost: Vec<u64> = self.settle(lost).map(|kept| kept.number).collect();
        lost.iter().for_each(|number| self.gone(*number));
        // Nobody tells any more what became of those that were sent.
        self.asking.clear();
        let back = self.frames.iter().take(self.in_hand);
        self.bytes += back.map(|kept| kept.frame.len()).sum::<usize>();
        self.in_hand = 0;
        (lost.len() as u64, self.trim())
    }

    /// Removes so many of the oldest that are in hand; no more than there are, as they may have been cleared away.
    fn settle(&mut self, count: usize) -> impl Iterator<Item = Kept> {
        let count = count.min(self.in_hand);
        self.in_hand -= count;
        self.frames.drain(..count)
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        for kept in std::mem::take(&mut self.frames) {
            self.gone(kept.number);
        }
        (self.in_hand, self.bytes) = (0, 0);
    }

    /// Tells those that wait for it.
    fn gone(&self, number: u64) {
        for flush in self.flushes.iter().filter_map(Weak::upgrade).filter(|flush| number <= flush.last) {
            flush.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many wait or are in hand.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Begins to wait for all that were made before.
    pub(super) fn flush(&mut self) -> Arc<Flush> {
        let flush = Arc::new(Flush { last: self.published, lost: AtomicU64::new(0) });
        self.flushes.retain(|flush| flush.strong_count() > 0);
        self.flushes.push(Arc::downgrade(&flush));
        flush
    }

    /// What came of the wait; none while it goes on.
    pub(super) fn outcome(&self, flush: &Flush) -> Option<Result<(), Error>> {
        match flush.lost.load(Ordering::Relaxed) {
            0 => self.frames.front().is_none_or(|oldest| oldest.number > flush.last).then_some(Ok(())),
            lost => Some(Err(Error::Lost(lost))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(most: usize, most_bytes: usize, frames: &[&'static str]) -> (KeptPublishes, Vec<u64>) {
        let mut kept = KeptPublishes::new(most, most_bytes);
        let dropped = frames.iter().map(|frame| kept.push((*frame).into(), None)).collect();
        (kept, dropped)
    }

    /// All that wait, which are then sent.
    fn drained(kept: &mut KeptPublishes) -> String {
        let frames: Vec<String> = std::iter::from_fn(|| kept.take()).map(|frame| frame.to_string()).collect();
        kept.sent(frames.len());
        assert_eq!((kept.bytes, kept.len(), kept.in_hand), (0, 0, 0));
        frames.join(" ")
    }

    #[test]
    fn the_oldest_go_for_one_too_many() {
        let (mut kept, dropped) = kept(2, 100, &["a", "b", "c"]);
        assert_eq!((dropped, drained(&mut kept)), (vec![0, 0, 1], "b c".into()));
    }

    #[test]
    fn as_many_of_the_oldest_go_as_a_large_one_needs_room() {
        let (mut kept, dropped) = kept(10, 6, &["aa", "bb", "cc", "dddd"]);
        assert_eq!((dropped, drained(&mut kept)), (vec![0, 0, 0, 2], "cc dddd".into()));
    }

    #[test]
    fn what_a_connection_had_in_hand_waits_again_in_its_place_within_the_bounds() {
        let (mut kept, _) = kept(3, 100, &["a", "b", "c"]);
        for _ in 0..3 {
            kept.take();
        }
        assert_eq!(kept.push("d".into(), None), 0, "what is in hand takes no place");
        kept.sent(1);
        assert_eq!(kept.put_back(0), (0, 0));
        assert_eq!(drained(&mut kept), "b c d");
        for frame in ["e", "f"] {
            kept.push(frame.into(), None);
            kept.take();
        }
        for frame in ["g", "h"] {
            kept.push(frame.into(), None);
        }
        assert_eq!(kept.put_back(0), (0, 1));
        assert_eq!(drained(&mut kept), "f g h");
    }

    #[test]
    fn what_a_socket_had_when_it_broke_is_lost() {
        let (mut kept, _) = kept(10, 100, &["a", "b", "c"]);
        kept.take();
        kept.take();
        assert_eq!(kept.put_back(1), (1, 0));
        assert_eq!(drained(&mut kept), "b c");
    }

    #[test]
    fn a_flush_waits_for_what_was_published_before_it_alone() {
        let (mut kept, _) = kept(2, 100, &["a"]);
        let first = kept.flush();
        for frame in ["b", "c", "d"] {
            kept.take();
            kept.push(frame.into(), None);
        }
        assert!(kept.outcome(&first).is_none());
        kept.sent(1);
        let second = kept.flush();
        assert_eq!((kept.push("e".into(), None), kept.push("f".into(), None)), (0, 1), "d is dropped");
        assert!(matches!(kept.outcome(&first), Some(Ok(()))));
        assert!(matches!(kept.outcome(&second), Some(Err(Error::Lost(1)))));
        kept.clear();
        assert!(matches!(kept.outcome(&second), Some(Err(Error::Lost(3)))));
        assert!(matches!(kept.outcome(&first), Some(Ok(()))));
        let third = kept.flush();
        assert_eq!(kept.flushes.len(), 3);
        drop((first, second));
        let fourth = kept.flush();
        assert!(matches!(kept.outcome(&fourth), Some(Ok(()))));
        assert!(matches!(kept.outcome(&third), Some(Ok(()))));
        assert_eq!(kept.flushes.len(), 2, "those that ended are removed");
    }

    fn ask(kept: &mut KeptPublishes, name: &str) -> oneshot::Receiver<Result<Account, Error>> {
        let (told, telling) = oneshot::channel();
        kept.push("a".into(), Some(Asking { name: name.into(), told }));
        telling
    }

    #[test]
    fn who_asks_for_an_account_waits_through_the_socket_and_learns_of_a_loss() {
        let mut kept = KeptPublishes::new(2, 100);
        let [mut sent, mut early, mut waits] = ["1", "2", "3"].map(|name| {
            let telling = ask(&mut kept, name);
            if name != "3" {
                kept.take();
            }
            telling
        });
        kept.sent(1);
        for name in ["1", "2"] {
            let asking = kept.asking(name).expect("it waits");
            asking.told.send(Ok(Account::default())).expect("somebody waits");
        }
        assert!(sent.try_recv().is_ok() && early.try_recv().is_ok());
        assert!(kept.asking("1").is_none() && kept.asking("3").is_none(), "it has not been sent");
        kept.put_back(0);
        assert!(matches!(waits.try_recv(), Err(oneshot::error::TryRecvError::Empty)), "it is sent again");
        kept.take();
        kept.take();
        kept.sent(2);
        kept.put_back(0);
        assert!(matches!(waits.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }

    #[test]
    fn accounts_that_never_come_do_not_pile_up() {
        let mut kept = KeptPublishes::new(2, 100);
        let mut first = ask(&mut kept, "1");
        for name in ["2", "3"] {
            kept.take();
            kept.sent(1);
            drop(ask(&mut kept, name));
        }
        kept.take();
        kept.sent(1);
        assert_eq!(kept.asking.len(), 2);
        assert!(matches!(first.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    }
}
