//! A client of the toy wire.
use super::client::{Client, Said, event, payload, position};
use super::house::House;
use super::link::Link;
use super::toy_wire::PATH;
use serde_json::{Value, json};
use std::collections::HashMap;

/// See the file's text.
pub struct Toy {
    link: Link,
    last: u64,
    /// The channels of what was asked for.
    asked: HashMap<u64, String>,
    is_in: bool,
}

impl Toy {
    pub fn connect(house: &House) -> Self {
        let mut link = Link::open(house, PATH);
        link.say("{\"id\":1,\"do\":\"hello\"}\n");
        Toy { link, last: 1, asked: HashMap::new(), is_in: false }
    }

    fn say(&mut self, channel: &str, mut line: Value) {
        self.last += 1;
        line["id"] = self.last.into();
        self.asked.insert(self.last, channel.to_owned());
        self.link.say(&line.to_string());
    }

    fn answered(&mut self, id: u64, line: &Value) -> Option<Said> {
        let channel = self.asked.remove(&id).unwrap_or_default();
        Some(match line["is"].as_str() {
            Some("hello") => {
                self.is_in = true;
                return None;
            }
            Some("listening") => {
                let events = line["events"].as_array().into_iter().flatten();
                Said::Subscribed {
                    channel,
                    position: position(line),
                    recovered: line["recovered"].as_bool(),
                    events: events.map(|told| event(&told["what"], &told["offset"])).collect(),
                }
            }
            Some("left") => Said::Left { channel },
            Some("said") => Said::Published { is_accepted: true },
            _ => Said::Refused { channel },
        })
    }

    fn read_line(&mut self, line: &Value) -> Option<Said> {
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        if let Some(id) = line["id"].as_u64() {
            return self.answered(id, line);
        }
        if line["ping"] == true {
            self.link.say("{\"do\":\"pong\"}");
        }
        if let Some(channel) = text("event") {
            return Some(Said::Event { channel, event: event(&line["what"], &line["offset"]) });
        }
        if let Some(channel) = text("ended") {
            return Some(Said::Unsubscribed { channel, code: line["code"].as_u64().expect("a code") });
        }
        let count = line["count"].as_u64()?;
        Some(Said::Lagged { channel: text("lagged")?, count, is_exact: true })
    }
}

impl Client for Toy {
    fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>) {
        let from = from.map(|(offset, epoch)| json!({ "offset": offset, "epoch": epoch }));
        self.say(channel, json!({ "do": "listen", "to": channel, "from": from }));
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.say(channel, json!({ "do": "leave", "from": channel }));
    }

    fn publish(&mut self, channel: &str, from: usize, number: u64) {
        self.say(channel, json!({ "do": "say", "to": channel, "what": payload(from, number) }));
    }

    fn read(&mut self) -> Vec<Said> {
        let texts = self.link.read();
        let lines = texts.iter().flat_map(|text| text.lines());
        lines.filter_map(|line| self.read_line(&serde_json::from_str(line).expect("JSON"))).collect()
    }

    fn is_gone(&self) -> bool {
        self.link.is_gone()
    }

    fn is_in(&self) -> bool {
        self.is_in
    }
}
