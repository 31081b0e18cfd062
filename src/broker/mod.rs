//! The actors: registry, channel, hub, session; the outbox; handlers. Names no wire.
//!
//! | file | what lives there |
//! |---|---|
//! | `node` | what all actors of one running broker share |
//! | `registry`, `routing` | which channels there are, and the way there |
//! | `directory` | which sessions there are |
//! | `channel`, `recovery` | one channel: order, positions, who listens, what the bus brings |
//! | `hub`, `listener`, `worker` | one worker thread: its listeners and what they share |
//! | `session` | one client identity with its listeners |
//! | `kept` | what is kept of sessions whose clients may come back to them |
//! | `emission`, `rounds`, `instruction` | events for some of a channel's listeners, their answers, what is done to them |
//! | `messages` | listeners, streams and sessions of Rust code |
//! | `outbox`, `flusher`, `outlet`, `delivery` | the way out |
//! | `flight` | what is under way and wants no answer |
//! | `handler` | the user's own actors |
//! | `control`, `query` | what the API and Rust code ask of the broker |
//! | `bus`, `peers` | what goes to all nodes that share an engine: events, and what is asked of them |
//! | `revocations` | what has been taken back of what tokens granted |
//! | `policy` | what the config says |
mod bus;
mod channel;
mod control;
mod deadline;
mod delivery;
mod directory;
mod emission;
mod flight;
mod flusher;
pub mod handler;
mod hub;
mod instruction;
mod kept;
mod lag;
mod listener;
mod message;
pub mod messages;
mod node;
mod outbox;
mod outlet;
mod peers;
mod policy;
mod query;
mod recovery;
mod registry;
mod revocations;
mod rounds;
mod routing;
mod session;
mod worker;

pub use channel::Channel;
pub use control::{Census, NodeInfo, PublishRequest};
pub use deadline::{DeadlineKey, Deadlines, Due};
pub use delivery::{Body, Delivery, Seq};
pub use directory::{Attendance, Directory, SessionAddr, Target};
pub use emission::{Emission, Emitted};
pub use flight::{Flight, FlightPlace};
pub use flusher::Flush;
pub use hub::{HubId, ListenerKey};
pub use instruction::{Instruct, Instruction, Telling};
pub use kept::{Kept, KeptSession, SessionData};
pub use lag::Lag;
pub use message::{Ask, Gone, SessionOrder};
pub use node::{ConnectionPlace, Node, Parts, Settings};
pub use outbox::{Cut, Outbox, Pushed};
pub use outlet::{Outlet, Ticket};
pub use peers::{Everywhere, Questions, Reached};
pub use policy::{Limits, Namespace, Namespaces, Rule, UnknownRule};
pub use query::HistoryRequest;
pub use revocations::{Revocations, Revoke, RevokeError};
pub use rounds::{Acknowledgement, Answers, OpenRound, Rounds};
pub use routing::RoutePlace;
pub use session::{Greeting, Session, SubscribeOptions};
pub use worker::Worker;
