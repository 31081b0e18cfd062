//! The actors: registry, channel, hub, session; handlers. Names no wire.
//!
//! | file | what lives there |
//! |---|---|
//! | `node` | what all actors of one running broker share |
//! | `registry`, `routing` | which channels there are, and the way there |
//! | `directory` | which sessions there are |
//! | `channel`, `recovery` | one channel: order, positions, who listens, what the bus brings |
//! | `hub`, `worker` | one worker thread: the channels it knows, and what its sessions share |
//! | `session` | one client identity with its listeners |
//! | `kept` | what is kept of sessions whose clients may come back to them |
//! | `emission` | events for some of a channel's listeners |
//! | `messages` | listeners, streams and sessions of Rust code |
//! | `handler` | the user's own actors |
//! | `control`, `query` | what the API and Rust code ask of the broker |
//! | `bus`, `peers` | what goes to all nodes that share an engine: events, and what is asked of them |
//! | `revocations` | what has been taken back of what tokens granted |
//! | `policy` | what the config says |
mod bus;
mod channel;
mod control;
mod deadline;
mod directory;
mod emission;
pub mod handler;
mod hub;
mod kept;
mod message;
pub mod messages;
mod node;
mod peers;
mod policy;
mod query;
mod recovery;
mod registry;
mod revocations;
mod routing;
mod session;
mod worker;

pub use channel::Channel;
pub use control::{Census, NodeInfo, PublishRequest};
pub use deadline::{DeadlineKey, Deadlines, Due};
pub use directory::{Attendance, Directory, SessionAddr, Target};
pub use emission::{Emission, Emitted};
pub use hub::HubId;
pub use kept::{Kept, KeptSession, SessionData};
pub use message::{Ask, Gone};
pub use node::{ConnectionPlace, Node, Parts, Settings};
pub use peers::{Everywhere, Questions, Reached};
pub use policy::{Limits, Namespace, Namespaces, Rule, UnknownRule};
pub use query::HistoryRequest;
pub use revocations::{Revocations, Revoke, RevokeError};
pub use routing::RoutePlace;
pub use session::{Greeting, Session};
pub use worker::Worker;
