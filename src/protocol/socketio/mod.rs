//! The Socket.IO wire: Engine.IO 4 packets and, in their messages, Socket.IO 5 packets; bytes to values and back.
//!
//! This is a codec on its own, public as library API: endpoints that serve Socket.IO clients are wired to it separately.
//!
//! Source: the Engine.IO 4 and Socket.IO 5 protocol texts, and what engine.io 6.6 and socket.io 4.8 answer where those
//! leave room. Every error here is one that ends the whole connection there.
mod arguments;
mod encode;
pub mod engine;
mod packet;
mod reassembly;

pub use encode::Encoded;
pub use packet::{
    AckId, Body, Decoded, EventName, MAX_ATTACHMENTS, Namespace, Packet, PacketError, RESERVED_NAMES, decode,
};
pub use reassembly::Reassembly;
