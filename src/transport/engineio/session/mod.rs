//! The actor of one session: begins, ends, and knows what carries its packets.
//!
//! | file | what lives there |
//! |---|---|
//! | `reader` | messages of a WebSocket |
//! | `polling` | requests of a client that polls |
//! | `upgrade` | the way from the one to the other |
//! | `heartbeat` | whether the client is still there |
mod heartbeat;
mod polling;
mod reader;
mod upgrade;

pub(super) use polling::{Poll, PollAnswer, Post};
pub(super) use upgrade::Offer;

use super::client_link::{ClientLink, Taker};
use super::config::Transport;
use super::endpoint::EngineEndpoint;
use super::layer::{Broken, Upper};
use super::sessions::{Entry, Sid};
use crate::broker::{ConnectionPlace, Due, Worker};
use crate::delivery::{Cut, Outbox, Outgoing};
use crate::metrics::Metrics;
use crate::protocol::Frame;
use crate::protocol::socketio::engine::{EnginePacket, Opening};
use crate::transport::Arrival;
use crate::transport::carrier::websocket;
use crate::transport::inbound::Inbound;
use actix::prelude::*;
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::Stream;
use heartbeat::Pulse;
use reader::Reader;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll as Ready, ready};
use std::time::Duration;
use tokio::sync::oneshot;
use upgrade::Candidate;

/// Marks the deadlines that the layer above asked for; a candidate's have its number.
pub(super) const UPPER: u64 = 0;
/// What is queued for a client when its session is ended waits so long for its next poll, as with the original...
const KEPT: Duration = Duration::from_secs(30);
/// ...but shorter while the broker stops; and so long may a WebSocket take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A client that will say no more may take this long to read what it is told last.
const HALF_CLOSED: Duration = Duration::from_millis(100);

/// So long a poll may be overtaken by the close that its client sent after it.
const OVERTAKEN: Duration = Duration::from_millis(50);

/// The reasons for which sessions end, in the words of the original.
mod reason {
    pub const CLIENT: &str = "transport close";
    pub const ERROR: &str = "transport error";
    pub const PING: &str = "ping timeout";
    pub const PARSE: &str = "parse error";
    pub const FORCED: &str = "forced close";
    pub const STOPPING: &str = "server shutting down";
}

/// One session.
pub(super) struct EngineSession {
    endpoint: Arc<EngineEndpoint>,
    entry: Arc<Entry>,
    link: Rc<ClientLink>,
    /// None once the session is over, and only last words are on their way.
    upper: Option<Box<dyn Upper>>,
    pulse: Pulse,
    /// The poll that waits for packets.
    poll: Option<oneshot::Sender<PollAnswer>>,
    /// A POST is worked off.
    is_posting: bool,
    /// The client has closed while none of its polls waited.
    is_left: bool,
    /// The POST by which it did.
    farewell: Option<oneshot::Sender<PollAnswer>>,
    candidate: Option<Box<Candidate>>,
    candidates: u64,
}

/// What a session is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub(super) enum Order {
    /// End, after what is queued.
    Close,
    /// The client reads too slowly: what was queued is gone.
    Cut,
    /// A request of the client failed.
    Fail,
}

/// What a client that polls is told last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// A close packet, if a poll waits.
    Now,
    /// A close packet; where no poll waits, to the next.
    Kept,
    /// Nothing: the client has closed. Its poll ends.
    Silent,
}

impl EngineSession {
    /// Begins a session whose packets are polled; the first of them.
    pub fn open_polling(endpoint: &Arc<EngineEndpoint>, arrival: &Arrival<'_>, place: ConnectionPlace) -> ByteString {
        Self::begin(endpoint, arrival, place, Taker::Nobody, None, |_| {}).take_packets(None)
    }

