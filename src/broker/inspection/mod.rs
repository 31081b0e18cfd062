//! Lists sessions; each session describes itself.
mod gathering;
mod listing;

pub(super) use listing::NodeSessions;
pub use listing::{Inspected, Inspection};
