//! A wire that nobody speaks but the tests: newline-delimited JSON over WebSocket. It enters through `BrokerBuilder::wire`, as
//! what is built in does, and has no line in the broker, in delivery or in the transport.
//!
//! | the client says | the answer |
//! |---|---|
//! | `{"id":1,"do":"hello"}` | `{"id":1,"is":"hello"}` |
//! | `{"id":2,"do":"listen","to":"news","from":{"offset":3,"epoch":"e"}}` | `{"id":2,"is":"listening","offset":3,"epoch":"e","recovered":true,"events":[…]}` |
//! | `{"id":3,"do":"leave","from":"news"}` | `{"id":3,"is":"left"}` |
//! | `{"id":4,"do":"say","to":"news","what":…}` | `{"id":4,"is":"said"}` |
//! | `{"do":"pong"}` | |
//!
//! An error is `{"id":…,"error":103}`. Unasked come `{"event":"news","what":…,"offset":…}`, `{"ended":"news","code":…}`,
//! `{"lagged":"news","count":…}` and `{"ping":true}`.
use bytes::Bytes;
use callboard::protocol::{
    Command, Connected, Encoding, Frame, Heartbeats, Publish, Push, Recover, Reply, Request, Subscribe, TokenPlace,
    Unsubscribe, Wire,
};
use callboard::types::{Disconnect, Epoch, Event, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Where it is served.
pub const PATH: &str = "/toy";

/// Where its other variant is.
pub const GATE: &str = "/gate";
/// The authenticator of that variant.
pub const KEYS: &str = "toys";

/// See the file's text.
#[derive(Debug, Clone, Copy)]
pub struct ToyWire;

/// The same for clients whose token is verified before the upgrade: they say no `hello`, and are told `{"is":"in"}`.
#[derive(Debug, Clone, Copy)]
pub struct GatedToyWire;

/// The same with WebSocket pings as heartbeats, a fifth of a second apart.
#[derive(Debug, Clone, Copy)]
pub struct PingedToyWire;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Line {
    Hello { id: u32 },
    Listen { id: u32, to: String, from: Option<From> },
    Leave { id: u32, from: String },
    Say { id: u32, to: String, what: Json },
    Pong,
}

#[derive(Deserialize)]
struct From {
    offset: u64,
    epoch: String,
}

impl Line {
    fn request(self) -> Request {
        match self {
            Line::Hello { id } => Request { id, command: Command::Connect(Box::default()) },
            Line::Listen { id, to: channel, from } => {
                let recover = from.map(|from| Recover { offset: from.offset, epoch: Epoch::new(from.epoch) });
                let subscribe = Subscribe { channel, recover, ..Subscribe::default() };
                Request { id, command: Command::Subscribe(Box::new(subscribe)) }
            }
            Line::Leave { id, from: channel } => {
                Request { id, command: Command::Unsubscribe(Unsubscribe::all(channel)) }
            }
            Line::Say { id, to: channel, what } => {
                Request { id, command: Command::Publish(Publish { channel, data: Some(what), ..Publish::default() }) }
            }
            Line::Pong => Request { id: 0, command: Command::Pong },
        }
    }
}

fn line(value: &Value) -> Frame {
    Frame::of_text(&format!("{value}\n"))
}

fn told(event: &Event) -> Value {
    let what: Value = event.data.read().expect("JSON");
    let offset = event.position.as_ref().map(|position| position.offset);
    json!({ "event": event.channel.as_str(), "what": what, "offset": offset })
}

impl Encoding for ToyWire {
    fn slot(&self) -> usize {
        3
    }

    fn label(&self) -> &'static str {
        "lines"
    }

    fn push(&self, push: &Push) -> Frame {
        line(&match push {
            Push::Unsubscribe { channel, reason } => json!({ "ended": channel.as_str(), "code": reason.code }),
            Push::Lagged { channel, count } => json!({ "lagged": channel.as_str(), "count": count }),
            _ => json!({}),
        })
    }

    fn event(&self, event: &Event) -> Frame {
        line(&told(event))
    }
}

impl Wire for ToyWire {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let text = rest.split_to(end);
        let _ = rest.split_to(rest.len().min(1));
        if text.is_empty() {
            return Ok(None);
        }
        let said: Line = serde_json::from_slice(&text).map_err(|_| Disconnect::BAD_REQUEST)?;
        Ok(Some(said.request()))
    }

    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame> {
        let mut said = match reply {
            Reply::Error(error) => json!({ "error": error.code }),
            Reply::Connected(_) => json!({ "is": "hello" }),
            Reply::Subscribed(subscribed) => {
                let recovery = subscribed.recovery.as_ref();
                let events = recovery.into_iter().flat_map(|recovered| &recovered.events);
                json!({
                    "is": "listening",
                    "offset": subscribed.position.as_ref().map(|position| position.offset),
                    "epoch": subscribed.position.as_ref().map(|position| position.epoch.as_str()),
                    "recovered": recovery.map(|recovered| recovered.complete),
                    "events": events.map(|event| told(event)).collect::<Vec<_>>(),
                })
            }
            Reply::Unsubscribed => json!({ "is": "left" }),
            Reply::Published => json!({ "is": "said" }),
            _ => json!({}),
        };
        said["id"] = id.into();
        Some(line(&said))
    }

    fn ping(&self) -> Frame {
        line(&json!({ "ping": true }))
    }
}

impl Encoding for PingedToyWire {
    fn slot(&self) -> usize {
        ToyWire.slot()
    }

    fn label(&self) -> &'static str {
        ToyWire.label()
    }

    fn push(&self, push: &Push) -> Frame {
        ToyWire.push(push)
    }

    fn event(&self, event: &Event) -> Frame {
        ToyWire.event(event)
    }
}

impl Wire for PingedToyWire {
    fn name(&self) -> &'static str {
        "pinged"
    }

    fn heartbeats(&self) -> Heartbeats {
        Heartbeats::Pings { interval: Duration::from_millis(200) }
    }

    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        ToyWire.decode(rest)
    }

    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame> {
        ToyWire.reply(id, reply)
    }

    fn ping(&self) -> Frame {
        ToyWire.ping()
    }
}

impl Encoding for GatedToyWire {
    fn slot(&self) -> usize {
        ToyWire.slot()
    }

    fn label(&self) -> &'static str {
        ToyWire.label()
    }

    fn push(&self, push: &Push) -> Frame {
        ToyWire.push(push)
    }

    fn event(&self, event: &Event) -> Frame {
        ToyWire.event(event)
    }
}

impl Wire for GatedToyWire {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn authenticator(&self) -> Option<&'static str> {
        Some(KEYS)
    }

    fn token_place(&self) -> Option<TokenPlace> {
        Some(TokenPlace::HeaderOrQuery("token"))
    }

    fn welcome(&self, _: &Connected) -> Option<Frame> {
        Some(line(&json!({ "is": "in" })))
    }

    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        ToyWire.decode(rest)
    }

    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame> {
        ToyWire.reply(id, reply)
    }

    fn ping(&self) -> Frame {
        ToyWire.ping()
    }
}
