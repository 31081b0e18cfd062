//! The layer below the actors: what is delivered, to whom, and each client's queue.
//!
//! | file | what lives there |
//! |---|---|
//! | `body` | one event or instruction on its way to the listeners of a channel, encoded once per encoding |
//! | `instruction`, `order` | instructions for listeners, in order with the events, and commands for a session |
//! | `description` | how a session describes itself |
//! | `listener` | one session's interest in one channel |
//! | `viewed` | a listener's view, and the events that wait for its decision |
//! | `local` | the listeners of one channel on one worker |
//! | `lag` | lost events, and how listeners learn of them |
//! | `outlet`, `answer_order`, `outbox` | the path to a client, the order of its answers, and the frames that wait for its carrier |
//! | `flusher` | one task per worker that writes for all sockets |
//! | `in_flight` | publishes in progress whose client does not wait for an answer |
//! | `rounds` | pending acknowledgements |
//! | `account` | what became of the events whose publishers ask for that |
//!
//! No actor is named here: messages for a listener's holder go through [`Holder`], messages for a client through [`Outlet`].
mod account;
mod answer_order;
mod body;
mod description;
mod flusher;
mod in_flight;
mod instruction;
mod lag;
mod listener;
mod local;
mod order;
mod outbox;
mod outlet;
mod rounds;
mod viewed;

pub use account::{Accounts, AwaitedCount, Tally};
pub use answer_order::AnswerOrder;
pub use body::{Body, Delivery, Naming, Seq};
pub use description::{
    DescribedSubscription, DescriptionAnswer, DescriptionQuery, QueueDescription, SessionDescription,
    TransportDescription,
};
pub use flusher::Flush;
pub use in_flight::{InFlight, InFlightPlace};
pub use instruction::{GroupsQuery, Instruct, Instruction};
pub use lag::{Gap, Lag, Loss, Skipped};
pub use listener::{Claimant, GroupMember, Listener, Missed, Offered, Settled, Since};
pub use local::{Comebacks, ListenerKey, ListenerStatus, Local};
pub use order::{Holder, SessionOrder, SubscribeOptions};
pub use outbox::{Cut, Outbox, Outgoing, Pushed, WhenFull};
pub use outlet::{Delivered, Outlet, Ticket};
pub use rounds::{Acknowledgement, Answers, OpenRound, Rounds};
pub use viewed::{ViewBounds, Viewed, decide, look};
