//! Messages between Rust code, told as stories in one process: posting, listeners, streams, sessions of server code.
//!
//! Listeners run on threads of their own, so time is real here, and waited for.
mod harness;
mod messages {
    #[path = "../broker/engine.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod engine;
    #[path = "../broker/house.rs"]
    #[allow(dead_code, reason = "the stories of the broker use the rest")]
    mod house;

    mod closing;
    mod gaps;
    mod listeners;
    mod model;
    mod posting;
    mod recorder;
    mod streams;
    mod wires;
}
