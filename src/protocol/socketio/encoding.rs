//! What sessions of a namespace are sent, as packets: events, pushes and answers.
use super::packet::{AckId, Body, Namespace, Packet};
use super::{encode, meta};
use crate::protocol::backstage::events;
use crate::protocol::{Connected, Encoding, Frame, FrameBuilder, Push, Reply};
use crate::types::{Arity, ChannelName, Envelope, Event, Json, Place, Position, ReplyError, Space, Unsubscribed};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use std::io::Write as _;

/// The encoding's place among all.
const SLOT: usize = 1;
/// Bytes around the payload of an event, for the first guess at a frame's size.
const AROUND: usize = 96;
/// The tag that carries an event's name (decision 7).
const NAME: &str = "event";
/// The event as which a user channel's events arrive.
const MESSAGE: &str = "message";

/// How the sessions of one namespace are written to.
#[derive(Debug, Clone)]
pub struct SocketIo {
    namespace: Namespace,
    /// Events tell the place of the client as one more argument.
    offsets: bool,
    /// Names the frames of user channels, which differ by namespace.
    variant: Option<Box<str>>,
}

impl SocketIo {
    /// The encoding of a namespace. With `offsets` each event tells where the client stands that has got it, so that the client
    /// can come back to that.
    pub fn new(namespace: Namespace, offsets: bool) -> Self {
        let variant = (!namespace.is_root()).then(|| namespace.as_str().into());
        SocketIo { namespace, offsets, variant }
    }

    /// The namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The answer to CONNECT.
    pub fn connected(&self, connected: &Connected) -> Frame {
        let told = meta::Connected { sid: connected.client, pid: connected.resume_key.as_deref() };
        self.frame(Body::Connect(Json::write(&told).ok()))
    }

    /// The refusal of a CONNECT. What a handler says beside its error stands in `data`; else that is the error's code.
    pub fn refused(&self, error: &ReplyError) -> Frame {
        let data = match &error.data {
            // The application says that there is none.
            Some(data) => Some(data.clone()).filter(|data| !data.is_null()),
            None => Json::write(&json!({ "code": error.code })).ok(),
        };
        self.refuse(&error.message, data)
    }

    /// The refusal of a CONNECT to a namespace that is not there.
    pub fn no_such_namespace(&self) -> Frame {
        self.refuse("Invalid namespace", None)
    }

    fn refuse(&self, message: &str, data: Option<Json>) -> Frame {
        self.frame(Body::ConnectError(Json::write(&meta::Refused { message, data }).ok()))
    }

    /// The end of the session.
    pub fn disconnect(&self) -> Frame {
        self.frame(Body::Disconnect)
    }

    /// The acknowledgement of an event.
    pub fn acknowledge(&self, id: AckId, reply: &Reply) -> Frame {
        let (args, attachments) = match reply {
            Reply::Acknowledged { args, attachments } => (Ok(args.clone()), attachments.clone()),
            Reply::Error(error) => (Json::write(&json!([{ "error": error }])), vec![]),
            Reply::Subscribed(subscribed) => (Json::write(&[meta::Subscribed::of(subscribed)]), vec![]),
            Reply::Rpc(Some(data)) => (Json::write(&[data]), vec![]),
            _ => (Json::write(&json!([{}])), vec![]),
        };
        self.frame(Body::Ack { id: Some(id), args: args.ok(), attachments })
    }

    fn frame(&self, body: Body) -> Frame {
        Packet { namespace: self.namespace.clone(), body }.encode().joined()
    }

    /// An event made here, with these arguments behind its name.
    fn emitted(&self, event: &str, args: impl Serialize) -> Frame {
        self.told(event, &Json::write(&args).unwrap_or_else(|_| Json::null()))
    }

    /// An event made here, with these arguments behind its name: an array.
    pub fn told(&self, event: &str, args: &Json) -> Frame {
        self.write(AROUND + args.bytes().len(), None, |out| {
            write_json(out, &event);
            write_elements(out, args);
        })
    }

    /// An event of the namespace.
    fn named(&self, event: &Event, envelope: &Envelope, place: Option<&Place>) -> Frame {
        let name = event.tags.as_ref().and_then(|tags| tags.get(NAME)).map_or(MESSAGE, String::as_str);
        let size = AROUND + name.len() + event.data.bytes().len();
        let text = self.write(size, Some(envelope), |out| {
            write_json(out, &name);
            match envelope.arity {
                Arity::None => {}
                Arity::One => write_argument(out, &event.data),
                Arity::Several => write_elements(out, &event.data),
            }
            // The client takes a text in the end for the offset, and a function, its acknowledgement, for none.
            if self.offsets && envelope.ack.is_none() {
                write_raw(out, b",");
                write_json(out, &place.map(write_offset));
            }
        });
        match envelope.attachments.is_empty() {
            true => text,
            false => {
                let attachments: Vec<Frame> = envelope.attachments.iter().map(encode::binary).collect();
                Frame::in_a_row([&text].into_iter().chain(&attachments))
            }
        }
    }

    /// An event that was kept for the user who subscribes, in a channel that keeps on request: those of plugins are the only ones here.
    pub fn replayed(&self, event: &Event) -> Frame {
        self.plugin_event(event, true)
    }

