//! The path from one session to its client: packets of its namespace, through the connection that its namespaces share.
use super::layer::NAME;
use crate::delivery::{
    Delivered, Delivery, InFlight, InFlightPlace, Lag, Naming, Outbox, Outgoing, Outlet, Pushed, Ticket,
    TransportDescription, WhenFull,
};
use crate::metrics::Metrics;
use crate::protocol::socketio::{AckId, Dialect, SocketIo};
use crate::protocol::{Encoding, Frame, Push, Reply, Subscribed};
use crate::transport::engineio::ClientLink;
use crate::types::{Disconnect, Event, ReplyError, Space};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What the sessions of one connection share.
pub(super) struct Shared {
    pub link: Rc<ClientLink>,
    pub metrics: Metrics,
    /// The namespaces that are joined: they are told when the connection ends on purpose.
    joined: RefCell<Vec<Arc<SocketIo>>>,
    unanswered: Cell<usize>,
    /// Publishes that want no answer.
    in_flight: InFlight,
    limit: usize,
    room: RefCell<Option<Waker>>,
    /// A namespace was joined at some time.
    pub has_joined: Cell<bool>,
    /// Some handler ended the whole connection: nobody comes back to its sessions.
    pub is_ended_for_good: Cell<bool>,
}

impl Shared {
    /// At most `limit` events of the client may be without an outcome.
    pub(super) fn new(link: Rc<ClientLink>, metrics: Metrics, limit: usize) -> Rc<Self> {
        Rc::new(Shared {
            link,
            metrics,
            joined: RefCell::default(),
            unanswered: Cell::new(0),
            in_flight: InFlight::default(),
            limit,
            room: RefCell::default(),
            has_joined: Cell::new(false),
            is_ended_for_good: Cell::new(false),
        })
    }

    /// Ready while another packet may be read (decision 30).
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.unanswered.get() < self.limit {
            return self.in_flight.poll_room(self.limit, cx);
        }
        *self.room.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Sends what the client did not ask for. Past the bound of its queue the connection is cut.
    pub(super) fn push(&self, frame: Frame) {
        self.link.put(Outgoing::Push(frame, WhenFull::Disconnect));
    }

    fn settled(&self) {
        self.unanswered.set(self.unanswered.get().saturating_sub(1));
        if let Some(waker) = self.room.take() {
            waker.wake();
        }
    }

    /// Leaves all namespaces and ends the connection.
    fn end_for_good(&self) {
        self.is_ended_for_good.set(true);
        self.joined.take().iter().for_each(|encoding| self.push(encoding.disconnect()));
        self.link.close();
    }
}

/// The outlet of one session.
pub(super) struct NamespaceOutlet {
    shared: Rc<Shared>,
    /// That of the connection, once more: a delivery takes the shortest way to it.
    outbox: Rc<Outbox>,
    encoding: Arc<SocketIo>,
    phase: Cell<Phase>,
    next: Cell<u64>,
    /// What its client's events mean, and how refusals of them are told.
    dialect: Option<&'static dyn Dialect>,
    /// The client's events without an outcome.
    open: RefCell<Vec<Open>>,
}

/// An event of the client without an outcome.
struct Open {
    ticket: u64,
    /// The id under which it is to be acknowledged.
    ack: Option<AckId>,
    /// What a refusal calls it, where one is told that was not asked for.
    name: Option<&'static str>,
}

/// How far a session has come, as its client sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The CONNECT has no answer yet.
    Connecting,
    /// The client is in.
    Joined,
    /// It was told that it is not, or that it is no more.
    Left,
}

