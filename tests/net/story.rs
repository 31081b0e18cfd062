//! Stories: what happens, in an order that a seed decides.
use super::client::Kind;
use super::house::Bounds;
use proptest::prelude::*;

/// Who takes part. Each has a seat for the whole story, whatever becomes of its connection.
pub const SEATS: [Kind; 7] =
    [Kind::Centrifuge, Kind::SocketIo, Kind::Polling, Kind::Rust, Kind::Toy, Kind::Centrifuge, Kind::SocketIo];

/// The channels: one whose events are kept, one whose are not.
pub const CHANNELS: [&str; 2] = ["kept:a", "plain:b"];

#[derive(Debug, Clone)]
pub enum Act {
    Join {
        seat: usize,
        channel: usize,
        recovers: bool,
    },
    Leave {
        seat: usize,
        channel: usize,
    },
    /// A client publishes, so many at once.
    Publish {
        seat: usize,
        channel: usize,
        times: u8,
    },
    /// The backend does.
    Post {
        channel: usize,
        times: u8,
    },
    /// The connection of a client breaks.
    Cut(usize),
    /// A client that has no connection connects.
    Return(usize),
    /// A client stops to read.
    Sleep(usize),
    Wake(usize),
    /// A client of Socket.IO says something to all.
    Shout(usize),
    /// It says something in the room, when all is at rest.
    ShoutInRoom(usize),
    Enter(usize),
    Exit(usize),
    /// Somebody deletes the history.
    Forget,
    Turns(u8),
    Seconds(u8),
    /// Everything comes to rest, and is looked at.
    Rest,
}

#[derive(Debug, Clone)]
pub struct Story {
    pub bounds: Bounds,
    pub acts: Vec<Act>,
}

pub fn stories() -> impl Strategy<Value = Story> {
    (bounds(), prop::collection::vec(act(), 1..40)).prop_map(|(bounds, acts)| Story { bounds, acts })
}

pub fn bounds() -> impl Strategy<Value = Bounds> {
    let hub_queue = prop_oneof![Just(4096usize), 1usize..8];
    let outbox = prop_oneof![Just(1usize << 20), 2_000usize..8_000];
    let view_queue = prop_oneof![3 => Just(None), 2 => Just(Some(4096)), 1 => (1usize..8).prop_map(Some)];
    (hub_queue, 0usize..6, outbox, view_queue).prop_map(|(hub_queue, join_buffer, outbox, view_queue)| Bounds {
        hub_queue,
        join_buffer: if hub_queue > 8 { 128 } else { join_buffer },
        outbox,
        view_queue,
    })
}

fn act() -> impl Strategy<Value = Act> {
    let (seat, channel) = (0..SEATS.len(), 0..CHANNELS.len());
    prop_oneof![
        8 => (seat.clone(), channel.clone(), any::<bool>())
            .prop_map(|(seat, channel, recovers)| Act::Join { seat, channel, recovers }),
        2 => (seat.clone(), channel.clone()).prop_map(|(seat, channel)| Act::Leave { seat, channel }),
        5 => (seat.clone(), channel.clone(), 1u8..9)
            .prop_map(|(seat, channel, times)| Act::Publish { seat, channel, times }),
        4 => (channel, 1u8..20).prop_map(|(channel, times)| Act::Post { channel, times }),
        2 => seat.clone().prop_map(Act::Cut),
        2 => seat.clone().prop_map(Act::Return),
        2 => seat.clone().prop_map(Act::Sleep),
        2 => seat.clone().prop_map(Act::Wake),
        1 => seat.clone().prop_map(Act::Shout),
        3 => seat.clone().prop_map(Act::ShoutInRoom),
        3 => seat.clone().prop_map(Act::Enter),
        1 => seat.prop_map(Act::Exit),
        1 => Just(Act::Forget),
        5 => (1u8..8).prop_map(Act::Turns),
        1 => (1u8..40).prop_map(Act::Seconds),
        2 => Just(Act::Rest),
    ]
}