    fn plugin_event(&self, event: &Event, is_replayed: bool) -> Frame {
        self.write(AROUND + event.data.bytes().len(), None, |out| {
            write_json(out, &MESSAGE);
            write_raw(out, b",");
            events::write_message(out, event, is_replayed);
        })
    }

    /// `42[nsp,][ack][…]`, the array's elements written by `write`.
    fn write(&self, size: usize, envelope: Option<&Envelope>, write: impl FnOnce(&mut FrameBuilder)) -> Frame {
        let mut out = FrameBuilder::text(size + self.namespace.as_str().len());
        match envelope.map_or(0, |envelope| envelope.attachments.len()) {
            0 => write_raw(&mut out, b"42"),
            count => write_raw(&mut out, format!("45{count}-").as_bytes()),
        }
        if !self.namespace.is_root() {
            write_raw(&mut out, self.namespace.as_str().as_bytes());
            write_raw(&mut out, b",");
        }
        if let Some(ack) = envelope.and_then(|envelope| envelope.ack) {
            write_raw(&mut out, ack.to_string().as_bytes());
        }
        write_raw(&mut out, b"[");
        write(&mut out);
        write_raw(&mut out, b"]");
        out.finish()
    }
}

impl Encoding for SocketIo {
    fn slot(&self) -> usize {
        SLOT
    }

    fn label(&self) -> &'static str {
        "json"
    }

    fn variant(&self, channel: &ChannelName) -> Option<&str> {
        match channel.space() {
            // All who listen here are of the same namespace; those of an endpoint without recovery are told no place.
            Space::SocketIo => self.offsets.then_some("offsets"),
            _ => self.variant.as_deref(),
        }
    }

    fn push(&self, push: &Push) -> Frame {
        match push {
            Push::Join { channel, info } => self.emitted("join", (channel.as_str(), &**info)),
            Push::Leave { channel, info } => self.emitted("leave", (channel.as_str(), &**info)),
            Push::Subscribe { channel, subscribed } => {
                self.emitted("subscribed", (channel.as_str(), meta::Subscribed::of(subscribed)))
            }
            Push::Unsubscribe { channel, reason: Unsubscribed { code, reason } } => {
                self.emitted("unsubscribed", (channel.as_str(), json!({ "code": code, "reason": reason })))
            }
            Push::Lagged { channel, count } => self.emitted("lagged", (channel.as_str(), count)),
            // A text in the end would be taken for an offset.
            Push::Message(data) if self.offsets => self.emitted("notice", (data, ())),
            Push::Message(data) => self.emitted("notice", [data]),
            Push::Refresh(expiry) => self.emitted("refresh", [json!({ "ttl": expiry.map(|expiry| expiry.ttl) })]),
            Push::Disconnect(_) => self.disconnect(),
        }
    }

    fn event(&self, event: &Event) -> Frame {
        self.event_at(event, event.position.clone().map(Place::of).as_ref())
    }

    fn event_at(&self, event: &Event, place: Option<&Place>) -> Frame {
        static PLAIN: Envelope = Envelope::PLAIN;
        match event.channel.space() {
            Space::SocketIo => self.named(event, event.envelope.as_deref().unwrap_or(&PLAIN), place),
            Space::Plugin => self.plugin_event(event, false),
            _ => {
                let size = AROUND + event.channel.as_str().len() + event.data.bytes().len();
                self.write(size, None, |out| {
                    write_json(out, &MESSAGE);
                    write_raw(out, b",");
                    write_json(out, &event.channel.as_str());
                    write_argument(out, &event.data);
                    write_raw(out, b",");
                    write_json(out, &meta::OfEvent::of(event));
                })
            }
        }
    }
}

/// A place as clients give it back: opaque to them.
pub fn write_offset(place: &Place) -> String {
    let Place { position, aside } = place;
    match aside {
        Some(aside) => format!("{}-{}.{}-{}", position.offset, position.epoch, aside.offset, aside.epoch),
        None => format!("{}-{}", position.offset, position.epoch),
    }
}

/// Reads what [`write_offset`] has written; none for anything else.
pub fn read_offset(text: &str) -> Option<Place> {
    match text.rsplit_once('.') {
        Some((position, aside)) => {
            Some(Place { position: read_position(position)?, aside: Some(read_position(aside)?) })
        }
        None => read_position(text).map(Place::of),
    }
}

fn read_position(text: &str) -> Option<Position> {
    let (offset, epoch) = text.split_once('-')?;
    Some(Position { offset: offset.parse().ok()?, epoch: crate::types::Epoch::new(epoch) })
}

/// A buffer in memory takes all that is written.
fn write_raw(out: &mut FrameBuilder, bytes: &[u8]) {
    let _ = out.write_all(bytes);
}

/// What is written here has a JSON form: texts, numbers, and structs of them.
fn write_json(out: &mut FrameBuilder, value: &impl Serialize) {
    let _ = serde_json::to_writer(out, value);
}

fn write_argument(out: &mut FrameBuilder, argument: &Json) {
    write_raw(out, b",");
    write_raw(out, argument.bytes());
}

/// The elements of an array, each behind a comma.
fn write_elements(out: &mut FrameBuilder, array: &Json) {
    let elements: &Bytes = array.bytes();
    let inside = elements.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or_default();
    if !inside.trim_ascii().is_empty() {
        write_raw(out, b",");
        write_raw(out, inside);
    }
}
