//! Sessions that belong to a home, heard in the words of Socket.IO.
use super::house::{House, Plan, rest};
use actix::{Actor, Addr};
use callboard::broker::handler::Handlers;
use callboard::broker::{Ask, Gone, Namespace, PingSettings, Session, Worker};
use callboard::delivery::{Delivered, Delivery, Naming, Outlet, Ticket, WhenFull};
use callboard::metrics::Metrics;
use callboard::protocol::socketio::{self, AckId, SocketIo, read_offset};
use callboard::protocol::{Acknowledge, Command, Connect, Emit, Encoding, Home, Push, Reply, Resume};
use callboard::types::{ChannelName, Disconnect, Json, Space};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// For how long who may come back may.
pub const KEPT: Duration = Duration::from_secs(120);

/// The channel of the namespace `/`.
pub fn home() -> ChannelName {
    ChannelName::in_space(Space::SocketIo, "/", 255).expect("a valid name")
}

/// A house whose homes keep what is emitted in them, so that residents may come back.
pub fn keeping(events: usize, ttl: Duration) -> Plan {
    let homes = Namespace { history_size: events, history_ttl: ttl, ..Namespace::default() };
    Plan { homes, ..Plan::of("[[namespace]]\nname = ''") }
}

/// Handlers whose calls may take a second.
pub fn handlers() -> Handlers {
    Handlers::new(Duration::from_secs(1), 64, Metrics::new())
}

/// One session of the home.
pub struct Resident {
    pub session: Addr<Session>,
    recorder: Rc<Recorder>,
    asked: std::cell::Cell<u64>,
}

impl Resident {
    /// One that has been let in, and may come back later if `is_kept`.
    pub async fn arrive(house: &House, is_kept: bool) -> Self {
        Self::arrive_with(&house.worker, is_kept, None, "").await
    }

    pub async fn arrive_with(worker: &Rc<Worker>, is_kept: bool, resume: Option<Resume>, token: &str) -> Self {
        let root = socketio::Namespace::root();
        let recorder = Rc::new(Recorder { encoding: SocketIo::new(root, is_kept), lines: RefCell::default() });
        let pings = PingSettings { ping: 0, pong: false };
        let session = Session::new(worker.clone(), recorder.clone(), pings).start();
        let resident = Resident { session, recorder, asked: Default::default() };
        let home = Some(Home { channel: home(), kept_for: is_kept.then_some(KEPT), resume });
        resident.say(Command::Connect(Box::new(Connect { home, token: token.into(), ..Connect::default() })));
        resident
    }

    /// Comes back to this one's session, with the last event it heard.
    pub async fn come_back(&self, house: &House) -> Self {
        let said = self.said();
        let resume = Resume { key: self.word("pid"), since: said.iter().rev().find_map(|line| place(line)) };
        Self::arrive_with(&house.worker, true, Some(resume), "").await
    }

    fn say(&self, command: Command) -> u64 {
        let number = self.asked.get();
        self.asked.set(number + 1);
        self.session.do_send(Ask { ticket: Ticket(number), command });
        number
    }

    /// Emits an event and asks for an acknowledgement; its id.
    pub fn emit(&self, event: &str, args: &str) -> u64 {
        self.emit_and(event, args, true)
    }

    /// Emits an event that wants no acknowledgement.
    pub fn tell(&self, event: &str, args: &str) {
        self.emit_and(event, args, false);
    }

    fn emit_and(&self, event: &str, args: &str, wants_ack: bool) -> u64 {
        let args = super::house::json(args);
        let emit = Emit { event: event.into(), args, attachments: vec![], wants_ack };
        self.say(Command::Emit(Box::new(emit)))
    }

    /// Answers an event that asked for it.
    pub fn acknowledge(&self, round: u64, args: &str) {
        let args = super::house::json(args);
        self.say(Command::Acknowledge(Box::new(Acknowledge { round, args, attachments: vec![] })));
    }

    /// Leaves on purpose.
    pub fn leave(&self) {
        self.say(Command::Leave);
    }

    /// Loses the connection.
    pub fn vanish(&self) {
        self.session
            .do_send(Gone { reason: Disconnect { reason: "transport close".into(), ..Disconnect::CONNECTION_CLOSED } });
    }

    /// Everything heard so far.
    pub fn said(&self) -> Vec<String> {
        self.recorder.lines.borrow().clone()
    }

    /// What is heard of events once the thread is at rest, then forgotten, but for what it was told when it was let in.
    pub async fn heard(&self) -> Vec<String> {
        rest().await;
        let mut lines = self.recorder.lines.borrow_mut();
        let (kept, heard) = lines.drain(..).partition(|line| line.starts_with("0"));
        *lines = kept;
        heard
    }

    /// What it was told under this name when it was let in: `sid` or `pid`.
    pub fn word(&self, name: &str) -> String {
        let said = self.said();
        let told = said.iter().find_map(|line| line.strip_prefix("0")).expect("it has been let in");
        serde_json::from_str::<Value>(told).expect("JSON")[name].as_str().expect("a text").to_owned()
    }
}

/// The place that an event tells as its last argument.
pub fn place(line: &str) -> Option<callboard::types::Place> {
    let args: Vec<Value> = serde_json::from_str(line.strip_prefix("2")?).ok()?;
    read_offset(args.last()?.as_str()?)
}

/// Hears what a session says; the first character, which says that it is a message, is left out.
struct Recorder {
    encoding: SocketIo,
    lines: RefCell<Vec<String>>,
}

impl Recorder {
    fn hear(&self, frame: &callboard::protocol::Frame) {
        self.lines.borrow_mut().push(String::from_utf8(frame.payload()[1..].to_vec()).expect("UTF-8"));
    }
}

impl Outlet for Recorder {
    fn deliver(&self, delivery: &Delivery, _: Naming<'_>, _: WhenFull) -> Delivered {
        self.hear(&delivery.frame(&self.encoding, Naming::Own));
        Delivered::Queued
    }

    fn push(&self, push: &Push) {
        self.hear(&self.encoding.push(push));
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        match reply {
            Reply::Connected(connected) => {
                let missed = connected.missed.iter();
                missed.for_each(|(event, place)| self.hear(&self.encoding.event_at(event, Some(place))));
                self.hear(&self.encoding.connected(&connected));
            }
            reply => self.hear(&self.encoding.acknowledge(AckId::from(ticket.0), &reply)),
        }
    }

    fn done(&self, _: Ticket) {}

    fn close(&self, reason: Disconnect) {
        self.lines.borrow_mut().push(format!("close {}", reason.code));
    }
}

/// An event's arguments.
pub fn args(text: &str) -> Json {
    super::house::json(text)
}
