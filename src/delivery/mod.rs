//! The floor below the actors: what is delivered, to whom, and the queue that it waits in for its client.
//!
//! | file | what lives there |
//! |---|---|
//! | `body` | one thing on its way to the listeners of a channel, encoded once for each encoding |
//! | `instruction`, `order` | what is done to listeners in the order of events, and what a session is ordered to do |
//! | `description` | what a session tells of itself |
//! | `listener` | one session's interest in one channel |
//! | `viewed` | a listener's view, and what waits for it to decide |
//! | `local` | the listeners of one channel on one worker |
//! | `lag` | what got lost, and how that is told |
//! | `outlet`, `answer_order`, `outbox` | the way to a client, the order of its answers, and the frames that wait for its carrier |
//! | `flusher` | one task per worker that writes for all sockets |
//! | `in_flight` | publishes under way whose client waits for no answer |
//! | `rounds` | acknowledgements that are waited for |
//!
//! No actor is named here: what a listener's holder is told goes through [`Holder`], what a client is sent through [`Outlet`].
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

pub use answer_order::AnswerOrder;
pub use body::{Body, Delivery, Naming, Seq};
pub use description::{DescribedSubscription, DescriptionAnswer, DescriptionQuery, SessionDescription};
pub use flusher::Flush;
pub use in_flight::{InFlight, InFlightPlace};
pub use instruction::{GroupsQuery, Instruct, Instruction};
pub use lag::{Gap, Lag, Loss, Skipped};
pub use listener::{GroupMember, Listener, Missed, Offered, Settled, Since};
pub use local::{Comebacks, ListenerKey, ListenerStatus, Local};
pub use order::{Holder, SessionOrder, SubscribeOptions};
pub use outbox::{Cut, Outbox, Outgoing, Pushed, WhenFull};
pub use outlet::{Delivered, Outlet, Ticket};
pub use rounds::{Acknowledgement, Answers, OpenRound, Rounds};
pub use viewed::{ViewBounds, Viewed, decide, look};
