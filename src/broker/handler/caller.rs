//! One handler for one kind of call, for callers that know which handler they want.
use super::hosted::{Call, FAILED, Handle, HandlerAddr, Subject, words};
use super::table::{Bounds, Handlers, Port, tell_panic};
use crate::metrics::Metrics;
use crate::types::{BoxFuture, Fault};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The way to one handler, with the bounds of all: how many calls may wait for it, and how long each may take.
pub struct Caller<C: Call> {
    port: Port<C>,
    bounds: Arc<Bounds>,
}

impl<C: Call> Clone for Caller<C> {
    fn clone(&self) -> Self {
        Caller { port: self.port.clone(), bounds: self.bounds.clone() }
    }
}

impl<C: Call> Caller<C> {
    /// Asks the handler. The calls of one thread begin in the order in which they were made.
    pub fn ask(&self, call: C) -> BoxFuture<Result<C::Answer, Fault>> {
        self.bounds.ask(&self.port, call)
    }

    /// The same; the first future ends when the handler has begun, or has let its time pass.
    pub fn ask_and_see(&self, call: C) -> (BoxFuture<()>, BoxFuture<Result<C::Answer, Fault>>) {
        let (see, begun) = oneshot::channel();
        let answer = self.bounds.ask_and_see(&self.port, call, Some(see));
        let begun = tokio::time::timeout(self.bounds.timeout, begun);
        (Box::pin(async move { drop(begun.await) }), answer)
    }

    /// Answers in the place of the handler, from the caller's own thread, as if the handler did: it may take as long, and where it
    /// panics that is for its caller alone.
    pub fn in_its_place(
        &self,
        subject: Subject,
        make: impl FnOnce() -> BoxFuture<C::Answer>,
    ) -> BoxFuture<Result<C::Answer, Fault>> {
        let (bounds, handler) = (self.bounds.clone(), self.port.handler);
        let made = catch_unwind(AssertUnwindSafe(make));
        Box::pin(async move {
            let answer = match made {
                Ok(answer) => tokio::time::timeout(bounds.timeout, AssertUnwindSafe(answer).catch_unwind()).await,
                Err(panic) => Ok(Err(panic)),
            };
            match answer {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(panic)) => tell_panic(&bounds.metrics, handler, &subject, &words(&*panic)),
                Err(_late) => Metrics::count(&bounds.metrics.handler_failures, "timeout"),
            }
            Err(FAILED)
        })
    }
}

impl Handlers {
    /// The way to this handler.
    pub fn caller<H: Handle<C>, C: Call>(&self, handler: &HandlerAddr<H>) -> Caller<C> {
        Caller { port: Port::new(handler), bounds: self.bounds.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hosted::{HandlerFuture, answer};
    use super::super::{HandlerThreads, Placement};
    use super::*;
    use std::time::Duration;

    struct Number;

    impl Call for Number {
        type Answer = u8;
    }

    struct One;

    impl Handle<Number> for One {
        fn handle(&mut self, Number: Number) -> HandlerFuture<u8> {
            answer(Ok(1))
        }
    }

    fn caller() -> Caller<Number> {
        let handler = HandlerThreads::new(Placement::Here, 1).host(|| One);
        Handlers::new(Duration::from_secs(1), 1, Metrics::new()).caller(&handler)
    }

    #[actix_rt::test]
    async fn what_answers_in_the_place_of_a_handler_has_its_bounds() {
        tokio::time::pause();
        let caller = caller();
        let of = |make: fn() -> BoxFuture<u8>| caller.in_its_place(Number.subject(), make);
        assert_eq!(of(|| Box::pin(async { 2 })).await, Ok(2));
        let late = of(|| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                2
            })
        });
        assert_eq!(late.await, Err(FAILED), "it takes too long");
        assert_eq!(of(|| panic!("before there is a future")).await, Err(FAILED));
        assert_eq!(of(|| Box::pin(async { panic!("within it") })).await, Err(FAILED));
        assert_eq!(caller.ask(Number).await, Ok(1));
    }
}
