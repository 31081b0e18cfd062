//! The events wire: what backend plugins of Backstage publish, and who listens. JSON over WebSocket, at `/events`; over Socket.IO
//! the same at `/events/` ([`EventsDialect`]).
//!
//! | the client says | who may |
//! |---|---|
//! | `{"command":"register","pluginId":"catalog"}` | a backend, by a service token |
//! | `{"command":"publish","pluginId":"catalog","topic":"t","targetEntityRefs":["user:default/mia"],"data":…}` | a backend that has registered, under its own id |
//! | `{"command":"subscribe","pluginId":"catalog","topic":"t"}` | everybody |
//! | `{"command":"unsubscribe","pluginId":"catalog","topic":"t"}` | everybody |
//!
//! `topic` and `targetEntityRefs` may be left out; with `"keep":true` an event is kept for users who subscribe later. An event comes as
//! `{"command":"publish","pluginId":…,"topic":…,"data":…}`, with `"replayed":true` where it was kept for the user, a
//! refusal as `{"command":"error","refused":"publish","code":103,"message":…}`. A publish with `"account":true`, or with a text there, is
//! answered with what became of its event: `{"command":"account","pluginId":…,"topic":…,"account":true,"matched":3,"delivered":1,…}`, and
//! a refusal of it has `account`, too. Nothing else is answered. The token stands in the header
//! `Authorization` or in the query as `access_token`, and is verified before the upgrade.
//!
//! Source: Backstage's pull requests 17997 and 18071, without the faults of theirs that the contract lists.
mod dialect;
mod fields;

pub use dialect::EventsDialect;

use super::{AUTHENTICATOR, PING_INTERVAL, close_code, end_event, kept};
use crate::protocol::{
    AccountReply, Encoding, Frame, FrameBuilder, Heartbeats, Names, Push, Reply, Request, TokenPlace, Wire,
};
use crate::types::{
    ANY_PLUGIN_USER, Account, ChannelName, Disconnect, Event, Identity, IdentityKind, Json, NameError, PLUGIN_USER,
    ReplyError, Space, TOPIC_TAG,
};
use bytes::Bytes;
use fields::Verb;
use serde::Serialize;
use std::io::Write as _;

/// What refuses, and what tells what became of an event.
const ERROR: &str = "error";
const ACCOUNT: &str = "account";
/// Bytes of an event beside its plugin, its topic and its data.
const AROUND: usize = 64;
/// The wire over WebSocket; it has one encoding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events;

/// The channels of plugins: each has one, by its id.
#[derive(Debug, Clone, Copy)]
pub struct PluginNames;

impl Names for PluginNames {
    fn channel(&self, name: &str, limit: usize) -> Result<ChannelName, NameError> {
        ChannelName::in_space(Space::Plugin, name, limit)
    }

    fn field(&self) -> &'static str {
        "pluginId"
    }

    fn may_register(&self, identity: &Identity, plugin: &ChannelName) -> Result<(), &'static str> {
        if identity.kind != IdentityKind::Service {
            return Err("only a backend registers: bring a service token");
        }
        let is_its_own = identity.user.strip_prefix(PLUGIN_USER) == Some(plugin.as_str());
        match is_its_own || &*identity.user == ANY_PLUGIN_USER {
            true => Ok(()),
            false => Err("the token is another plugin's"),
        }
    }
}

/// A refusal, as both variants of the wire tell it.
#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'static str>,
    refused: &'a str,
    code: u32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a Json>,
}

/// What became of an event, as both variants of the wire tell it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'static str>,
    plugin_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    account: &'a Json,
    #[serde(flatten)]
    numbers: &'a Account,
}

/// The answer to a publish that asks for an account.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Told(Told<'a>),
    Refused(Refusal<'a>),
}

