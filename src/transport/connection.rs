//! A connection: one WebSocket. Owns framing and heartbeat; knows a wire, knows no channel.
//!
//! The actor has a context of its own and writes through its outbox, which the response body drains: an actor that is
//! itself the body is frozen, timers and all, while its socket is blocked. This is the one file that names
//! `actix_web_actors`.
use super::arrival::{Arrival, Head};
use super::carrier::{OutboxBody, pump, websocket};
use super::cut::SocketCut;
use super::endpoint::{Endpoint, Entered, Heartbeat};
use super::inbound::{Broken, Inbound};
use super::requests::{Incoming, Requests};
use super::socket::SocketOutlet;
use crate::broker::{Admit, Ask, ConnectionPlace, Due, Gone, Node, PingSettings, Session, Worker};
use crate::delivery::{Cut, Outbox, Outlet};
use crate::metrics::WireLabel;
use crate::protocol::{Command, Connect, Heartbeats, Request, Wire};
use crate::types::Disconnect;
use actix::prelude::*;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Once;
use std::time::Duration;
use tokio::time::Instant;

/// A client that was told why its connection ends may take this long to read it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The actor of one WebSocket.
pub struct Connection {
    session: Addr<Session>,
    outlet: Rc<SocketOutlet>,
    worker: Rc<Worker>,
    heartbeat: Heartbeat,
    /// Heartbeats are WebSocket pings instead of the wire's own.
    frame_pings: bool,
    /// How long the first command may take.
    stale_timeout: Duration,
    /// When the first heartbeat is due, spread so that clients that came together are not asked together.
    first_beat: Duration,
    opened: Instant,
    pulse: Pulse,
    commands: Counter,
    open: Gauge,
    _place: ConnectionPlace,
}

/// Where a connection stands between two heartbeats.
#[derive(PartialEq, Clone, Copy)]
enum Pulse {
    /// There has been no heartbeat yet; whether the client has been let in is looked at, too.
    Opening,
    Resting,
    /// A heartbeat was sent and not yet answered.
    Waiting,
    /// It was answered before its time was over.
    Answered,
}

/// Takes a WebSocket upgrade: answers 403, 503, 400 or 401 where it cannot be, else starts the connection.
pub async fn open(request: HttpRequest, payload: Payload, endpoint: Data<Endpoint>) -> HttpResponse {
    if let Some(refusal) = endpoint.refusal(request.headers(), request.peer_addr()) {
        return refusal.into();
    }
    let arrival = Arrival::of_commands(Head::of(&request), request.peer_addr(), &endpoint.encodings);
    let mut response = match ws::handshake_with_protocols(&request, &arrival.subprotocols()) {
        Ok(response) => response,
        Err(error) => return actix_web::ResponseError::error_response(&error),
    };
    let grant = match endpoint.admit(&arrival).wait().await {
        Ok(grant) => grant,
        Err(refusal) => return refusal.into(),
    };
    let cut = request.conn_data::<SocketCut>().cloned().map(|cut| Rc::new(cut) as Rc<dyn Cut>);
    if cut.is_none() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::warn!("a socket cannot be cut while its peer does not read: wrap the server in Broker::server")
        });
    }
    match endpoint.enter(&arrival, grant) {
        Ok(entered) => response.body(OutboxBody(Connection::start_on(&endpoint, &arrival, entered, payload, cut))),
        Err(reason) => {
            let words = pump::last_words(&endpoint.node, websocket::close(reason.code, &reason.reason));
            actix_rt::spawn(let_go(payload, cut));
            response.body(OutboxBody(words))
        }
    }
}

/// What a client that is in from the start would have said.
fn said_by(arrival: &Arrival<'_>, wire: &dyn Wire, node: &Node) -> Connect {
    let handshake = node.handlers().sees_handshakes().then(|| arrival.handshake(&node.settings().proxies));
    Connect { name: wire.name().to_owned(), handshake: handshake.map(Arc::new), ..Connect::default() }
}

/// Lets a client that was refused read why, for a bounded time.
async fn let_go(mut payload: Payload, cut: Option<Rc<dyn Cut>>) {
    let closed = async { while let Some(Ok(_)) = payload.next().await {} };
    if tokio::time::timeout(LAST_WORDS, closed).await.is_err() {
        cut.iter().for_each(|cut| cut.cut());
    }
}

