//! Revocation, told as stories: in one process with virtual time, and of several nodes on one Redis.
mod harness;
mod revocation {
    #[path = "../broker/engine.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod engine;
    #[path = "../broker/house.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod house;
    #[path = "../broker/residents.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod residents;

    mod bounds;
    mod calls;
    mod faults;
    mod nodes;
    mod scopes;
    mod serving;
    mod subscriptions;
    mod tokens;
    mod users;
}
