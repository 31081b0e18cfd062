//! Socket.IO with its built-in events: the packets, and a client over a WebSocket.
use super::client::{Client, Said, event, payload, position};
use super::house::House;
use super::link::Link;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The state of a client in the namespace `/`, whatever carries its packets.
#[derive(Default)]
pub struct Packets {
    last: u64,
    asked: HashMap<u64, Asked>,
    is_in: bool,
}

enum Asked {
    Subscribe(String, bool),
    Unsubscribe(String),
    Publish,
}

impl Packets {
    pub fn is_in(&self) -> bool {
        self.is_in
    }

    fn ask(&mut self, asked: Asked, arguments: &Value) -> String {
        self.last += 1;
        self.asked.insert(self.last, asked);
        format!("42{}{arguments}", self.last)
    }

    pub fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>) -> String {
        let arguments = match from {
            Some((offset, epoch)) => json!(["subscribe", channel, { "offset": offset, "epoch": epoch }]),
            None => json!(["subscribe", channel]),
        };
        self.ask(Asked::Subscribe(channel.to_owned(), from.is_some()), &arguments)
    }

    pub fn unsubscribe(&mut self, channel: &str) -> String {
        self.ask(Asked::Unsubscribe(channel.to_owned()), &json!(["unsubscribe", channel]))
    }

    pub fn publish(&mut self, channel: &str, from: usize, number: u64) -> String {
        self.ask(Asked::Publish, &json!(["publish", channel, payload(from, number)]))
    }

    /// What a packet says, and the packet that answers it.
    pub fn read(&mut self, packet: &str, said: &mut Vec<Said>) -> Option<String> {
        match packet.as_bytes() {
            [b'0', ..] => return Some("40".to_owned()),
            [b'2', ..] => return Some("3".to_owned()),
            [b'4', b'0', ..] => self.is_in = true,
            [b'4', b'2', event @ ..] => said.extend(Self::heard(&serde_json::from_slice(event).expect("JSON"))),
            [b'4', b'3', ..] => {
                let begin = packet.find('[').expect("arguments");
                let id = packet[2..begin].parse().expect("an id");
                let answer: Value = serde_json::from_str(&packet[begin..]).expect("JSON");
                said.push(self.answered(id, &answer[0]));
            }
            [b'1' | b'6', ..] => {}
            _ => panic!("not a packet that was waited for: {packet}"),
        }
        None
    }

    fn answered(&mut self, id: u64, answer: &Value) -> Said {
        match self.asked.remove(&id).unwrap_or_else(|| panic!("nothing asked for {answer}")) {
            Asked::Subscribe(channel, _) if answer["error"].is_object() => Said::Refused { channel },
            Asked::Subscribe(channel, is_recovery) => Said::Subscribed {
                channel,
                position: position(answer),
                recovered: is_recovery.then(|| answer["recovered"] == true),
                events: vec![],
            },
            Asked::Unsubscribe(channel) => Said::Left { channel },
            Asked::Publish => Said::Published { is_accepted: answer["error"].is_null() },
        }
    }

    fn heard(event_said: &Value) -> Option<Said> {
        let channel = || event_said[1].as_str().expect("a channel").to_owned();
        Some(match event_said[0].as_str()? {
            "message" => Said::Event { channel: channel(), event: event(&event_said[2], &event_said[3]["offset"]) },
            "lagged" => {
                let count = event_said[2].as_u64().expect("a count");
                Said::Lagged { channel: channel(), count, is_exact: true }
            }
            "unsubscribed" => {
                Said::Unsubscribed { channel: channel(), code: event_said[2]["code"].as_u64().expect("a code") }
            }
            "shouted" => Said::Shouted {
                from: event_said[1].as_u64().expect("who") as usize,
                number: event_said[2].as_u64().expect("a number"),
            },
            _ => return None,
        })
    }
}

/// A client that has a WebSocket from the start.
pub struct OverWebSocket {
    link: Link,
    packets: Packets,
}

impl OverWebSocket {
    pub fn connect(house: &House) -> Self {
        let link = Link::open(house, "/socket.io/?EIO=4&transport=websocket");
        OverWebSocket { link, packets: Packets::default() }
    }
}

impl Client for OverWebSocket {
    fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>) {
        self.link.say(&self.packets.subscribe(channel, from));
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.link.say(&self.packets.unsubscribe(channel));
    }

    fn publish(&mut self, channel: &str, from: usize, number: u64) {
        self.link.say(&self.packets.publish(channel, from, number));
    }

    fn emit(&mut self, arguments: &Value) {
        self.link.say(&format!("42{arguments}"));
    }

    fn read(&mut self) -> Vec<Said> {
        let mut said = vec![];
        for packet in self.link.read() {
            if let Some(answer) = self.packets.read(&packet, &mut said) {
                self.link.say(&answer);
            }
        }
        said
    }

    fn is_gone(&self) -> bool {
        self.link.is_gone()
    }

    fn is_in(&self) -> bool {
        self.packets.is_in()
    }
}
