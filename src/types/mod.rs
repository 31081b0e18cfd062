//! The words every room shares: names, events, positions, identities, faults. No actix and no IO here.
mod answer;
mod channel;
mod client;
mod clock;
mod envelope;
mod event;
mod fault;
mod filter_node;
mod handshake;
mod identity;
mod json;
mod position;
mod revocation;

pub use answer::{Answer, BoxFuture};
pub use channel::{ChannelName, NameError, Space};
pub use client::{ClientInfo, SessionId};
pub use clock::Clock;
pub use envelope::{Arity, Audience, Envelope, Group};
pub use event::{Event, Tags, VIEW_TAG_EVENT, VIEW_TAG_SERVICE};
pub use fault::{Disconnect, Fault, ReplyError, Unsubscribed};
pub use filter_node::FilterNode;
pub use handshake::Handshake;
pub use identity::{Identity, IdentityKind};
pub use json::{Json, JsonError};
pub use position::{Epoch, Place, Position};
pub use revocation::Revocation;
