//! The events wire over Socket.IO: commands as events of the same names, each with one object, and events as `message`.
use super::fields::{Fields, Verb, bad};
use super::{Answer, ERROR, PluginNames, Refusal};
use crate::protocol::backstage::AUTHENTICATOR;
use crate::protocol::socketio::{Dialect, Meant};
use crate::protocol::{AccountReply, Command, Names};
use crate::types::{Json, ReplyError};
use serde_json::value::RawValue;

/// What clients of the events wire emit over Socket.IO: `register`, `publish`, `subscribe`, `unsubscribe`, each with one object. A
/// refusal is the event `error`, with `{refused, code, message}`, and what became of an event whose publisher asks is the event `account`.
#[derive(Debug, Clone, Copy)]
pub struct EventsDialect;

impl Dialect for EventsDialect {
    fn names(&self) -> &'static dyn Names {
        &PluginNames
    }

    fn authenticator(&self) -> Option<&'static str> {
        Some(AUTHENTICATOR)
    }

    fn is_all(&self) -> bool {
        true
    }

    fn command(&self, event: &str, args: &Json, has_attachments: bool) -> Option<Meant> {
        let verb = Verb::named(event)?;
        let command = match has_attachments {
            true => Err(bad("data: binary is not sent to plugins; send JSON")),
            false => read(verb, args),
        };
        Some(Meant { command: command.unwrap_or_else(Command::Refused), name: Some(verb.name()) })
    }

    fn refusal(&self, name: &str, error: &ReplyError) -> Option<(&'static str, Json)> {
        Some((ERROR, Json::write(&[Refusal::of(name, error, None)]).ok()?))
    }

    fn account(&self, name: &str, reply: &AccountReply) -> Option<(&'static str, Json)> {
        let (event, answer) = Answer::of(name, reply, false);
        Some((event, Json::write(&[answer]).ok()?))
    }
}

/// Reads the object behind the event's name.
fn read(verb: Verb, args: &Json) -> Result<Command, ReplyError> {
    let wrong = || bad("wanted is one object with `pluginId`");
    let elements: Vec<&RawValue> = args.read().map_err(|_| wrong())?;
    let fields: Fields<'_> = serde_json::from_str(elements.get(1).ok_or_else(wrong)?.get()).map_err(|_| wrong())?;
    fields.command(verb, |raw| args.within(raw))
}
