//! Handler actors: the user's own code inside the broker.
//!
//! A handler is a value that implements [`Handle`] for the calls it takes. [`HandlerThreads::host`] runs it as an actor on a
//! shared thread, [`host`] on a thread of its own, where it may block. A panic or a call that takes too long is an error for
//! that caller only, and the handler continues with its state unchanged.
mod call;
mod caller;
mod door;
mod emit;
mod hosted;
mod table;
mod threads;

pub use call::{
    ConnectCall, HomeMembership, LifecycleEvent, MessageCall, PublishCall, RpcCall, SessionView, Verdict, Welcome,
};
pub use caller::Caller;
pub use door::Door;
pub use emit::{CONNECTION, DISCONNECT, EmitCall, EmitRoute, Emitting};
pub use hosted::{Call, Handle, HandlerAddr, HandlerFuture, Subject, answer, host};
pub use table::Handlers;
pub use threads::{HandlerThreads, KeptThread, Placement};
