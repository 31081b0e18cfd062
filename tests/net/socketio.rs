//! Socket.IO with its built-in events.
use super::client::{Client, Said, event, payload, position};
use super::packets::{Packet, Socket};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A client, whatever carries its packets.
pub struct SocketIo {
    socket: Socket,
    asked: HashMap<u64, Asked>,
}

enum Asked {
    Subscribe(String, bool),
    Unsubscribe(String),
    Publish,
}

impl SocketIo {
    pub fn new(socket: Socket) -> Self {
        SocketIo { socket, asked: HashMap::new() }
    }

    fn ask(&mut self, asked: Asked, arguments: &Value) {
        let id = self.socket.ask(arguments);
        self.asked.insert(id, asked);
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

impl Client for SocketIo {
    fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>) {
        let arguments = match from {
            Some((offset, epoch)) => json!(["subscribe", channel, { "offset": offset, "epoch": epoch }]),
            None => json!(["subscribe", channel]),
        };
        self.ask(Asked::Subscribe(channel.to_owned(), from.is_some()), &arguments);
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.ask(Asked::Unsubscribe(channel.to_owned()), &json!(["unsubscribe", channel]));
    }

    fn publish(&mut self, channel: &str, from: usize, number: u64) {
        self.ask(Asked::Publish, &json!(["publish", channel, payload(from, number)]));
    }

    fn emit(&mut self, arguments: &Value) {
        self.socket.emit(arguments);
    }

    fn read(&mut self) -> Vec<Said> {
        let packets = self.socket.read();
        let said = packets.into_iter().filter_map(|packet| match packet {
            Packet::Event(event) => Self::heard(&event),
            Packet::Answer(id, answer) => Some(self.answered(id, &answer[0])),
        });
        said.collect()
    }

    fn is_gone(&self) -> bool {
        self.socket.is_gone()
    }

    fn is_in(&self) -> bool {
        self.socket.is_in()
    }
}
