//! A Socket.IO client in the namespace `/`, whatever carries its packets.
use super::house::House;
use super::link::Link;
use super::polling::Polling;
use serde_json::Value;

/// What carries the packets of a client.
pub trait Carrier {
    /// Has a packet go to the broker.
    fn say(&mut self, packet: &str);
    /// The packets that came since the last time.
    fn read(&mut self) -> Vec<String>;
    /// Whether nothing more will come.
    fn is_gone(&self) -> bool;
}

/// See the file's text.
pub struct Socket {
    carrier: Box<dyn Carrier>,
    /// What it says of itself when it connects; empty where it says nothing.
    greeting: String,
    last: u64,
    is_in: bool,
    is_over: bool,
}

/// What comes for a client.
pub enum Packet {
    /// The name and the arguments.
    Event(Value),
    /// The arguments that a question was answered with.
    Answer(u64, Value),
}

impl Socket {
    /// A client that has a WebSocket from the start.
    pub fn over_websocket(house: &House, greeting: String) -> Self {
        Self::new(Box::new(Link::open(house, "/socket.io/?EIO=4&transport=websocket")), greeting)
    }

    /// A client that polls.
    pub fn polling(house: &House, greeting: String) -> Self {
        Self::new(Box::new(Polling::open(house)), greeting)
    }

    fn new(carrier: Box<dyn Carrier>, greeting: String) -> Self {
        Socket { carrier, greeting, last: 0, is_in: false, is_over: false }
    }

    /// Emits an event: its name and its arguments.
    pub fn emit(&mut self, arguments: &Value) {
        self.carrier.say(&format!("42{arguments}"));
    }

    /// Emits an event that is to be acknowledged; the number of the question.
    pub fn ask(&mut self, arguments: &Value) -> u64 {
        self.last += 1;
        self.carrier.say(&format!("42{}{arguments}", self.last));
        self.last
    }

    /// What came since the last time. Answers heartbeats on the way.
    pub fn read(&mut self) -> Vec<Packet> {
        let mut packets = vec![];
        loop {
            let came = self.carrier.read();
            if came.is_empty() {
                return packets;
            }
            came.iter().for_each(|packet| packets.extend(self.take(packet)));
        }
    }

    fn take(&mut self, packet: &str) -> Option<Packet> {
        match packet.as_bytes() {
            [b'0', ..] => self.carrier.say(&format!("40{}", self.greeting)),
            [b'2', ..] => self.carrier.say("3"),
            [b'4', b'0', ..] => self.is_in = true,
            [b'4', b'2', event @ ..] => return Some(Packet::Event(serde_json::from_slice(event).expect("JSON"))),
            [b'4', b'3', ..] => {
                let begin = packet.find('[').expect("arguments");
                let id = packet[2..begin].parse().expect("an id");
                return Some(Packet::Answer(id, serde_json::from_str(&packet[begin..]).expect("JSON")));
            }
            [b'1', ..] => self.is_over = true,
            [b'6', ..] => {}
            _ => panic!("not a packet that was waited for: {packet}"),
        }
        None
    }

    /// Whether it has been let in.
    pub fn is_in(&self) -> bool {
        self.is_in
    }

    /// Whether the connection has ended.
    pub fn is_gone(&self) -> bool {
        self.is_over || self.carrier.is_gone()
    }
}
