//! What a client said before its connection ended, and its session has not done yet.
use super::{Gone, Phase, Session};
use crate::metrics::Metrics;
use crate::protocol::Command;
use crate::types::Place;
use actix::prelude::*;
use std::time::Duration;

/// How long a session outlives its connection to do what its client said last.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What a session owes a client that may be gone.
#[derive(Default)]
pub(super) struct LastWords {
    /// The connection has ended: the session ends once it has done what is in its queue.
    pub is_gone: bool,
    /// A publish waits for the handlers that look at it.
    pub holds_publish: bool,
    /// Where its home stood when the connection ended: what has come since, its client has not. None while the connection is there.
    pub left: Option<Option<Place>>,
}

/// Whether a command does anything for others than the client.
fn is_for_others(command: &Command) -> bool {
    match command {
        Command::Register(_)
        | Command::Publish(_)
        | Command::Rpc(_)
        | Command::Send(_)
        | Command::Emit(_)
        | Command::Acknowledge(_) => true,
        Command::Connect(_)
        | Command::Subscribe(_)
        | Command::Unsubscribe(_)
        | Command::Presence(_)
        | Command::PresenceStats(_)
        | Command::History(_)
        | Command::Leave
        | Command::Refresh(_)
        | Command::SubRefresh(_)
        | Command::Refused(_)
        | Command::Pong => false,
    }
}

impl Handler<Gone> for Session {
    type Result = ();

    /// A client may publish and leave at once. What it said behind a command that still waits is done all the same, or an event would
    /// be lost in silence.
    fn handle(&mut self, gone: Gone, ctx: &mut Self::Context) {
        self.reason = gone.reason;
        // What stands before a command for others may be what allows that.
        while self.queue.back().is_some_and(|ask| !is_for_others(&ask.command)) {
            self.queue.pop_back();
        }
        let is_owed = self.last_words.holds_publish || !self.queue.is_empty();
        if !matches!(self.phase, Phase::Connecting | Phase::In) || !is_owed {
            return ctx.stop();
        }
        if std::mem::replace(&mut self.last_words.is_gone, true) {
            return;
        }
        self.last_words.left = self.home_place();
        ctx.run_later(LAST_WORDS, |session, ctx| {
            let unheard = session.queue.len() + usize::from(session.last_words.holds_publish);
            (0..unheard).for_each(|_| Metrics::count(&session.node().metrics().drops, "last_words"));
            ctx.stop();
        });
    }
}
