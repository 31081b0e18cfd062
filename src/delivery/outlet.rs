//! The path from a session to its client, whatever carries it.
use super::{Delivery, InFlightPlace, Lag, Naming, Pushed, TransportDescription, WhenFull};
use crate::protocol::{Push, Reply};
use crate::types::Disconnect;

/// Names a command of a connection between its arrival and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// What became of a delivery on its way to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It will be written.
    Queued,
    /// The client is not to have it, cannot take it at once, or is gone.
    Skipped,
    /// It did not fit: the client reads too slowly, and its connection is cut.
    Full,
}

impl From<Pushed> for Delivered {
    fn from(pushed: Pushed) -> Self {
        match pushed {
            Pushed::Queued => Delivered::Queued,
            Pushed::Ended => Delivered::Skipped,
            Pushed::Overflow => Delivered::Full,
        }
    }
}

/// The way from a session to its client. Lives on the session's thread; never calls back into hub or session.
///
/// Everything that is said goes through one queue, so that a reply and the pushes around it keep their order.
pub trait Outlet {
    /// Sends an event, a join or a leave of a channel that the client knows by this name; `when_full` says what is done where it
    /// does not fit.
    fn deliver(&self, delivery: &Delivery, naming: Naming<'_>, when_full: WhenFull) -> Delivered;

    /// Sends something else that the client did not ask for.
    fn push(&self, push: &Push);

    /// Whether the client's wire has words for that. Where it has none, [`Outlet::push`] says nothing.
    fn has_pushes(&self) -> bool {
        true
    }

    /// Answers a command. Answers leave in the order of the commands, but for those to rpc.
    fn answer(&self, ticket: Ticket, reply: Reply);

    /// Marks a command as done that has no answer.
    fn done(&self, ticket: Ticket);

    /// Marks a publish as done whose client wants no answer, for a place among those that are under way; none where it wants
    /// one.
    fn quiet(&self, ticket: Ticket) -> Option<InFlightPlace> {
        let _ = ticket;
        None
    }

    /// Events of a channel were lost at this place, or may have been, which nobody can bring: its listener goes on without
    /// them (decision 23a).
    fn lagged(&self, lag: &Lag) {
        let _ = lag;
    }

    /// How the client is connected, for operators; none where nothing carries it, as within the process.
    fn transport(&self) -> Option<TransportDescription> {
        None
    }

    /// Ends the connection after what is queued; its client is told why.
    fn close(&self, reason: Disconnect);
}
