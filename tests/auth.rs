//! Tokens, as the rest of the broker meets them.
mod auth {
    mod algorithms;
    mod claims;
    mod issuing;
    mod key_set;
    mod signing;
}
