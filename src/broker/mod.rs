//! The actors: registry, channel, hub, session; handlers. Names no wire.
//!
//! | file | what lives there |
//! |---|---|
//! | `start` | how a node begins |
//! | `session` | one client identity with its listeners |
//! | `messages` | listeners, streams and sessions of Rust code |
//! | `control`, `query`, `emission`, `bearer` | what the API, handlers and Rust code ask of the broker |
//! | `cluster` | the other nodes that share an engine |
//! | `worker` | what the sessions of one thread share |
//! | `channel`, `recovery` | one channel: order, positions, who listens, what the bus brings |
//! | `registry` | which channels there are, and the way there |
//! | `hub` | one thread: the channels it knows, and their listeners there |
//! | `handler` | the user's own actors |
//! | `node` | what all of them share |
//! | `directory`, `recoverable`, `revocations`, `deadline`, `policy`, `expose`, `fault` | tables and values: which sessions there are, which may come back, what has been taken back, what falls due, what the config says, what of other spaces is shown, what errors are to clients |
mod bearer;
mod channel;
mod cluster;
mod control;
mod deadline;
mod directory;
mod emission;
mod expose;
mod fault;
pub mod handler;
mod hub;
pub mod messages;
mod node;
mod policy;
mod query;
mod recoverable;
mod recovery;
mod registry;
mod revocations;
mod session;
mod start;
mod worker;

pub use channel::Channel;
pub use cluster::{Everywhere, Questions, Reached, Revoke, RevokeError};
pub use control::{Census, NodeInfo, PublishRequest};
pub use deadline::{DeadlineKey, Deadlines, Due};
pub use directory::{Attendance, Directory, SessionRef, Target};
pub use emission::{Emission, Emitted};
pub use expose::Expose;
pub use hub::HubId;
pub use node::{ConnectionPlace, Node, Parts, Settings};
pub use policy::{Limits, Namespace, Namespaces, Rule, UnknownRule};
pub use query::HistoryRequest;
pub use recoverable::{RecoverableSession, RecoverableSessions, SessionData};
pub use revocations::Revocations;
pub use session::{Ask, Gone, PingSettings, Session};
pub use worker::Worker;
