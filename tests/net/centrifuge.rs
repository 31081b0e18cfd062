//! The centrifuge wire, in JSON.
use super::client::{Client, Said, event, payload, position};
use super::house::House;
use super::link::Link;
use serde_json::{Value, json};
use std::collections::HashMap;

/// See the file's text.
pub struct Centrifuge {
    link: Link,
    last: u64,
    asked: HashMap<u64, Asked>,
    is_in: bool,
}

enum Asked {
    Subscribe(String),
    Unsubscribe(String),
    Publish,
}

impl Centrifuge {
    pub fn connect(house: &House) -> Self {
        let mut link = Link::open(house, "/connection/websocket");
        link.say(r#"{"id":1,"connect":{}}"#);
        Centrifuge { link, last: 1, asked: HashMap::new(), is_in: false }
    }

    fn ask(&mut self, asked: Asked, name: &str, command: &Value) {
        self.last += 1;
        self.asked.insert(self.last, asked);
        self.link.say(&json!({ "id": self.last, name: command }).to_string());
    }

    fn answered(&mut self, id: u64, reply: &Value) -> Option<Said> {
        if id == 1 {
            assert!(reply["connect"].is_object(), "{reply}");
            self.is_in = true;
            return None;
        }
        Some(match self.asked.remove(&id).unwrap_or_else(|| panic!("nothing asked for {reply}")) {
            Asked::Subscribe(channel) if reply["error"].is_object() => Said::Refused { channel },
            Asked::Subscribe(channel) => {
                let told = &reply["subscribe"];
                let events = told["publications"].as_array().into_iter().flatten();
                Said::Subscribed {
                    channel,
                    position: position(told),
                    recovered: (told["was_recovering"] == true).then(|| told["recovered"] == true),
                    events: events.map(|publication| event(&publication["data"], &publication["offset"])).collect(),
                }
            }
            Asked::Unsubscribe(channel) => Said::Left { channel },
            Asked::Publish => Said::Published { is_accepted: reply["publish"].is_object() },
        })
    }

    fn pushed(push: &Value) -> Option<Said> {
        let channel = || push["channel"].as_str().expect("a channel").to_owned();
        let lagged = &push["message"]["data"]["lagged"];
        if let Some(count) = lagged["count"].as_u64() {
            let channel = lagged["channel"].as_str().expect("a channel").to_owned();
            return Some(Said::Lagged { channel, count, is_exact: true });
        }
        if let Some(code) = push["unsubscribe"]["code"].as_u64() {
            return Some(Said::Unsubscribed { channel: channel(), code });
        }
        let publication = push.get("pub")?;
        Some(Said::Event { channel: channel(), event: event(&publication["data"], &publication["offset"]) })
    }
}

impl Client for Centrifuge {
    fn subscribe(&mut self, channel: &str, from: Option<&(u64, String)>) {
        let mut command = json!({ "channel": channel });
        if let Some((offset, epoch)) = from {
            command["recover"] = true.into();
            (command["offset"], command["epoch"]) = ((*offset).into(), epoch.as_str().into());
        }
        self.ask(Asked::Subscribe(channel.to_owned()), "subscribe", &command);
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.ask(Asked::Unsubscribe(channel.to_owned()), "unsubscribe", &json!({ "channel": channel }));
    }

    fn publish(&mut self, channel: &str, from: usize, number: u64) {
        self.ask(Asked::Publish, "publish", &json!({ "channel": channel, "data": payload(from, number) }));
    }

    fn read(&mut self) -> Vec<Said> {
        let mut said = vec![];
        for text in self.link.read() {
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                match line["id"].as_u64() {
                    Some(id) => said.extend(self.answered(id, &line)),
                    None if line["push"].is_object() => said.extend(Self::pushed(&line["push"])),
                    None => self.link.say("{}"),
                }
            }
        }
        said
    }

    fn is_gone(&self) -> bool {
        self.link.is_gone()
    }

    fn is_in(&self) -> bool {
        self.is_in
    }
}
