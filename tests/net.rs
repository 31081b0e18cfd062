//! The net below every change of the broker: whole brokers, each on one thread under one clock that stands still unless its story
//! says otherwise, and clients of every wire that come, go, fall asleep and are cut, in an order that a seed decides. What each is
//! given is held against a small model: order, gaps, copies, positions, gauges.
//!
//! Services are on the same namespace as the clients of Socket.IO there, without their built-in events, so they have stories and a
//! house of their own: `net/services`. Each client is shown what is its own, once, in order; what of another, never.
//!
//! A seed that fails prints the shortest story that fails in the same way. `NET_SEED=17 cargo test --test net` runs one alone, of
//! each kind; `of_services` behind it, of that kind.
#[path = "net/centrifuge.rs"]
mod centrifuge;
#[path = "net/client.rs"]
mod client;
#[path = "net/coverage.rs"]
mod coverage;
#[path = "net/encodings.rs"]
mod encodings;
#[path = "net/house.rs"]
mod house;
#[path = "net/link.rs"]
mod link;
#[path = "net/model.rs"]
mod model;
#[path = "net/packets.rs"]
mod packets;
#[path = "net/playing.rs"]
mod playing;
#[path = "net/polling.rs"]
mod polling;
#[path = "net/rust.rs"]
mod rust;
#[path = "net/seeds.rs"]
mod seeds;
#[path = "net/services"]
mod services {
    mod client;
    mod history;
    mod house;
    mod model;
    mod offer;
    mod record;
    pub mod stage;
    pub mod story;
}
#[path = "net/socketio.rs"]
mod socketio;
#[path = "net/stage.rs"]
mod stage;
#[path = "net/story.rs"]
mod story;
#[path = "net/toy.rs"]
mod toy;
#[allow(dead_code, reason = "stories of the gate use the rest")]
#[path = "rooms/toy_wire.rs"]
mod toy_wire;
