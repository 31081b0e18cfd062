//! Which sessions there are, as each tells of itself.
mod gathering;
mod listing;

pub(super) use listing::NodeSessions;
pub use listing::{Inspected, Inspection};
