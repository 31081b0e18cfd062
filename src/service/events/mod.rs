//! Events between clients and handlers, as Socket.IO applications know them.
//!
//! | file | what lives there |
//! |---|---|
//! | `socket` | one client in one namespace |
//! | `emitter` | many clients, selected by rooms |
//! | `overheard` | messages of other programs' emitters over Redis |
//! | `handler` | functions as handlers of events |
//! | `arguments`, `binary` | JSON values and bytes, to and from Rust types |
mod arguments;
mod binary;
mod emitter;
mod handler;
mod overheard;
mod socket;

pub use arguments::{Arguments, BadArgument, FromArguments, IntoAcknowledgement, IntoArguments};
pub use binary::Binary;
pub use emitter::{AskError, Emitter, IntoRooms};
pub use handler::{EventHandler, Listens};
pub use overheard::Overheard;
pub use socket::Socket;
