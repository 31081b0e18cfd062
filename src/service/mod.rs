//! What applications build on: typed handlers for what clients emit, and the handle with which they answer and address them.
pub mod events;
