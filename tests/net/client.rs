//! What clients of all wires do and are told, in the same words.
use super::centrifuge::Centrifuge;
use super::house::House;
use super::packets::Socket;
use super::rust::Rust;
use super::socketio::SocketIo;
use super::toy::Toy;
use serde_json::Value;

/// Some of it makes an event long enough to fill an outbox.
pub const PAD: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// An event as a listener gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who published it.
    pub from: usize,
    /// Its number among all events of the story.
    pub number: u64,
    /// Its place in the channel's history.
    pub offset: Option<u64>,
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Subscribed {
        channel: String,
        position: Option<(u64, String)>,
        recovered: Option<bool>,
        events: Vec<Event>,
    },
    /// It was refused, and may try again.
    Refused {
        channel: String,
    },
    Event {
        channel: String,
        event: Event,
    },
    /// So many events are missing here; whether that is known exactly.
    Lagged {
        channel: String,
        count: u64,
        is_exact: bool,
    },
    /// The client itself has left.
    Left {
        channel: String,
    },
    /// The server has ended the subscription.
    Unsubscribed {
        channel: String,
        code: u64,
    },
    Published {
        is_accepted: bool,
    },
    /// A word of a Socket.IO room, with who said it.
    Shouted {
        from: usize,
        number: u64,
    },
}

/// Which wire a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Centrifuge,
    SocketIo,
    Polling,
    Rust,
    /// A wire of the tests' own.
    Toy,
}

/// A connected client.
pub trait Client {
    /// Asks to listen, from a position on if there is one.
    fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>);
    fn unsubscribe(&mut self, channel: &str);
    fn publish(&mut self, channel: &str, from: usize, number: u64);
    /// Emits a Socket.IO event; nothing on other wires.
    fn emit(&mut self, _arguments: &Value) {}
    /// What it has been told since the last time. Answers heartbeats on the way.
    fn read(&mut self) -> Vec<Said>;
    /// Whether the connection has ended.
    fn is_gone(&self) -> bool;
    /// Whether it has been let in.
    fn is_in(&self) -> bool;
}

impl Kind {
    pub fn connect(self, house: &House) -> Box<dyn Client> {
        match self {
            Kind::Centrifuge => Box::new(Centrifuge::connect(house)),
            Kind::SocketIo => Box::new(SocketIo::new(Socket::over_websocket(house, String::new()))),
            Kind::Polling => Box::new(SocketIo::new(Socket::polling(house, String::new()))),
            Kind::Rust => Box::new(Rust::connect(house)),
            Kind::Toy => Box::new(Toy::connect(house)),
        }
    }

    /// Whether it is in the namespace of Socket.IO.
    pub fn is_resident(self) -> bool {
        matches!(self, Kind::SocketIo | Kind::Polling)
    }
}

/// The payload of an event.
pub fn payload(from: usize, number: u64) -> Value {
    serde_json::json!({ "from": from, "n": number, "pad": PAD.repeat(3) })
}

/// Reads a payload, and the offset beside it.
pub fn event(data: &Value, offset: &Value) -> Event {
    let (Some(from), Some(number)) = (data["from"].as_u64(), data["n"].as_u64()) else { panic!("no event: {data}") };
    Event { from: from as usize, number, offset: offset.as_u64() }
}

/// A position that is told, where one is.
pub fn position(told: &Value) -> Option<(u64, String)> {
    Some((told["offset"].as_u64().unwrap_or(0), told["epoch"].as_str()?.to_owned()))
}
