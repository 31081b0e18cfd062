//! A WebSocket that wants to take over from polling: it is probed while polling goes on, and becomes the transport with `5`.
use super::layer::Way;
use super::packets::packet;
use super::session::{EngineSession, Transport};
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::inbound::Inbound;
use crate::transport::pump::{self, Socket};
use actix::prelude::*;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::DuplexStream;

/// While a GET waits, it is ended this often, so that the client can pause polling.
const NOOP: Duration = Duration::from_millis(100);
/// Bytes on their way between a socket and a session on another thread.
const RELAYED: usize = 64 * 1024;

/// A socket on its way to the thread of its session.
pub enum Travelling {
    /// The socket itself.
    Plain(std::net::TcpStream),
    /// The near end of a relay, for a socket whose encryption stays where it is.
    Relayed(DuplexStream),
}

/// Sends a socket on its way by staying between: bytes are passed on in both directions until either side ends.
pub fn relay<T: Socket>(mut socket: T) -> Travelling {
    let (near, mut far) = tokio::io::duplex(RELAYED);
    actix_rt::spawn(async move {
        // An error means that one of them is gone, and so is the other when this ends.
        let _ = tokio::io::copy_bidirectional(&mut socket, &mut far).await;
        socket.shut();
    });
    Travelling::Relayed(near)
}

impl Socket for DuplexStream {
    /// The relay ends when this end is dropped.
    fn shut(&self) {}

    fn depart(self) -> io::Result<Travelling> {
        Ok(Travelling::Relayed(self))
    }
}

/// A WebSocket that asks for the place of polling.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Candidate {
    pub socket: Travelling,
    /// What was read of it already.
    pub early: Bytes,
    /// The answer to its handshake.
    pub head: Bytes,
}

type Reader<T> = pump::Reader<T>;

impl Handler<Candidate> for EngineSession {
    type Result = ();

    fn handle(&mut self, candidate: Candidate, ctx: &mut Self::Context) {
        let Candidate { socket, early, head } = candidate;
        match socket {
            Travelling::Plain(socket) => match TcpStream::from_std(socket) {
                Ok(socket) => self.consider(socket, early, head, ctx),
                Err(error) => log::warn!("a socket cannot be moved to its session: {error}"),
            },
            Travelling::Relayed(socket) => self.consider(socket, early, head, ctx),
        }
    }
}

impl EngineSession {
    fn consider<T: Socket>(&mut self, socket: T, early: Bytes, head: Bytes, ctx: &mut Context<Self>) {
        let socket = Rc::new(RefCell::new(socket));
        if self.is_over || self.is_upgrading || matches!(self.transport, Transport::WebSocket) {
            // The session does not notice; the socket that came too late is closed after its handshake.
            let last = [&head[..], &[0x88, 0]].concat();
            actix_rt::spawn(async move { drop(write_all(&socket, &last).await) });
            return;
        }
        self.is_upgrading = true;
        let reader = pump::Reader::new(socket.clone(), early);
        let inbound = Inbound::new(reader, self.door.config.max_payload);
        let probed = probe(socket, inbound, head, self.way.clone());
        let probed = tokio::time::timeout(self.door.config.upgrade_timeout, probed);
        ctx.spawn(probed.into_actor(self).map(|probed, session, ctx| {
            session.is_upgrading = false;
            if let Ok(Some((socket, inbound))) = probed {
                session.switch(socket, inbound, ctx);
            }
        }));
    }

    fn switch<T: Socket>(&mut self, socket: Rc<RefCell<T>>, inbound: Inbound<Reader<T>>, ctx: &mut Context<Self>) {
        self.transport = Transport::WebSocket;
        self.way.is_reached.set(true);
        self.read(inbound, ctx);
        actix_rt::spawn(pump::write(socket, self.way.outbox.clone()));
    }
}

/// Answers the probe, and waits for `5`; none where the client does anything else.
async fn probe<T: Socket>(
    socket: Rc<RefCell<T>>,
    mut inbound: Inbound<Reader<T>>,
    head: Bytes,
    way: Rc<Way>,
) -> Option<(Rc<RefCell<T>>, Inbound<Reader<T>>)> {
    write_all(&socket, &head).await.ok()?;
    let mut is_probed = false;
    loop {
        let next = poll_fn(|cx| inbound.poll_message(cx));
        let message = tokio::select! {
            message = next => message.ok()?,
            () = tokio::time::sleep(NOOP), if is_probed => {
                end_poll(&way);
                continue;
            }
        };
        match packet(message)? {
            EnginePacket::Ping(data) if &*data == "probe" => {
                is_probed = true;
                write_all(&socket, EnginePacket::Pong(data).frame().websocket()).await.ok()?;
                end_poll(&way);
            }
            EnginePacket::Upgrade => return Some((socket, inbound)),
            _ => return None,
        }
    }
}

/// Ends a GET that waits.
fn end_poll(way: &Way) {
    if way.is_writable() {
        way.answer(EnginePacket::Noop.frame().websocket().clone());
    }
}

async fn write_all<T: Socket>(socket: &RefCell<T>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let wrote = poll_fn(|cx| Pin::new(&mut *socket.borrow_mut()).poll_write(cx, bytes)).await?;
        if wrote == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[wrote..];
    }
    Ok(())
}
