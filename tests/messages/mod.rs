//! Messages between Rust code, told as stories in one process: posting, listeners, streams, sessions of server code.
//!
//! Listeners run on threads of their own, so time is real here, and waited for.
use crate::broker::house;

mod closing;
mod gaps;
mod listeners;
mod model;
mod posting;
mod recorder;
mod streams;
mod wires;
