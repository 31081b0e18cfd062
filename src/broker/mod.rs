//! The actors: registry, channel, hub, session; handlers. Names no wire.
//!
//! | file | what lives there |
//! |---|---|
//! | `start` | how a node starts |
//! | `session` | one client identity with its listeners |
//! | `messages` | listeners, streams and sessions of Rust code |
//! | `control`, `query` | operations on channels for the API, handlers and Rust code |
//! | `sessions`, `emission` | the same for sessions, and events for those of a home |
//! | `inspection` | lists sessions; each describes itself |
//! | `tail`, `taps` | watches the events of channels from outside |
//! | `census` | the numbers of a node |
//! | `cluster` | the other nodes that share an engine |
//! | `worker` | what the sessions of one thread share |
//! | `channel`, `recovery` | one channel: order, positions, listeners, events from the bus |
//! | `registry` | which channels exist, and the routes to them |
//! | `hub` | one thread: the channels it knows, and their listeners there |
//! | `handler` | the user's own actors |
//! | `channels`, `authentication`, `connections` | what names mean; which tokens are valid; how many connections may open |
//! | `node` | what all of them share, grouped by subject |
//! | `directory`, `recoverable`, `revocations`, `deadline`, `policy`, `expose`, `fault` | tables and values: live sessions, sessions that can be resumed, revocations, deadlines, what the config says, exposed spaces, how errors appear to clients |
mod authentication;
mod census;
mod channel;
mod channels;
mod cluster;
mod connections;
mod control;
mod deadline;
mod directory;
mod emission;
mod expose;
mod fault;
pub mod handler;
mod hub;
mod inspection;
pub mod messages;
mod node;
mod policy;
mod query;
mod recoverable;
mod recovery;
mod refusals;
mod registry;
mod revocations;
mod session;
mod sessions;
mod start;
mod tail;
mod taps;
mod unknown;
mod worker;

pub use authentication::Authentication;
pub use census::{Census, NodeInfo};
pub use channel::Channel;
pub use channels::Channels;
pub use cluster::{Accounted, Everywhere, Questions, Reached, Revoke, RevokeError};
pub use connections::{ConnectionPlace, Connections};
pub use control::PublishRequest;
pub use deadline::{DeadlineKey, Deadlines, Due};
pub use directory::{Attendance, Directory, DirectoryEntry, SessionRef, Target};
pub use emission::{Emission, Emitted, Homes};
pub use expose::Expose;
pub use hub::HubId;
pub use inspection::{Inspected, Inspection};
pub(crate) use node::WeakNode;
pub use node::{Node, Parts, Settings};
pub use policy::{Limits, Namespace, Namespaces, Rule, UnknownRule};
pub use query::HistoryRequest;
pub use recoverable::{RecoverableSession, RecoverableSessions, SessionData, SessionExtension};
pub use revocations::Revocations;
pub use session::{Admit, Ask, ClientTerms, Gone, PingSettings, Session};
pub use sessions::Sessions;
pub use tail::Tail;
pub use taps::{Tapped, Taps};
pub use worker::Worker;
