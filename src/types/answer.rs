//! An answer that is often available at once.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A boxed future that may cross threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The result of a call that usually needs no waiting: memory answers `Ready`, a network answers `Later`.
///
/// Callers that must keep an order look at `Ready` without yielding, so the common case costs neither an allocation nor
/// a turn of the scheduler.
pub enum Answer<T, E> {
    /// The result is here.
    Ready(Result<T, E>),
    /// The result comes when the future is driven.
    Later(BoxFuture<Result<T, E>>),
}

impl<T: Send + 'static, E: Send + 'static> Answer<T, E> {
    /// A success that is here already.
    pub fn ok(value: T) -> Self {
        Answer::Ready(Ok(value))
    }

    /// A failure that is here already.
    pub fn err(error: E) -> Self {
        Answer::Ready(Err(error))
    }

    /// Waits for the result.
    pub async fn wait(self) -> Result<T, E> {
        match self {
            Answer::Ready(result) => result,
            Answer::Later(future) => future.await,
        }
    }

    /// Waits in place: afterwards it is `Ready`.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Answer::Later(future) = self {
            *self = Answer::Ready(ready!(future.as_mut().poll(cx)));
        }
        Poll::Ready(())
    }

    /// Turns the result into another one, waiting only if this one waits.
    pub fn then<U, F>(self, turn: impl FnOnce(Result<T, E>) -> Result<U, F> + Send + 'static) -> Answer<U, F> {
        match self {
            Answer::Ready(result) => Answer::Ready(turn(result)),
            Answer::Later(future) => Answer::Later(Box::pin(async move { turn(future.await) })),
        }
    }

    /// Goes on with a success, waiting only if either step waits.
    pub fn and_then<U: Send + 'static>(self, next: impl FnOnce(T) -> Answer<U, E> + Send + 'static) -> Answer<U, E> {
        match self {
            Answer::Ready(Ok(value)) => next(value),
            Answer::Ready(Err(error)) => Answer::err(error),
            Answer::Later(future) => Answer::Later(Box::pin(async move { next(future.await?).wait().await })),
        }
    }
}
