//! Answers on their way back to the threads that asked: those of one batch go together.
//!
//! An answer by itself wakes its task from the engine's thread, and an actor's thread runs what is woken from outside one at a
//! time, each with all that follows from it: a reply to a client would be a write by itself. Handed out at home, the answers
//! of a batch are all there before anything follows from them, and the replies leave together.
use super::request::Outcome;
use std::cell::RefCell;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// An answer and who waits for it.
type Answered = (oneshot::Sender<Outcome>, Outcome);

/// Where a question was asked: a thread with a runtime, on which answers are handed out.
pub(super) struct Home(mpsc::UnboundedSender<Vec<Answered>>);

thread_local! {
    static HERE: RefCell<Option<Arc<Home>>> = const { RefCell::new(None) };
}

/// The home of this thread; none where it has no runtime.
pub(super) fn here() -> Option<Arc<Home>> {
    HERE.with_borrow_mut(|here| {
        // That of a runtime that has ended is of no use.
        if here.as_ref().is_none_or(|home| home.0.is_closed()) {
            *here = Handle::try_current().ok().map(|runtime| Arc::new(Home::start(&runtime)));
        }
        here.clone()
    })
}

impl Home {
    fn start(runtime: &Handle) -> Self {
        // Bounded by the questions that are under way.
        let (inlet, mut answers) = mpsc::unbounded_channel::<Vec<Answered>>();
        runtime.spawn(async move {
            while let Some(batch) = answers.recv().await {
                batch.into_iter().for_each(give);
            }
        });
        Home(inlet)
    }
}

fn give((waiting, outcome): Answered) {
    // Who asked may have stopped waiting.
    let _ = waiting.send(outcome);
}

/// The answers of one batch, by home.
#[derive(Default)]
pub(super) struct Homeward(Vec<(Arc<Home>, Vec<Answered>)>);

impl Homeward {
    pub fn add(&mut self, home: Option<Arc<Home>>, waiting: oneshot::Sender<Outcome>, outcome: Outcome) {
        let Some(home) = home else { return give((waiting, outcome)) };
        // As many homes as there are workers: few.
        match self.0.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &home)) {
            Some((_, answers)) => answers.push((waiting, outcome)),
            None => self.0.push((home, vec![(waiting, outcome)])),
        }
    }

    pub fn go(self) {
        for (home, answers) in self.0 {
            if let Err(mpsc::error::SendError(answers)) = home.0.send(answers) {
                answers.into_iter().for_each(give);
            }
        }
    }
}