impl Connection {
    /// Starts the connection on this thread. What the client sends comes in through `incoming`, what it is sent goes into the
    /// outbox returned; `cut` ends its socket while it does not read.
    pub fn start_on<E: 'static>(
        endpoint: &Endpoint,
        arrival: &Arrival<'_>,
        Entered { wire, place, grant }: Entered,
        incoming: impl Stream<Item = Result<Bytes, E>> + Unpin + 'static,
        cut: Option<Rc<dyn Cut>>,
    ) -> Rc<Outbox> {
        let node = &endpoint.node;
        let worker = Worker::here(node);
        let limits = node.limits();
        let outbox = Outbox::new(limits.outbox, worker.outbox_bytes().clone(), cut);
        let is_encrypted = arrival.is_encrypted(&node.settings().proxies);
        let (metrics, unanswered) = (node.metrics().clone(), limits.unanswered_commands);
        let outlet = SocketOutlet::new(wire, outbox.clone(), is_encrypted, metrics, unanswered);
        let interval = endpoint.heartbeat.interval.as_secs() as u32;
        let frame_pings =
            wire.heartbeats() != Heartbeats::Messages || arrival.head.has("cf_ws_frame_ping_pong", "true");
        let pings = match frame_pings {
            true => PingSettings { ping: 0, pong: false },
            false => PingSettings { ping: interval.max(1), pong: true },
        };
        let session = Session::new(worker.clone(), outlet.clone(), pings).under(arrival.terms()).start();
        if let Some(grant) = grant {
            session.do_send(Admit { ticket: outlet.admit(), grant, connect: said_by(arrival, wire, node) });
        }
        let label = WireLabel { wire: wire.name().to_owned() };
        let stale = endpoint.stale_timeout;
        let first_beat = endpoint.heartbeat.interval.mul_f64(worker.spread());
        let connection = Connection {
            session,
            outlet: outlet.clone(),
            worker,
            heartbeat: endpoint.heartbeat,
            frame_pings,
            stale_timeout: stale,
            first_beat,
            opened: Instant::now(),
            pulse: Pulse::Opening,
            commands: node.metrics().commands.get_or_create_owned(&label),
            open: node.metrics().connections.get_or_create_owned(&label),
            _place: place,
        };
        let requests = Requests::new(Inbound::new(incoming, limits.frame), outlet, wire);
        Connection::create(|ctx| {
            connection.open.inc();
            connection.beat_after(stale.min(connection.first_beat), ctx);
            ctx.add_stream(requests);
            connection
        });
        outbox
    }

    fn beat_after(&self, time: Duration, ctx: &mut Context<Self>) {
        let me = ctx.address().downgrade().recipient();
        self.worker.deadlines().after(time, me, Due::Heartbeat);
    }

    fn request(&mut self, request: Request) {
        self.commands.inc();
        match request.command {
            Command::Pong => self.ponged(),
            command => {
                let ticket = self.outlet.open(request.id, command.is_answered_late());
                // Bounded: at most `limits.unanswered_commands` are under way, the rest is not read.
                self.session.do_send(Ask { ticket, command });
            }
        }
    }

    fn ponged(&mut self) {
        match self.pulse {
            Pulse::Waiting => self.pulse = Pulse::Answered,
            // Nobody asked for it.
            Pulse::Opening | Pulse::Resting | Pulse::Answered => self.outlet.close(Disconnect::BAD_REQUEST),
        }
    }

    /// Whoever ended the connection: the session ends now, the actor when the last frame is written and the client has closed,
    /// or when the time for that is over.
    fn part(&mut self, ctx: &mut Context<Self>) {
        self.session.do_send(Gone { reason: self.outlet.reason() });
        let me = ctx.address().downgrade().recipient();
        self.worker.deadlines().after(LAST_WORDS, me, Due::Linger);
    }

    fn beat(&mut self, ctx: &mut Context<Self>) {
        let Heartbeat { interval, timeout } = self.heartbeat;
        let timeout = timeout.min(interval);
        match self.pulse {
            Pulse::Opening => return self.first(ctx),
            Pulse::Waiting => return self.outlet.close(Disconnect::NO_PONG),
            Pulse::Answered if interval > timeout => {
                self.pulse = Pulse::Resting;
                return self.beat_after(interval - timeout, ctx);
            }
            Pulse::Answered | Pulse::Resting => {}
        }
        self.ask(timeout, ctx);
    }

    /// One deadline serves for the first command and for the first heartbeat.
    fn first(&mut self, ctx: &mut Context<Self>) {
        let open = self.opened.elapsed();
        match self.outlet.is_connected() {
            false if open >= self.stale_timeout => self.outlet.close(Disconnect::STALE),
            false => self.beat_after(self.stale_timeout - open, ctx),
            true if open >= self.first_beat => self.ask(self.heartbeat.timeout.min(self.heartbeat.interval), ctx),
            true => self.beat_after(self.first_beat - open, ctx),
        }
    }

    fn ask(&mut self, timeout: Duration, ctx: &mut Context<Self>) {
        match self.frame_pings {
            true => self.outlet.ping_frame(),
            false => self.outlet.ping(),
        }
        self.pulse = Pulse::Waiting;
        self.beat_after(timeout, ctx);
    }
}

impl Actor for Connection {
    type Context = Context<Self>;
}

impl StreamHandler<Incoming> for Connection {
    fn handle(&mut self, incoming: Incoming, ctx: &mut Self::Context) {
        match incoming {
            Incoming::Request(request) => self.request(request),
            Incoming::Ping(payload) => self.outlet.pong_frame(&payload),
            Incoming::Pong if self.frame_pings && self.pulse == Pulse::Waiting => self.pulse = Pulse::Answered,
            Incoming::Pong => {}
            Incoming::Violation(reason) => self.outlet.close(reason),
            Incoming::Broken(broken) => {
                let code = if broken == Broken::TooLarge { ws::CloseCode::Size } else { ws::CloseCode::Protocol };
                if broken == Broken::TooLarge {
                    self.worker.node().metrics().reached("frame");
                }
                self.outlet.close_with(code.into());
            }
            // What is queued is still written, and a close is answered with a close (RFC 6455, section 5.5.1).
            Incoming::Closed => self.outlet.close_with(ws::CloseCode::Normal.into()),
            Incoming::Ended => self.part(ctx),
        }
    }
}

impl Handler<Due> for Connection {
    type Result = ();

    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        match due {
            Due::Heartbeat => self.beat(ctx),
            Due::Linger => {
                self.outlet.cut_if_stuck();
                ctx.stop();
            }
            Due::Identity | Due::Subscription(_) | Due::Own(_) => {}
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.dec();
        self.outlet.finish();
        self.session.do_send(Gone { reason: self.outlet.reason() });
    }
}
