//! Handler actors: the user's own code inside the broker.
//!
//! A handler is a value that implements [`Handle`] for the calls it takes. [`HandlerThreads::host`] makes it an actor on a
//! thread that it shares, [`host`] one on a thread of its own, so that it may block. A panic or a call that takes too long is
//! an error to that caller alone, and the handler goes on with its state as it was.
mod call;
mod caller;
mod emit;
mod hosted;
mod table;
mod threads;

pub use call::{
    ConnectCall, HomeMembership, LifecycleEvent, MessageCall, PublishCall, RpcCall, SessionView, Verdict, Welcome,
};
pub use caller::Caller;
pub use emit::{CONNECTION, DISCONNECT, EmitCall, EmitRoute, Emitting};
pub use hosted::{Call, Handle, HandlerAddr, HandlerFuture, Subject, answer, host};
pub use table::Handlers;
pub use threads::{HandlerThreads, Placement};
