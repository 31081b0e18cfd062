//! One session of Engine.IO: an actor that stays on its worker whichever transport carries it.
use super::door::Door;
use super::layer::{Broken, Upper, Way};
use super::packets::{Incoming, Packets};
use crate::broker::{ConnectionPlace, DeadlineKey, Due, Worker};
use crate::protocol::Frame;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::inbound::Inbound;
use actix::prelude::*;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::Stream;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// What a closed session has left is kept this long for the GET that fetches it.
const LEFTOVERS: Duration = Duration::from_secs(30);

/// The upper half, which the session and the reader of its socket share. None once the session is over.
#[derive(Clone)]
pub(super) struct Half(Rc<RefCell<Option<Box<dyn Upper>>>>);

impl Half {
    /// Ready while another message may be read, and at the end.
    pub(super) fn poll_ready(&self, cx: &mut TaskContext<'_>) -> Poll<()> {
        self.0.borrow_mut().as_mut().map_or(Poll::Ready(()), |upper| upper.poll_ready(cx))
    }

    fn with(&self, act: impl FnOnce(&mut dyn Upper) -> Result<(), Broken>) -> Result<(), Broken> {
        self.0.borrow_mut().as_deref_mut().map_or(Ok(()), act)
    }
}

/// The actor of one session.
pub struct EngineSession {
    pub(super) sid: Arc<str>,
    pub(super) door: Arc<Door>,
    pub(super) way: Rc<Way>,
    pub(super) half: Half,
    worker: Rc<Worker>,
    pub(super) transport: Transport,
    pub(super) is_upgrading: bool,
    pulse: Pulse,
    beat: Option<DeadlineKey>,
    /// It is over; only what is left may still be fetched.
    pub(super) is_over: bool,
    _place: ConnectionPlace,
}

/// What carries the session.
pub(super) enum Transport {
    Polling { is_polled: bool, is_posting: bool },
    WebSocket,
}

#[derive(PartialEq)]
enum Pulse {
    Resting,
    /// A ping has no answer yet.
    Waiting,
}

/// Ends the session from above.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Close {
    /// Its queue was over its bound, and is gone.
    pub is_cut: bool,
}

impl EngineSession {
    /// A session that is about to be told of. `half` is filled when its upper half begins.
    pub(super) fn new(
        sid: Arc<str>,
        door: Arc<Door>,
        way: Rc<Way>,
        worker: Rc<Worker>,
        transport: Transport,
        place: ConnectionPlace,
    ) -> Self {
        let half = Half(Rc::default());
        let (is_upgrading, is_over, pulse) = (false, false, Pulse::Resting);
        EngineSession {
            sid,
            door,
            way,
            half,
            worker,
            transport,
            is_upgrading,
            pulse,
            beat: None,
            is_over,
            _place: place,
        }
    }

    /// Puts the upper half on top.
    pub(super) fn crown(&self, upper: Box<dyn Upper>) {
        *self.half.0.borrow_mut() = Some(upper);
    }

    /// Takes one packet of the client.
    pub(super) fn packet(&mut self, packet: EnginePacket, ctx: &mut Context<Self>) -> Result<(), Broken> {
        match packet {
            EnginePacket::Text(text) => self.half.with(|upper| upper.text(text)),
            EnginePacket::Binary(bytes) => self.half.with(|upper| upper.binary(bytes)),
            EnginePacket::Pong(_) => {
                self.rest(ctx);
                Ok(())
            }
            EnginePacket::Ping(_) => Err(Broken("invalid heartbeat direction")),
            EnginePacket::Close => {
                if let Transport::Polling { is_polled: true, .. } = self.transport {
                    self.queue(&EnginePacket::Noop);
                }
                self.end("transport close", false, ctx);
                Ok(())
            }
            EnginePacket::Open(_) | EnginePacket::Upgrade | EnginePacket::Noop => Ok(()),
        }
    }

    /// Takes packets from a WebSocket from now on.
    pub(super) fn read<P, E>(&mut self, inbound: Inbound<P>, ctx: &mut Context<Self>)
    where
        P: Stream<Item = Result<Bytes, E>> + Unpin + 'static,
        E: 'static,
    {
        ctx.add_stream(Packets::new(inbound, self.half.clone()));
    }

    pub(super) fn queue(&self, packet: &EnginePacket) {
        self.way.outbox.answer(packet.frame().websocket().clone());
    }

    /// The client broke a rule: everything ends at once.
    pub(super) fn broken(&mut self, broken: Broken, ctx: &mut Context<Self>) {
        log::debug!("a client's session ends: {}", broken.0);
        self.end("parse error", true, ctx);
    }

