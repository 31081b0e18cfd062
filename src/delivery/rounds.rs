//! Rounds of acknowledgements: an event that asks each of its listeners for an answer, and the answers so far.
use crate::metrics::Metrics;
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
    /// Who was asked and has not answered, or whose answer did not fit.
    pub missing: Vec<SessionId>,
}

/// The rounds under way. Cheap to clone; a table behind a lock that is held for a look-up only.
#[derive(Clone)]
pub struct Rounds(Arc<Inner>);

struct Inner {
    table: Mutex<Table>,
    /// Rounds at a time.
    limit: usize,
    /// Bytes of all answers that wait for their rounds to end.
    bytes_limit: usize,
    metrics: Metrics,
}

#[derive(Default)]
struct Table {
    rounds: HashMap<u64, Round, RandomState>,
    next: u64,
    /// Bytes of the answers in all rounds.
    bytes: usize,
}

struct Round {
    /// Reports that are still to come of who was asked: that of the channel, then one of each hub.
    unreported: usize,
    asked: HashSet<SessionId, RandomState>,
    given: Vec<(SessionId, Acknowledgement)>,
    /// Sessions whose answers did not fit.
    refused: Vec<SessionId>,
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
    /// At most `limit` rounds at a time, and at most `bytes_limit` bytes of answers in all of them.
    pub fn new(limit: usize, bytes_limit: usize, metrics: Metrics) -> Self {
        Rounds(Arc::new(Inner { table: Mutex::default(), limit, bytes_limit, metrics }))
    }

    /// Begins a round; none where there are as many as there may be.
    pub fn open(&self) -> Option<OpenRound> {
        let mut table = self.table();
        if table.rounds.len() >= self.0.limit {
            self.0.metrics.reached("ack_rounds");
            return None;
        }
        let number = table.next;
        table.next += 1;
        let (sender, over) = oneshot::channel();
        let round =
            Round { unreported: 1, asked: HashSet::default(), given: vec![], refused: vec![], over: Some(sender) };
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

    /// A session answers. Only the first answer of one who was asked counts. One that does not fit is missing.
    pub fn answer(&self, number: u64, session: SessionId, answer: Acknowledgement) {
        let mut table = self.table();
        let Table { rounds, bytes, .. } = &mut *table;
        let Some(round) = rounds.get_mut(&number) else { return };
        if round.asked.remove(&session) {
            let cost = answer.bytes();
            match *bytes + cost <= self.0.bytes_limit {
                true => {
                    *bytes += cost;
                    round.given.push((session, answer));
                }
                false => {
                    self.0.metrics.reached("ack_bytes");
                    round.refused.push(session);
                }
            }
        }
        round.end_if_over();
    }

    fn report(&self, number: u64, change: impl FnOnce(&mut Round)) {
        let mut table = self.table();
        let Some(round) = table.rounds.get_mut(&number) else { return };
        change(round);
        round.end_if_over();
    }

    /// Takes a round out, and its answers off what is kept.
    fn remove(&self, number: u64) -> Option<Round> {
        let mut table = self.table();
        let round = table.rounds.remove(&number)?;
        table.bytes -= round.given.iter().map(|(_, answer)| answer.bytes()).sum::<usize>();
        Some(round)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.0.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Acknowledgement {
    /// What keeping it costs in bytes.
    fn bytes(&self) -> usize {
        let attachments = self.attachments.iter().map(|bytes| size_of::<Bytes>() + bytes.len());
        size_of::<(SessionId, Self)>() + self.args.bytes().len() + attachments.sum::<usize>()
    }
}

impl Round {
    fn end_if_over(&mut self) {
        if self.unreported == 0
            && self.asked.is_empty()
            && let Some(over) = self.over.take()
        {
            // Who waited may have given up.
            let _ = over.send(());
        }
    }
}

impl OpenRound {
    /// Ends the round: what has come back so far.
    pub fn close(self) -> Answers {
        let round = self.rounds.remove(self.number);
        round.map_or(Answers::default(), |round| Answers {
            given: round.given,
            missing: round.asked.into_iter().chain(round.refused).collect(),
        })
    }
}

impl Drop for OpenRound {
    fn drop(&mut self) {
        self.rounds.remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(limit: usize) -> Rounds {
        Rounds::new(limit, 1_000, Metrics::new())
    }

    fn answer() -> Acknowledgement {
        Acknowledgement { args: Json::null(), attachments: vec![] }
    }

    #[test]
    fn a_round_is_over_when_all_who_were_asked_have_answered() {
        let rounds = rounds(1);
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
        let rounds = rounds(1);
        let mut round = rounds.open().unwrap();
        rounds.sent(round.number, 0);
        assert!(round.over.try_recv().is_ok());
    }

    #[test]
    fn who_has_not_answered_is_missing() {
        let rounds = rounds(1);
        let who = SessionId::random();
        let round = rounds.open().unwrap();
        rounds.sent(round.number, 1);
        rounds.asked(round.number, [who]);
        assert_eq!(round.close(), Answers { given: vec![], missing: vec![who] });
    }
    #[test]
    fn answers_that_do_not_fit_are_missing_and_those_of_an_ended_round_make_room() {
        let rounds = rounds(2);
        let (small, large) = (SessionId::random(), SessionId::random());
        let ask = || {
            let round = rounds.open().unwrap();
            rounds.sent(round.number, 1);
            rounds.asked(round.number, [small, large]);
            rounds.answer(round.number, small, answer());
            let attachments = vec![Bytes::from(vec![0; 900])];
            rounds.answer(round.number, large, Acknowledgement { attachments, ..answer() });
            round
        };
        for _ in 0..3 {
            let mut round = ask();
            assert!(round.over.try_recv().is_ok(), "nobody is waited for");
            let answers = round.close();
            assert_eq!((answers.given.len(), answers.missing), (1, vec![large]));
        }
        let text = rounds.0.metrics.text().unwrap();
        assert!(text.contains(r#"callboard_limits_reached_total{limit="ack_bytes"} 3"#), "{text}");
    }
}
