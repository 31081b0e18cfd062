//! Long polling: one GET that waits for packets, one POST that brings them.
use super::layer::{Broken, Way};
use super::session::{EngineSession, Transport};
use crate::broker::Outbox;
use crate::protocol::socketio::engine::{EnginePacket, Polled, PollingBody};
use actix::prelude::*;
use bytes::Bytes;
use bytestring::ByteString;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll as TaskPoll;
use tokio::sync::oneshot;

/// A GET of the client.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Poll {
    /// Gets the body; none where the GET makes no sense, and for good where that ends the session.
    pub answer: oneshot::Sender<Option<ByteString>>,
}

/// A POST of the client, whole.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    /// Its packets.
    pub body: Bytes,
    /// Told when they are worked off, whether the POST made sense.
    pub answer: oneshot::Sender<bool>,
}

/// The GET that waited has its answer, or is gone.
#[derive(Message)]
#[rtype(result = "()")]
struct PollEnded {
    is_aborted: bool,
}

impl Handler<Poll> for EngineSession {
    type Result = ();

    fn handle(&mut self, poll: Poll, ctx: &mut Self::Context) {
        match &mut self.transport {
            Transport::WebSocket => drop(poll.answer.send(None)),
            Transport::Polling { is_polled: true, .. } => {
                drop(poll.answer.send(None));
                self.end("transport error", true, ctx);
            }
            Transport::Polling { is_polled, .. } => {
                *is_polled = true;
                self.way.is_reached.set(true);
                actix_rt::spawn(serve(self.way.clone(), poll.answer, ctx.address()));
            }
        }
    }
}

/// Waits until something is queued, or until nobody waits for it any more.
async fn serve(way: Rc<Way>, mut answer: oneshot::Sender<Option<ByteString>>, session: Addr<EngineSession>) {
    let filled = tokio::select! {
        filled = poll_fn(|cx| way.outbox.poll_frames(cx)) => Some(filled),
        () = answer.closed() => None,
    };
    // Behind all that waits for this thread now: what else is queued until then leaves with the same answer.
    tokio::task::yield_now().await;
    way.is_reached.set(false);
    let body = filled.filter(|filled| *filled).map(|_| drain(&way.outbox));
    let is_aborted = filled.is_none() || answer.send(body).is_err();
    session.do_send(PollEnded { is_aborted });
}

fn drain(outbox: &Outbox) -> ByteString {
    let mut body = PollingBody::default();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while let TaskPoll::Ready(Some(frames)) = outbox.poll_next(&mut context) {
        body.push_frames(&frames);
    }
    body.finish()
}

impl Handler<PollEnded> for EngineSession {
    type Result = ();

    fn handle(&mut self, ended: PollEnded, ctx: &mut Self::Context) {
        if let Transport::Polling { is_polled, .. } = &mut self.transport {
            *is_polled = false;
        }
        if self.is_over {
            self.part(ctx);
        } else if ended.is_aborted {
            crate::metrics::Metrics::count(&self.door.node().metrics().refusals, "aborted");
            self.end("transport close", false, ctx);
        }
    }
}

impl Handler<Post> for EngineSession {
    type Result = ();

    fn handle(&mut self, post: Post, ctx: &mut Self::Context) {
        match &mut self.transport {
            Transport::WebSocket => return tell(post.answer, false),
            Transport::Polling { is_posting: true, .. } => {
                tell(post.answer, false);
                return self.end("transport error", true, ctx);
            }
            Transport::Polling { is_posting, .. } => *is_posting = true,
        }
        if let Err(broken) = self.take_all(post.body, ctx) {
            self.broken(broken, ctx);
        }
        let half = self.half.clone();
        let ready = poll_fn(move |cx| half.poll_ready(cx));
        // What is not read yet slows its sender only.
        let (answer, me) = (post.answer, ctx.address());
        actix_rt::spawn(async move {
            ready.await;
            me.do_send(Posted);
            tell(answer, true);
        });
    }
}

/// The client may have given up its request.
fn tell(answer: oneshot::Sender<bool>, made_sense: bool) {
    let _ = answer.send(made_sense);
}

/// The POST is worked off.
#[derive(Message)]
#[rtype(result = "()")]
struct Posted;

impl Handler<Posted> for EngineSession {
    type Result = ();

    fn handle(&mut self, _: Posted, _: &mut Self::Context) {
        if let Transport::Polling { is_posting, .. } = &mut self.transport {
            *is_posting = false;
        }
    }
}

impl EngineSession {
    fn take_all(&mut self, body: Bytes, ctx: &mut Context<Self>) -> Result<(), Broken> {
        for packet in Polled::new(body).map_err(|_| Broken("a body that is not UTF-8"))? {
            let packet: EnginePacket = packet.map_err(|_| Broken("a body that is no packets"))?;
            if self.is_over {
                return Ok(());
            }
            self.packet(packet, ctx)?;
        }
        Ok(())
    }
}
