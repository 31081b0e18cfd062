//! Rounds of acknowledgements: an event that asks its listeners for an answer each, and what has come back.
use crate::types::{Json, SessionId};
use bytes::Bytes;
use foldhash::quality::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// What one session answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Its arguments: an array.
    pub args: Json,
    /// The binary parts that placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
}

/// What has come back when a round ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Who answered what, in the order it came.
    pub given: Vec<(SessionId, Acknowledgement)>,
    /// Who was asked and has not answered.
    pub missing: Vec<SessionId>,
}

/// The rounds under way. Cheap to clone; a table behind a lock that is held for a look-up only.
#[derive(Clone)]
pub struct Rounds {
    table: Arc<Mutex<Table>>,
    limit: usize,
}

#[derive(Default)]
struct Table {
    rounds: HashMap<u64, Round, RandomState>,
    next: u64,
}

struct Round {
    /// Reports that are still to come of who was asked: that of the channel, then one of each hub.
    unreported: usize,
    asked: HashSet<SessionId, RandomState>,
    given: Vec<(SessionId, Acknowledgement)>,
    over: Option<oneshot::Sender<()>>,
}

/// One round; it ends when this is dropped.
pub struct OpenRound {
    rounds: Rounds,
    /// Its number, which the event carries.
    pub number: u64,
    /// Says that everybody has answered.
    pub over: oneshot::Receiver<()>,
}

impl Rounds {
    /// At most `limit` rounds at a time.
    pub fn new(limit: usize) -> Self {
        Rounds { table: Arc::default(), limit }
    }

    /// Begins a round; none where there are as many as there may be.
    pub fn open(&self) -> Option<OpenRound> {
        let mut table = self.table();
        if table.rounds.len() >= self.limit {
            return None;
        }
        let number = table.next;
        table.next += 1;
        let (sender, over) = oneshot::channel();
        let round = Round { unreported: 1, asked: HashSet::default(), given: vec![], over: Some(sender) };
        table.rounds.insert(number, round);
        drop(table);
        Some(OpenRound { rounds: self.clone(), number, over })
    }

    /// The channel has sent the event to this many hubs.
    pub fn sent(&self, number: u64, hubs: usize) {
        self.report(number, |round| round.unreported = round.unreported + hubs - 1);
    }

    /// A hub has handed the event to these sessions.
    pub fn asked(&self, number: u64, sessions: impl IntoIterator<Item = SessionId>) {
        self.report(number, |round| {
            round.asked.extend(sessions);
            round.unreported = round.unreported.saturating_sub(1);
        });
    }

    /// A session answers. Only the first answer of one who was asked counts.
    pub fn answer(&self, number: u64, session: SessionId, answer: Acknowledgement) {
        self.report(number, |round| {
            if round.asked.remove(&session) {
                round.given.push((session, answer));
            }
        });
    }

    fn report(&self, number: u64, change: impl FnOnce(&mut Round)) {
        let mut table = self.table();
        let Some(round) = table.rounds.get_mut(&number) else { return };
        change(round);
        if round.unreported == 0
            && round.asked.is_empty()
            && let Some(over) = round.over.take()
        {
            // Who waited may have given up.
            let _ = over.send(());
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl OpenRound {
    /// Ends the round: what has come back so far.
    pub fn close(self) -> Answers {
        let round = self.rounds.table().rounds.remove(&self.number);
        round.map_or(Answers::default(), |round| Answers {
            given: round.given,
            missing: round.asked.into_iter().collect(),
        })
    }
}

impl Drop for OpenRound {
    fn drop(&mut self) {
        self.rounds.table().rounds.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Acknowledgement {
        Acknowledgement { args: Json::null(), attachments: vec![] }
    }

    #[test]
    fn a_round_is_over_when_all_who_were_asked_have_answered() {
        let rounds = Rounds::new(1);
        let (one, two, stranger) = (SessionId::random(), SessionId::random(), SessionId::random());
        let mut round = rounds.open().unwrap();
        assert!(rounds.open().is_none(), "the bound is reached");
        rounds.sent(round.number, 2);
        rounds.asked(round.number, [one]);
        rounds.answer(round.number, one, answer());
        assert!(round.over.try_recv().is_err(), "the second hub has not told whom it asked");
        rounds.asked(round.number, [two]);
        rounds.answer(round.number, stranger, answer());
        assert!(round.over.try_recv().is_err());
        rounds.answer(round.number, two, answer());
        assert!(round.over.try_recv().is_ok());
        let answers = round.close();
        assert_eq!(answers.given.iter().map(|(who, _)| *who).collect::<Vec<_>>(), [one, two]);
        assert!(answers.missing.is_empty() && rounds.open().is_some());
    }

    #[test]
    fn a_round_that_nobody_was_asked_in_is_over_at_once() {
        let rounds = Rounds::new(1);
        let mut round = rounds.open().unwrap();
        rounds.sent(round.number, 0);
        assert!(round.over.try_recv().is_ok());
    }

    #[test]
    fn who_has_not_answered_is_missing() {
        let rounds = Rounds::new(1);
        let who = SessionId::random();
        let round = rounds.open().unwrap();
        rounds.sent(round.number, 1);
        rounds.asked(round.number, [who]);
        assert_eq!(round.close(), Answers { given: vec![], missing: vec![who] });
    }
}
