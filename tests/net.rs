//! The net below every change of the broker: whole brokers, each on one thread under one clock that stands still unless its story
//! says otherwise, and clients of every wire that come, go, fall asleep and are cut, in an order that a seed decides. What each is
//! given is held against a small model: order, gaps, copies, positions, gauges.
//!
//! A seed that fails prints the shortest story that fails in the same way. `NET_SEED=17 cargo test --test net` runs one alone.
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
#[path = "net/socketio.rs"]
mod socketio;
#[path = "net/stage.rs"]
mod stage;
#[path = "net/story.rs"]
mod story;
#[path = "net/toy.rs"]
mod toy;
#[path = "rooms/toy_wire.rs"]
mod toy_wire;
