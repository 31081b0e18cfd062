//! The actors: registry, channel, hub, session; the outbox; handlers. Names no wire.
mod policy;

pub use policy::{Limits, Namespace, Namespaces, Rule, UnknownRule};
