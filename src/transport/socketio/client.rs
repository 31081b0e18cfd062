//! One connection of a Socket.IO client: reads its packets, and gives them to the sessions of its namespaces.
//!
//! Every error here ends the whole connection, as the original does it (contract, edge table).
use super::connect_auth::ConnectAuth;
use super::layer::Door;
use super::outlet::{NamespaceOutlet, Phase, Shared};
use crate::auth::access_token;
use crate::broker::{Ask, ClientTerms, Gone, PingSettings, Session};
use crate::delivery::{Outgoing, SessionOrder};
use crate::protocol::socketio::{AckId, Body, EventName, Meant, Namespace, Packet, Reassembly, SocketIo};
use crate::protocol::{Acknowledge, Command, Connect, Emit, Home, TokenPlace};
use crate::transport::Arrival;
use crate::transport::engineio::{Broken, ClientLink, Upper};
use crate::types::{ChannelName, Disconnect, Handshake, Json, ReplyError};
use actix::prelude::*;
use bytes::Bytes;
use bytestring::ByteString;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

/// Events of a client may wait for the client itself: for its answers, which come in behind them. So many more of them than of
/// other commands may be without an outcome, for one of `limits.unanswered_commands`.
const EVENTS_A_COMMAND: usize = 16;

/// The upper half of one connection.
pub(super) struct Client {
    door: Arc<Door>,
    shared: Rc<Shared>,
    /// A token that came with the request, for namespaces whose CONNECT brings none.
    token: Option<String>,
    terms: ClientTerms,
    /// The request with which it began, where handlers may ask for it.
    handshake: Option<Arc<Handshake>>,
    reassembly: Reassembly,
    members: Vec<Member>,
}

/// One namespace that the client has asked for.
struct Member {
    namespace: Namespace,
    home: ChannelName,
    session: Addr<Session>,
    outlet: Rc<NamespaceOutlet>,
}

impl Client {
    pub(super) fn new(door: Arc<Door>, link: Rc<ClientLink>, arrival: &Arrival) -> Self {
        let node = &door.node;
        link.wake_after(door.connect_timeout);
        let unanswered = node.limits().unanswered_commands.saturating_mul(EVENTS_A_COMMAND);
        let shared = Shared::new(link, node.metrics().clone(), unanswered);
        let terms = door.terms(arrival.terms());
        let token = arrival.token(TokenPlace::HeaderOrQuery("token"));
        // Clients of Feathers may show theirs without the scheme, too.
        let takes_access = terms.authenticator.is_none() && node.settings().authenticators.access().is_some();
        let shown = || arrival.head.header("authorization").and_then(access_token).filter(|_| takes_access);
        let token = token.or_else(|| shown().map(str::to_owned));
        let sees = node.handlers().sees_handshakes();
        let handshake = sees.then(|| Arc::new(arrival.handshake(&node.settings().proxies).at(&door.path)));
        Client { shared, token, terms, handshake, reassembly: Reassembly::default(), members: vec![], door }
    }

    fn packet(&mut self, packet: Packet) -> Result<(), Broken> {
        let Packet { namespace, body } = packet;
        self.members.retain(|member| member.outlet.phase() != Phase::Left || member.session.connected());
        match body {
            Body::Connect(auth) => self.connect(namespace, auth),
            body => match self.members.iter().position(|member| member.namespace == namespace) {
                Some(at) => self.of_member(at, body),
                None => Err(Broken("a packet for a namespace that is not joined")),
            },
        }
    }

    fn connect(&mut self, namespace: Namespace, auth: Option<Json>) -> Result<(), Broken> {
        if let Some(at) = self.members.iter().position(|member| member.namespace == namespace) {
            match self.members[at].outlet.phase() {
                Phase::Left => drop(self.members.swap_remove(at)),
                Phase::Connecting | Phase::Joined => return Err(Broken("a second CONNECT to a namespace")),
            }
        }
        let Some(home) = self.door.home(&namespace) else {
            let refusal = SocketIo::new(namespace, false).no_such_namespace();
            self.shared.link.put(Outgoing::Reply(refusal));
            return Ok(());
        };
        if self.members.len() >= self.door.node.limits().channels_per_connection {
            self.door.node.metrics().reached("channels_per_connection");
            return Err(Broken("too many namespaces"));
        }
        let credentials = ConnectAuth::read(auth.as_ref());
        // Where no key is configured no token could be one of ours; where the application has handlers it is their matter.
        let node = &self.door.node;
        let has_homes = self.door.has_homes();
        let has_keys = node.settings().authenticators.of(self.terms.authenticator).has_keys();
        let is_ours = has_keys || !has_homes || !node.handlers().serves(&home);
        let token = credentials.token().or_else(|| self.token.clone()).filter(|_| is_ours);
        let connect = Connect {
            token: token.unwrap_or_default(),
            name: "socket.io".to_owned(),
            shares_connection: true,
            home: has_homes.then(|| Home {
                channel: home.clone(),
                kept_for: self.door.kept_for,
                resume: credentials.resume(),
            }),
            data: auth,
            handshake: self.handshake.clone(),
            ..Connect::default()
        };
        let outlet = NamespaceOutlet::new(self.shared.clone(), self.door.encoding(&namespace), self.door.dialect);
        let pings = PingSettings { ping: 0, pong: false };
        let session = Session::new(self.shared.link.worker().clone(), outlet.clone(), pings).under(self.terms).start();
        let member = Member { namespace, home, session, outlet };
        member.ask(None, None, Command::Connect(Box::new(connect)));
        self.members.push(member);
        Ok(())
    }