    /// The session is over. A polling client is told with `1` where it is us who end it, a WebSocket is closed without a
    /// status.
    pub(super) fn end(&mut self, reason: &'static str, is_told: bool, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        if let Some(beat) = self.beat.take() {
            self.worker.deadlines().cancel(beat);
        }
        let upper = self.half.0.borrow_mut().take();
        if let Some(mut upper) = upper {
            upper.closed(reason);
        }
        match self.transport {
            Transport::Polling { is_polled: false, .. } if is_told && self.way.outbox.bytes() > 0 => {
                self.way.outbox.finish(Some(EnginePacket::Close.frame().websocket().clone()));
                let me = ctx.address().downgrade().recipient();
                self.worker.deadlines().after(LEFTOVERS, me, Due::Identity);
            }
            Transport::Polling { is_polled, .. } => {
                let last = (is_told && is_polled).then(|| EnginePacket::Close.frame().websocket().clone());
                self.way.outbox.finish(last);
                self.part(ctx);
            }
            Transport::WebSocket => {
                // An empty close frame: without a status (RFC 6455, section 7.1.5: 1005).
                self.way.outbox.finish(Some(Bytes::from_static(&[0x88, 0])));
                self.part(ctx);
            }
        }
    }

    /// Nobody finds the session any more.
    pub(super) fn part(&mut self, ctx: &mut Context<Self>) {
        self.door.forget(&self.sid);
        ctx.stop();
    }

    /// The next ping comes a full interval from now.
    fn rest(&mut self, ctx: &mut Context<Self>) {
        self.pulse = Pulse::Resting;
        self.beat_after(self.door.config.ping_interval, ctx);
    }

    fn beat_after(&mut self, time: Duration, ctx: &mut Context<Self>) {
        let me = ctx.address().downgrade().recipient();
        let beat = self.worker.deadlines().after(time, me, Due::Heartbeat);
        if let Some(earlier) = self.beat.replace(beat) {
            self.worker.deadlines().cancel(earlier);
        }
    }

    fn beat(&mut self, ctx: &mut Context<Self>) {
        self.beat = None;
        match self.pulse {
            Pulse::Waiting => self.end("ping timeout", false, ctx),
            Pulse::Resting => {
                self.pulse = Pulse::Waiting;
                self.queue(&EnginePacket::Ping("".into()));
                self.beat_after(self.door.config.ping_timeout, ctx);
            }
        }
    }
}

impl Actor for EngineSession {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.beat_after(self.door.config.ping_interval, ctx);
        self.door.opened();
    }
}

impl Handler<Due> for EngineSession {
    type Result = ();

    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        match due {
            Due::Heartbeat => self.beat(ctx),
            Due::Linger => drop(self.half.with(|upper| {
                upper.due();
                Ok(())
            })),
            // Nobody has fetched what was left.
            Due::Identity => self.part(ctx),
            Due::Subscription(_) => {}
        }
    }
}

impl Handler<Close> for EngineSession {
    type Result = ();

    fn handle(&mut self, close: Close, ctx: &mut Self::Context) {
        self.end(if close.is_cut { "transport error" } else { "forced server close" }, true, ctx);
    }
}

impl StreamHandler<Incoming> for EngineSession {
    fn handle(&mut self, incoming: Incoming, ctx: &mut Self::Context) {
        match incoming {
            Incoming::Packet(packet) => {
                if let Err(broken) = self.packet(packet, ctx) {
                    self.broken(broken, ctx);
                }
            }
            Incoming::Ping(payload) => self.way.answer(control_frame(0x8a, &payload)),
            Incoming::Broken(code) => {
                if let Some(code) = code {
                    self.way.outbox.finish(Some(control_frame(0x88, &code.to_be_bytes())));
                }
                self.broken(Broken("a message that is no packet"), ctx);
            }
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        self.end("transport close", false, ctx);
    }
}

impl Drop for EngineSession {
    fn drop(&mut self) {
        // However it ends, after a panic too.
        let upper = self.half.0.borrow_mut().take();
        if let Some(mut upper) = upper {
            upper.closed("transport error");
        }
        self.way.outbox.finish(None);
        self.door.forget(&self.sid);
        self.door.closed();
    }
}

/// A control frame has at most 125 bytes (RFC 6455, section 5.5); the codec has seen to it where it came from a client.
fn control_frame(head: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(2 + payload.len());
    frame.put_u8(head);
    frame.put_u8(payload.len() as u8);
    frame.put_slice(payload);
    frame.freeze()
}

/// The first packet, as a frame.
pub(super) fn opening(door: &Door, sid: &str, upgrades: Vec<String>) -> Frame {
    door.opening(sid, upgrades).packet().frame()
}
