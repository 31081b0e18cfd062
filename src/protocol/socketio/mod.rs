//! The Socket.IO wire: Engine.IO 4 packets and, in their messages, Socket.IO 5 packets; bytes to values and back.
//!
//! | file | what is in it |
//! |---|---|
//! | `engine` | Engine.IO packets, and the bodies of HTTP polling |
//! | `packet`, `arguments`, `placeholders`, `reassembly` | reading Socket.IO packets |
//! | `encode` | writing them |
//! | `encoding`, `meta` | messages from the broker to the sessions of a namespace |
//! | `emitter` | messages of emitters over Redis |
//! | `dialect`, `builtin` | events that stand for commands; those on user channels |
//!
//! Source: the Engine.IO 4 and Socket.IO 5 protocol texts, and what engine.io 6.6 and socket.io 4.8 answer where those
//! leave room. Every error here ends the whole connection, as it does there.
mod arguments;
mod builtin;
mod dialect;
pub mod emitter;
mod encode;
mod encoding;
pub mod engine;
mod meta;
mod packet;
mod placeholders;
mod reassembly;

pub use builtin::BuiltinEvents;
pub use dialect::{Dialect, Meant};
pub use encode::Encoded;
pub use encoding::{SocketIo, read_offset, write_offset};
pub use packet::{
    AckId, Body, Decoded, EventName, MAX_ATTACHMENTS, Namespace, Packet, PacketError, RESERVED_NAMES, decode,
};
pub use reassembly::Reassembly;