    fn of_member(&mut self, at: usize, body: Body) -> Result<(), Broken> {
        let member = &self.members[at];
        match member.outlet.phase() {
            Phase::Joined => {}
            // The server has ended the session; what the client sent before it knew is of no use.
            Phase::Left => return Ok(()),
            Phase::Connecting => return Err(Broken("a packet before the answer to CONNECT")),
        }
        match body {
            Body::Event { .. } => self.event(at, body),
            // Without a name nobody can handle it; the original ignores it.
            Body::Nameless { .. } => {}
            Body::Ack { id, args, attachments } => {
                if let Some(round) = id.as_ref().and_then(AckId::number) {
                    let args = args.unwrap_or_else(empty);
                    member.ask(None, None, Command::Acknowledge(Box::new(Acknowledge { round, args, attachments })));
                }
            }
            Body::Disconnect => {
                member.outlet.leave();
                member.ask(None, None, Command::Leave);
                self.members.swap_remove(at);
            }
            Body::Connect(_) | Body::ConnectError(_) => return Err(Broken("a packet that only a server sends")),
        }
        Ok(())
    }
}

impl Client {
    fn event(&mut self, at: usize, body: Body) {
        let member = &self.members[at];
        let Meant { command, name } = self.door.meant(&member.home, &body);
        if let Body::Event { ack, .. } = body {
            member.ask(ack, name, command);
        }
    }
}

impl Member {
    /// Bounded: while too many of them are without an outcome, no further packet is read.
    fn ask(&self, ack: Option<AckId>, name: Option<&'static str>, command: Command) {
        let ticket = self.outlet.open(ack, name);
        self.session.do_send(Ask { ticket, command });
    }
}

impl Door {
    /// What an event asks for: one of the handlers' own, or a built-in one (decision 11: user handlers go first).
    fn meant(&self, home: &ChannelName, body: &Body) -> Meant {
        let Body::Event { name: EventName::Text(event) | EventName::Number(event), args, ack, attachments } = body
        else {
            return Meant { command: Command::Refused(ReplyError::BAD_REQUEST), name: None };
        };
        let is_handled = self.has_homes() && self.node.handlers().takes(home, event);
        let dialect = self.dialect.filter(|_| !is_handled);
        if let Some(meant) = dialect.and_then(|dialect| dialect.command(event, args, !attachments.is_empty())) {
            return meant;
        }
        let (event, attachments) = (event.to_string(), attachments.clone());
        let emit = Emit { event, args: body.arguments(), attachments, wants_ack: ack.is_some() };
        Meant { command: Command::Emit(Box::new(emit)), name: None }
    }
}

impl Upper for Client {
    fn text(&mut self, text: ByteString) -> Result<(), Broken> {
        match self.reassembly.text(&text) {
            Ok(packet) => packet.map_or(Ok(()), |packet| self.packet(packet)),
            Err(error) => Err(error.into()),
        }
    }

    fn binary(&mut self, bytes: Bytes) -> Result<(), Broken> {
        // Copied: small attachments share a large read buffer with others.
        match self.reassembly.binary(Bytes::copy_from_slice(&bytes)) {
            Ok(packet) => packet.map_or(Ok(()), |packet| self.packet(packet)),
            Err(error) => Err(error.into()),
        }
    }

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<()> {
        self.shared.poll_ready(cx)
    }

    fn due(&mut self) {
        if !self.shared.has_joined.get() {
            self.shared.link.close();
        }
    }

    fn closed(&mut self, reason: &'static str) {
        for member in self.members.drain(..) {
            match self.shared.is_ended_for_good.get() {
                true => member.session.do_send(SessionOrder::Disconnect(Disconnect::FORCE_DISCONNECT)),
                false => member
                    .session
                    .do_send(Gone { reason: Disconnect { reason: reason.into(), ..Disconnect::CONNECTION_CLOSED } }),
            }
            member.outlet.leave();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // However it ends, its sessions end with it.
        self.closed("transport error");
    }
}

impl From<crate::protocol::socketio::PacketError> for Broken {
    fn from(error: crate::protocol::socketio::PacketError) -> Self {
        log::debug!("a client's packet cannot be read: {error}");
        Broken("a packet that cannot be read")
    }
}

fn empty() -> Json {
    Body::Disconnect.arguments()
}
