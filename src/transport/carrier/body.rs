//! The response body of an upgraded connection: drains the outbox.
use crate::delivery::Outbox;
use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Hands the outbox frame by frame to the HTTP dispatcher, which gathers what is there into one write. Frame by frame,
/// because a chunk of everything would make the dispatcher's buffer as large as the outbox.
pub struct OutboxBody(pub Rc<Outbox>);

impl MessageBody for OutboxBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_next(cx).map(|frame| frame.map(|frame| Ok(frame.websocket().clone())))
    }
}

impl Drop for OutboxBody {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