impl NamespaceOutlet {
    pub(super) fn new(shared: Rc<Shared>, encoding: Arc<SocketIo>, dialect: Option<&'static dyn Dialect>) -> Rc<Self> {
        Rc::new(NamespaceOutlet {
            outbox: shared.link.outbox().clone(),
            shared,
            encoding,
            phase: Cell::new(Phase::Connecting),
            next: Cell::new(0),
            dialect,
            open: RefCell::default(),
        })
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Takes an event's place among those without an outcome.
    pub(super) fn open(&self, ack: Option<AckId>, name: Option<&'static str>) -> Ticket {
        let ticket = self.next.get();
        self.next.set(ticket + 1);
        self.open.borrow_mut().push(Open { ticket, ack, name });
        self.shared.unanswered.set(self.shared.unanswered.get() + 1);
        Ticket(ticket)
    }

    /// The client has left: nothing more is said.
    pub(super) fn leave(&self) {
        self.phase.set(Phase::Left);
        self.shared.joined.borrow_mut().retain(|joined| !Arc::ptr_eq(joined, &self.encoding));
    }

    fn settle(&self, ticket: Ticket) -> Option<Open> {
        let mut open = self.open.borrow_mut();
        let at = open.iter().position(|of| of.ticket == ticket.0)?;
        let settled = open.swap_remove(at);
        self.shared.settled();
        Some(settled)
    }

    /// Answers an event: by its acknowledgement, or, where the dialect has one for what is to be told, by an event.
    fn answer_event(&self, Open { ack, name, .. }: Open, reply: &Reply) {
        let told = match (name, self.dialect, reply) {
            (Some(name), Some(dialect), Reply::Error(error)) => dialect.refusal(name, error),
            (Some(name), Some(dialect), Reply::Accounted(account)) => dialect.account(name, account),
            _ => None,
        };
        match (ack, reply, told) {
            (Some(id), Reply::Accounted(account), told) => {
                let acknowledged = |(_, args)| Reply::Acknowledged { args, attachments: vec![] };
                let reply = match &account.outcome {
                    Ok(_) => told.map_or(Reply::Published, acknowledged),
                    Err(error) => Reply::Error(error.clone()),
                };
                self.answer_frame(self.encoding.acknowledge(id, &reply));
            }
            (Some(id), reply, _) => self.answer_frame(self.encoding.acknowledge(id, reply)),
            (None, _, Some((event, args))) => self.answer_frame(self.encoding.told(event, &args)),
            (None, _, None) => {}
        }
    }

    fn answer_frame(&self, frame: Frame) {
        self.shared.link.put(Outgoing::Reply(frame));
    }

    /// Answers the CONNECT. What was missed comes before the answer, as the original has it.
    fn connect(&self, reply: &Reply) {
        match reply {
            Reply::Connected(connected) => {
                for (event, place) in &connected.missed {
                    self.answer_frame(self.encoding.event_at(event, Some(place)));
                }
                self.answer_frame(self.encoding.connected(connected));
                self.phase.set(Phase::Joined);
                self.shared.has_joined.set(true);
                self.shared.joined.borrow_mut().push(self.encoding.clone());
            }
            Reply::Error(error) => self.refuse(error),
            other => log::error!("a CONNECT was answered with {other:?}"),
        }
    }

    fn refuse(&self, error: &ReplyError) {
        self.answer_frame(self.encoding.refused(error));
        self.phase.set(Phase::Left);
    }

    /// Whether all that the client does at its endpoint are commands: then it has nothing left without its session.
    fn is_all_dialect(&self) -> bool {
        self.dialect.is_some_and(Dialect::is_all)
    }

    fn replay(&self, missed: &[Arc<Event>]) {
        missed.iter().for_each(|event| self.answer_frame(self.encoding.event(event)));
    }
}

impl Outlet for NamespaceOutlet {
    fn deliver(&self, delivery: &Delivery, naming: Naming<'_>, when_full: WhenFull) -> Delivered {
        if self.phase.get() == Phase::Left {
            return Delivered::Skipped;
        }
        if delivery.is_volatile() && !self.shared.link.is_writable() {
            Metrics::count(&self.shared.metrics.drops, "volatile");
            return Delivered::Skipped;
        }
        // It has no numbers for channels.
        let naming = if let Naming::Number(_) = naming { Naming::Own } else { naming };
        let pushed = self.outbox.put(Outgoing::Push(delivery.frame(&*self.encoding, naming), when_full));
        if pushed == Pushed::Overflow {
            self.shared.link.overflowed();
        }
        pushed.into()
    }

    fn has_pushes(&self) -> bool {
        !self.is_all_dialect()
    }

    fn push(&self, push: &Push) {
        if self.phase.get() != Phase::Left && self.has_pushes() {
            self.shared.push(self.encoding.push(push));
        }
    }

    fn lagged(&self, lag: &Lag) {
        // What is lost of a namespace itself shows in the metric; its clients have no word for it.
        if let Some(told) = lag.told().filter(|told| *told.channel.space() == Space::User) {
            self.deliver(told, Naming::Own, WhenFull::Disconnect);
        }
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        let settled = self.settle(ticket);
        match self.phase.get() {
            Phase::Connecting => self.connect(&reply),
            Phase::Joined => {
                if let Some(settled) = settled {
                    self.answer_event(settled, &reply);
                }
                if let Reply::Subscribed(subscribed) = &reply {
                    self.replay(missed(subscribed));
                    subscribed.kept.iter().for_each(|event| self.answer_frame(self.encoding.replayed(event)));
                }
            }
            Phase::Left => {}
        }
    }

    fn done(&self, ticket: Ticket) {
        self.settle(ticket);
    }

    fn quiet(&self, ticket: Ticket) -> Option<InFlightPlace> {
        let is_answered = |open: &Open| open.ack.is_some() || open.name.is_some();
        let wants_answer = self.open.borrow().iter().any(|open| open.ticket == ticket.0 && is_answered(open));
        if wants_answer {
            return None;
        }
        self.settle(ticket);
        Some(self.shared.in_flight.place())
    }

    fn transport(&self) -> Option<TransportDescription> {
        Some(self.shared.link.describe(NAME, self.encoding.label()))
    }

    fn close(&self, reason: Disconnect) {
        match self.phase.get() {
            Phase::Left => {}
            _ if reason == Disconnect::FORCE_CLOSE => self.shared.end_for_good(),
            _ if ends_connection(&reason) || self.is_all_dialect() && is_expiry(&reason) => self.shared.link.close(),
            Phase::Connecting => self.refuse(&ReplyError::new(reason.code.into(), reason.reason)),
            Phase::Joined => {
                self.shared.push(self.encoding.disconnect());
                self.leave();
            }
        }
    }
}

fn missed(subscribed: &Subscribed) -> &[Arc<Event>] {
    subscribed.recovery.as_ref().map_or(&[], |recovery| &recovery.events)
}

/// Whether an end is one of the connection. A client that is told that its namespace is left does not come back by itself;
/// so it is not told where it should. An expired token ends its own sessions only (contract: `41`, the engine stays open).
fn ends_connection(reason: &Disconnect) -> bool {
    *reason == Disconnect::BAD_REQUEST || reason.reconnect() && !is_expiry(reason)
}

/// Whether a token has ended.
fn is_expiry(reason: &Disconnect) -> bool {
    *reason == Disconnect::CONNECTION_EXPIRED || *reason == Disconnect::SUBSCRIPTION_EXPIRED
}