    /// Begins a session on a WebSocket. What the client sends comes in through `incoming`, what it is sent goes into the
    /// outbox returned; `cut` ends the socket while it does not read.
    pub fn open_websocket<E: 'static>(
        endpoint: &Arc<EngineEndpoint>,
        arrival: &Arrival<'_>,
        place: ConnectionPlace,
        incoming: impl Stream<Item = Result<Bytes, E>> + Unpin + 'static,
        cut: Option<Rc<dyn Cut>>,
    ) -> Rc<Outbox> {
        let reader = Reader::of_transport(Inbound::new(incoming, endpoint.config().max_payload));
        let link = Self::begin(endpoint, arrival, place, Taker::WebSocket, cut, |ctx| {
            ctx.spawn(reader);
        });
        link.outbox().clone()
    }

    fn begin(
        endpoint: &Arc<EngineEndpoint>,
        arrival: &Arrival<'_>,
        place: ConnectionPlace,
        taker: Taker,
        cut: Option<Rc<dyn Cut>>,
        start: impl FnOnce(&mut Context<Self>),
    ) -> Rc<ClientLink> {
        let node = endpoint.node();
        let worker = Worker::here(node);
        let outbox = Outbox::new(node.limits().outbox, worker.outbox_bytes().clone(), cut);
        let sid = Sid::random();
        outbox.put(Outgoing::Reply(opening(endpoint, &sid, taker)));
        let is_encrypted = arrival.is_encrypted(&node.settings().proxies);
        let mut begun = None;
        Self::create(|ctx| {
            let link = ClientLink::new(outbox, worker, ctx.address().downgrade(), taker, is_encrypted);
            let entry = endpoint.sessions().add(sid, ctx.address(), taker == Taker::WebSocket, place);
            let upper = endpoint.layer().open(link.clone(), arrival);
            endpoint.carried_by(taker).inc();
            let session = EngineSession {
                pulse: Pulse::new(endpoint.config().ping_interval),
                endpoint: endpoint.clone(),
                entry,
                link: link.clone(),
                upper: Some(upper),
                poll: None,
                is_posting: false,
                is_left: false,
                farewell: None,
                candidate: None,
                candidates: UPPER,
            };
            session.beat_after(session.config().ping_interval);
            start(ctx);
            begun = Some(link);
            session
        });
        // An actor is made before `create` returns.
        begun.expect("the session has been made")
    }

    fn config(&self) -> &super::EngineConfig {
        self.endpoint.config()
    }

    fn metrics(&self) -> &Metrics {
        self.endpoint.node().metrics()
    }

    /// Whether packets are taken and given.
    fn is_open(&self) -> bool {
        self.upper.is_some() && self.link.outbox().is_open()
    }

    /// Ready while another packet may be read: the layer above takes it, and not too much waits for the client (decision 18).
    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> Ready<()> {
        let Some(upper) = &mut self.upper else { return Ready::Ready(()) };
        ready!(upper.poll_ready(cx));
        self.link.outbox().poll_room(cx)
    }

    /// Ready when the layer above is done with what it was given.
    fn poll_settled(&mut self, cx: &mut std::task::Context<'_>) -> Ready<()> {
        self.upper.as_mut().map_or(Ready::Ready(()), |upper| upper.poll_settled(cx))
    }

    /// A packet of a session that is open.
    fn packet(&mut self, packet: EnginePacket, ctx: &mut Context<Self>) {
        match packet {
            EnginePacket::Text(text) => self.message(ctx, |upper| upper.text(text)),
            EnginePacket::Binary(bytes) => self.message(ctx, |upper| upper.binary(bytes)),
            EnginePacket::Pong(_) => self.ponged(),
            EnginePacket::Close => self.end(reason::CLIENT, Parting::Silent, ctx),
            // Heartbeats go one way since version 4.
            EnginePacket::Ping(_) => self.end(reason::ERROR, Parting::Now, ctx),
            // Senseless, and ignored by the original.
            EnginePacket::Open(_) | EnginePacket::Upgrade | EnginePacket::Noop => {}
        }
    }

    fn message(&mut self, ctx: &mut Context<Self>, give: impl FnOnce(&mut dyn Upper) -> Result<(), Broken>) {
        self.endpoint.messages().inc();
        let Some(upper) = &mut self.upper else { return };
        if let Err(broken) = give(&mut **upper) {
            log::debug!("a session of {} was ended: {broken}", self.endpoint.layer().name());
            self.end(reason::FORCED, Parting::Now, ctx);
        }
    }

    fn end(&mut self, reason: &'static str, parting: Parting, ctx: &mut Context<Self>) {
        self.end_with(reason, parting, websocket::close_without_status(), ctx);
    }

    /// Ends the session; `last` is the frame that ends its WebSocket. The actor stays for its last words only.
    fn end_with(&mut self, reason: &'static str, parting: Parting, last: Frame, ctx: &mut Context<Self>) {
        let Some(mut upper) = self.upper.take() else { return };
        if reason != reason::CLIENT {
            Metrics::count(&self.metrics().disconnects, reason);
        }
        self.dismiss_candidate();
        match self.link.taker() {
            Taker::WebSocket => {
                self.link.outbox().put(Outgoing::Last(Some(last)));
                self.linger(LAST_WORDS);
                self.endpoint.sessions().remove(&self.entry);
            }
            // The reference's client reads the close in a body before what stands in front of it: what is queued goes first,
            // and the close to the next poll.
            Taker::Poll if parting == Parting::Kept && self.link.outbox().bytes() > 0 => {
                self.answer_queued(ctx);
                self.keep_last_words();
            }
            Taker::Poll => {
                self.answer_poll(if parting == Parting::Silent { EnginePacket::Noop } else { EnginePacket::Close });
                self.leave(ctx);
            }
            Taker::Nobody if parting == Parting::Kept => self.keep_last_words(),
            // A poll that its client sent before it closed may come behind the close, by another connection.
            Taker::Nobody if parting == Parting::Silent => {
                self.is_left = true;
                self.link.finish();
                self.linger(OVERTAKEN);
            }
            Taker::Nobody => self.leave(ctx),
        }
        upper.closed(reason);
    }

    /// What is queued waits for the next poll, no longer than a client that is gone would have been waited for.
    fn keep_last_words(&self) {
        self.link.finish();
        let is_stopping = self.endpoint.node().connections().is_draining();
        self.linger(if is_stopping { LAST_WORDS } else { KEPT.min(self.until_given_up()) });
    }

    /// The actor stops, and its id is of no use any more.
    fn leave(&mut self, ctx: &mut Context<Self>) {
        self.endpoint.sessions().remove(&self.entry);
        self.link.outbox().abandon();
        if let Some(farewell) = self.farewell.take() {
            // A client that has left has no use for it.
            drop(farewell.send(PollAnswer::Done));
        }
        ctx.stop();
    }

    fn linger(&self, time: Duration) {
        self.link.after(time, Due::Linger);
    }
}

