//! Tokens, as the rest of the broker meets them.
mod algorithms;
mod backstage;
mod claims;
mod issuing;
pub mod key_server;
mod key_set;
mod signing;
