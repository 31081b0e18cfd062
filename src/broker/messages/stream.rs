//! Listeners that are streams.
use super::queue::{EventQueue, Next};
use super::{ListenerId, Messages, StreamError, TypedMessage, typed};
use futures_util::Stream;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The messages of one type in one channel. See [`Messages::create_stream`].
pub struct MessageStream<M> {
    queue: Arc<EventQueue>,
    messages: Messages,
    id: ListenerId,
    of: PhantomData<fn() -> M>,
}

impl<M: TypedMessage> MessageStream<M> {
    pub(super) fn new(queue: Arc<EventQueue>, messages: Messages, id: ListenerId) -> Self {
        MessageStream { queue, messages, id, of: PhantomData }
    }

    /// The next message, or what is in the place of one; none when the session has ended.
    pub async fn next(&mut self) -> Option<Result<M, StreamError>> {
        tokio::task::consume_budget().await;
        poll_fn(|task| self.poll(task)).await
    }

    fn poll(&self, task: &mut Context<'_>) -> Poll<Option<Result<M, StreamError>>> {
        Poll::Ready(match ready!(self.queue.poll_next(task)) {
            Some(Next::Event(event)) => Some(typed::read(&event)),
            Some(Next::Lost(loss)) => Some(Err(StreamError::Lagged(loss))),
            Some(Next::Revoked) => Some(Err(StreamError::Revoked)),
            None => None,
        })
    }
}

impl<M: TypedMessage> Stream for MessageStream<M> {
    type Item = Result<M, StreamError>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(task)
    }
}

impl<M> Drop for MessageStream<M> {
    fn drop(&mut self) {
        self.messages.remove_listener(self.id);
    }
}
