//! The signals wire: what the `SignalClient` of `@backstage/plugin-signals` speaks. JSON over WebSocket, at `/api/signals`.
//!
//! | the client says | the answer |
//! |---|---|
//! | `{"action":"subscribe","channel":"catalog:topic"}` | |
//! | `{"action":"unsubscribe","channel":"catalog:topic"}` | |
//!
//! Unasked come signals: `{"channel":"catalog:topic","message":…}`, with `"replayed":true` where they were kept for the user. The token stands in the place of the subprotocol, and is
//! verified before the upgrade. Nothing is answered: what cannot be read or may not be is passed over, and the connection stays.
//!
//! Source: `SignalClient` and `SignalManager` of Backstage (`plugin-signals` 0.0.35, `plugin-signals-backend`).
use super::{AUTHENTICATOR, PING_INTERVAL, close_code, end_event, kept};
use crate::protocol::{
    Command, Encoding, Frame, FrameBuilder, Heartbeats, Names, Push, Reply, Request, Subscribe, TokenPlace,
    Unsubscribe, Wire,
};
use crate::types::{ChannelName, Disconnect, Event, NameError, ReplyError, Space};
use bytes::Bytes;
use serde::Deserialize;
use std::borrow::Cow;
use std::io::Write as _;

/// Bytes of a signal beside its channel and its message.
const AROUND: usize = 32;

/// The wire; it has one encoding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signals;

/// The channels of signals.
#[derive(Debug, Clone, Copy)]
pub struct SignalNames;

/// What a client says.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
}

impl Names for SignalNames {
    fn channel(&self, name: &str, limit: usize) -> Result<ChannelName, NameError> {
        ChannelName::in_space(Space::Signals, name, limit)
    }
}

impl Encoding for Signals {
    fn slot(&self) -> usize {
        2
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
        write(event, false)
    }
}

fn write(event: &Event, is_replayed: bool) -> Frame {
    let channel = event.channel.as_str();
    let mut out = FrameBuilder::text(AROUND + channel.len() + event.data.bytes().len());
    // A buffer in memory takes all that is written, and a text has a JSON form.
    let _ = out.write_all(b"{\"channel\":");
    let _ = serde_json::to_writer(&mut out, channel);
    let _ = out.write_all(b",\"message\":");
    let _ = out.write_all(event.data.bytes());
    end_event(&mut out, is_replayed);
    out.finish()
}

impl Wire for Signals {
    fn name(&self) -> &'static str {
        "signals"
    }

    fn names(&self) -> &'static dyn Names {
        &SignalNames
    }

    fn authenticator(&self) -> Option<&'static str> {
        Some(AUTHENTICATOR)
    }

    fn token_place(&self) -> Option<TokenPlace> {
        Some(TokenPlace::Subprotocol)
    }

    fn admits_guests(&self) -> bool {
        true
    }

    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        let message = std::mem::take(rest);
        Ok((!message.is_empty()).then(|| Request { id: 0, command: command(&message) }))
    }

    fn decode_first(&self, rest: &mut Bytes) -> Result<Request, Disconnect> {
        Ok(self.decode(rest)?.unwrap_or(Request { id: 0, command: JUNK }))
    }

    fn reads_binary(&self) -> bool {
        false
    }

    fn reply(&self, _: u32, reply: &Reply) -> Option<Frame> {
        kept(reply, |event| write(event, true))
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

/// What is passed over.
const JUNK: Command = Command::Refused(ReplyError::BAD_REQUEST);

fn command(message: &[u8]) -> Command {
    let Ok(Said { action, channel }) = serde_json::from_slice(message) else { return JUNK };
    match &*action {
        // A client without a channel to name means none.
        _ if channel.is_empty() => JUNK,
        "subscribe" => {
            Command::Subscribe(Box::new(Subscribe { channel: channel.into_owned(), ..Subscribe::default() }))
        }
        "unsubscribe" => Command::Unsubscribe(Unsubscribe::all(channel.into_owned())),
        _ => JUNK,
    }
}

#[cfg(test)]
mod tests;
