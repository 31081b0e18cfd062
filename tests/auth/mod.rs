//! Tokens, as the rest of the broker meets them.
mod algorithms;
mod claims;
mod issuing;
mod key_set;
mod signing;