impl Actor for EngineSession {
    type Context = Context<Self>;
}

impl Handler<Order> for EngineSession {
    type Result = ();

    fn handle(&mut self, order: Order, ctx: &mut Self::Context) {
        match order {
            Order::Close if self.endpoint.node().connections().is_draining() => {
                self.end(reason::STOPPING, Parting::Kept, ctx)
            }
            Order::Close => self.end(reason::FORCED, Parting::Kept, ctx),
            Order::Cut | Order::Fail => self.end(reason::ERROR, Parting::Now, ctx),
        }
    }
}

impl Handler<Due> for EngineSession {
    type Result = ();

    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        match due {
            Due::Heartbeat => self.beat(ctx),
            Due::Linger if self.is_left => self.leave(ctx),
            Due::Linger if self.upper.is_none() => {
                self.link.outbox().cut_if_stuck();
                ctx.stop();
            }
            Due::Own(UPPER) => self.upper.iter_mut().for_each(|upper| upper.due()),
            Due::Own(candidate) => self.candidate_due(candidate),
            Due::Linger | Due::Identity | Due::Subscription(_) => {}
        }
    }
}

impl Drop for EngineSession {
    fn drop(&mut self) {
        self.take_poll();
        self.endpoint.sessions().remove(&self.entry);
        self.endpoint.carried_by(self.link.taker()).dec();
        self.dismiss_candidate();
        self.link.finish();
        // Otherwise it was told already.
        if let Some(mut upper) = self.upper.take() {
            upper.closed(reason::ERROR);
        }
    }
}

/// The first packet of a session.
fn opening(endpoint: &EngineEndpoint, sid: &Sid, taker: Taker) -> Frame {
    let config = endpoint.config();
    let may_move = taker != Taker::WebSocket && config.transports.contains(&Transport::Websocket);
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let opening = Opening {
        sid: sid.as_str().to_owned(),
        upgrades: may_move.then(|| Transport::Websocket.name().to_owned()).into_iter().collect(),
        ping_interval: millis(config.ping_interval),
        ping_timeout: millis(config.ping_timeout),
        max_payload: config.max_payload as u64,
    };
    opening.packet().frame()
}