impl<'a> Answer<'a> {
    /// The name of the answer, and itself: with its name among its fields where that stands nowhere else.
    fn of(refused: &'a str, reply: &'a AccountReply, is_named: bool) -> (&'static str, Self) {
        let AccountReply { channel, topic, asked, outcome } = reply;
        let named = |name| is_named.then_some(name);
        match outcome {
            Ok(numbers) => {
                let (command, topic) = (named(ACCOUNT), topic.as_deref());
                (ACCOUNT, Answer::Told(Told { command, plugin_id: channel, topic, account: asked, numbers }))
            }
            Err(error) => {
                let refusal = Refusal::of(refused, error, named(ERROR));
                (ERROR, Answer::Refused(Refusal { account: Some(asked), ..refusal }))
            }
        }
    }
}

impl<'a> Refusal<'a> {
    fn of(refused: &'a str, error: &'a ReplyError, command: Option<&'static str>) -> Self {
        Refusal { command, refused, code: error.code, message: &error.message, account: None }
    }
}

/// Writes what an event tells its listeners: plugin, topic, data. For whom it is they do not learn.
fn write_event(out: &mut FrameBuilder, event: &Event) {
    let topic = event.tags.as_ref().and_then(|tags| tags.get(TOPIC_TAG));
    // A buffer in memory takes all that is written, and a text has a JSON form.
    let _ = out.write_all(b"\"pluginId\":");
    let _ = serde_json::to_writer(&mut *out, event.channel.as_str());
    if let Some(topic) = topic {
        let _ = out.write_all(b",\"topic\":");
        let _ = serde_json::to_writer(&mut *out, topic);
    }
    let _ = out.write_all(b",\"data\":");
    let _ = out.write_all(event.data.bytes());
}

/// An event as the argument of the Socket.IO event `message`.
pub(in crate::protocol) fn write_message(out: &mut FrameBuilder, event: &Event, is_replayed: bool) {
    let _ = out.write_all(b"{");
    write_event(out, event);
    end_event(out, is_replayed);
}

fn write_publish(event: &Event, is_replayed: bool) -> Frame {
    let mut out = FrameBuilder::text(AROUND + event.channel.as_str().len() + event.data.bytes().len());
    let _ = out.write_all(b"{\"command\":\"publish\",");
    write_event(&mut out, event);
    end_event(&mut out, is_replayed);
    out.finish()
}

impl Encoding for Events {
    fn slot(&self) -> usize {
        4
    }

    fn label(&self) -> &'static str {
        "json"
    }

    fn push(&self, _: &Push) -> Frame {
        Frame::of_text("")
    }

    fn has_pushes(&self) -> bool {
        false
    }

    fn event(&self, event: &Event) -> Frame {
        write_publish(event, false)
    }
}

impl Wire for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn names(&self) -> &'static dyn Names {
        &PluginNames
    }

    fn authenticator(&self) -> Option<&'static str> {
        Some(AUTHENTICATOR)
    }

    fn token_place(&self) -> Option<TokenPlace> {
        Some(TokenPlace::HeaderOrQuery("access_token"))
    }

    fn admits_guests(&self) -> bool {
        true
    }

    /// A request's id says what was asked for: nothing else could name it in a refusal.
    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        let message = std::mem::take(rest);
        Ok((!message.is_empty()).then(|| fields::request(&message)))
    }

    fn decode_first(&self, rest: &mut Bytes) -> Result<Request, Disconnect> {
        Ok(self.decode(rest)?.unwrap_or_else(|| fields::request(&Bytes::new())))
    }

    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame> {
        let refused = Verb::of_id(id).map_or("", Verb::name);
        // A struct of texts and numbers has a JSON form.
        let text = match reply {
            Reply::Error(error) => Json::write(&Refusal::of(refused, error, Some(ERROR))),
            Reply::Accounted(reply) => Json::write(&Answer::of(refused, reply, true).1),
            other => return kept(other, |event| write_publish(event, true)),
        };
        Some(Frame::of_text(text.ok()?.as_str()))
    }

    fn close_code(&self, reason: &Disconnect) -> u16 {
        close_code(reason)
    }

    fn heartbeats(&self) -> Heartbeats {
        Heartbeats::Pings { interval: PING_INTERVAL }
    }

    fn ping(&self) -> Frame {
        Frame::of_text("")
    }
}

#[cfg(test)]
mod tests;
