//! Whose turn it is: so many at once, and those who wait are taken by party, each party once in a round.
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Turns that parties wait for. One party that asks a thousand times keeps another waiting for one turn of its own.
pub(super) struct Turns<P: Hash + Eq + Clone>(Mutex<Table<P>>);

struct Table<P: Hash + Eq + Clone> {
    free: usize,
    /// Those who wait, each once, in the order of the round.
    round: VecDeque<P>,
    waiting: HashMap<P, VecDeque<oneshot::Sender<Turn<P>>>>,
}

/// Somebody's turn, over when it is dropped.
pub(super) struct Turn<P: Hash + Eq + Clone>(Option<Arc<Turns<P>>>);

/// One who waits, and is forgotten when this is dropped.
struct Waiting<P: Hash + Eq + Clone> {
    turns: Arc<Turns<P>>,
    party: P,
    told: oneshot::Receiver<Turn<P>>,
}

impl<P: Hash + Eq + Clone> Turns<P> {
    /// So many at once.
    pub fn new(at_once: usize) -> Self {
        Turns(Mutex::new(Table { free: at_once.max(1), round: VecDeque::new(), waiting: HashMap::new() }))
    }

    /// Waits for a turn of a party.
    pub async fn wait(self: &Arc<Self>, party: P) -> Turn<P> {
        let mut waiting = {
            let mut table = self.locked();
            if table.free > 0 {
                table.free -= 1;
                return Turn(Some(self.clone()));
            }
            let (tell, told) = oneshot::channel();
            table.enter(party.clone(), tell);
            Waiting { turns: self.clone(), party, told }
        };
        // Nobody drops the other end but with a turn in it, or with its owner.
        (&mut waiting.told).await.unwrap_or(Turn(None))
    }

    /// Gives a turn that is over to the next who waits.
    fn give(self: Arc<Self>) {
        loop {
            let Some(next) = self.locked().next() else { return };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Whoever waited has given up; this turn is still to be given.
                Err(mut turn) => drop(turn.0.take()),
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Table<P>> {
        // Nothing that can panic happens between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Hash + Eq + Clone> Table<P> {
    fn enter(&mut self, party: P, tell: oneshot::Sender<Turn<P>>) {
        let of_party = self.waiting.entry(party.clone()).or_default();
        if of_party.is_empty() {
            self.round.push_back(party);
        }
        of_party.push_back(tell);
    }

    /// The next who waits; none where nobody does, and then the turn is free.
    fn next(&mut self) -> Option<oneshot::Sender<Turn<P>>> {
        while let Some(party) = self.round.pop_front() {
            let Some(of_party) = self.waiting.get_mut(&party) else { continue };
            let next = of_party.pop_front();
            match of_party.is_empty() {
                true => drop(self.waiting.remove(&party)),
                false => self.round.push_back(party),
            }
            if next.is_some() {
                return next;
            }
        }
        self.free += 1;
        None
    }
}

impl<P: Hash + Eq + Clone> Drop for Turn<P> {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.give();
        }
    }
}

impl<P: Hash + Eq + Clone> Drop for Waiting<P> {
    fn drop(&mut self) {
        // Closed first: no turn is sent from now on, and one that was sent goes on to the next.
        self.told.close();
        drop(self.told.try_recv());
        let mut table = self.turns.locked();
        let Table { round, waiting, .. } = &mut *table;
        if let Some(of_party) = waiting.get_mut(&self.party) {
            of_party.retain(|one| !one.is_closed());
            if of_party.is_empty() {
                waiting.remove(&self.party);
                round.retain(|party| *party != self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[actix_rt::test]
    async fn parties_have_their_turns_in_rounds_however_often_one_asks() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.wait("a").await;
        let order = Rc::<RefCell<Vec<&str>>>::default();
        let waiting: Vec<_> = ["a", "a", "a", "b", "a", "c", "b"]
            .into_iter()
            .map(|party| {
                let (turns, order) = (turns.clone(), order.clone());
                actix_rt::spawn(async move {
                    let _turn = turns.wait(party).await;
                    order.borrow_mut().push(party);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(first);
        for one in waiting {
            one.await.expect("it does not panic");
        }
        assert_eq!(*order.borrow(), ["a", "b", "c", "a", "b", "a", "a"]);
        let table = turns.locked();
        assert!(table.free == 1 && table.round.is_empty() && table.waiting.is_empty());
    }

    #[actix_rt::test]
    async fn who_gives_up_is_forgotten_and_a_turn_that_was_given_meanwhile_is_not_lost() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.wait("a").await;
        let mut gone = Box::pin(turns.wait("b"));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(gone);
        assert!(turns.locked().waiting.is_empty() && turns.locked().round.is_empty());
        let mut late = Box::pin(turns.wait("c"));
        assert!(late.as_mut().now_or_never().is_none());
        drop(first);
        drop(late);
        assert!(turns.wait("d").now_or_never().is_some());
    }
}
