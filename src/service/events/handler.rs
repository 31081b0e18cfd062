//! Functions as handlers of events.
use super::arguments::{Arguments, FromArguments, IntoAcknowledgement};
use super::socket::Socket;
use crate::broker::handler::{EmitCall, Handle, HandlerFuture};
use crate::delivery::Acknowledgement;
use std::future::Future;
use std::marker::PhantomData;

/// A function that takes events: the socket they came from and its arguments, see [`FromArguments`]. What it returns
/// acknowledges, see [`IntoAcknowledgement`].
pub trait Listens<A>: Send + 'static {
    /// Takes one event.
    fn call(
        &mut self,
        socket: Socket,
        args: A,
    ) -> impl Future<Output = Result<Option<Acknowledgement>, crate::types::Fault>> + 'static;
}

impl<A, F, R> Listens<A> for F
where
    A: FromArguments,
    F: FnMut(Socket, A) -> R + Send + 'static,
    R: Future<Output: IntoAcknowledgement> + 'static,
{
    fn call(
        &mut self,
        socket: Socket,
        args: A,
    ) -> impl Future<Output = Result<Option<Acknowledgement>, crate::types::Fault>> + 'static {
        let begun = self(socket, args);
        async move { begun.await.into_acknowledgement() }
    }
}

/// The handler around a function.
pub struct EventHandler<F, A> {
    function: F,
    arguments: PhantomData<fn(A)>,
}

impl<A: FromArguments, F: Listens<A>> EventHandler<F, A> {
    /// The handler that calls `function`.
    pub fn new(function: F) -> Self {
        EventHandler { function, arguments: PhantomData }
    }
}

impl<A: FromArguments + 'static, F: Listens<A>> Handle<EmitCall> for EventHandler<F, A> {
    fn handle(&mut self, call: EmitCall) -> HandlerFuture<Option<Acknowledgement>> {
        let EmitCall { session, home, args, attachments, .. } = call;
        match A::from_arguments(Arguments { args, attachments }) {
            Ok(args) => Box::pin(self.function.call(Socket::new(session, home), args)),
            Err(bad) => Box::pin(std::future::ready(Err(bad.into()))),
        }
    }
}
