//! The events with which a client uses user channels without a handler: `subscribe`, `unsubscribe` and `publish` (decision 11).
use super::{Dialect, Meant};
use crate::protocol::{Command, Publish, Recover, Subscribe, Unsubscribe};
use crate::types::{Epoch, Json, ReplyError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The built-in events.
#[derive(Debug, Clone, Copy)]
pub struct BuiltinEvents;

impl Dialect for BuiltinEvents {
    fn command(&self, event: &str, args: &Json, has_attachments: bool) -> Option<Meant> {
        command(event, args, has_attachments).map(|command| Meant { command, name: None })
    }
}

/// What may be said beside the channel of a `subscribe`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Options {
    /// A subscription token.
    token: String,
    /// The last offset seen, and the epoch it counts in: what came after it is brought.
    offset: Option<u64>,
    epoch: String,
}

/// The command that a built-in event stands for; none for an event of any other name. `args` is the array of its arguments,
/// the name in front. Arguments that do not fit become a command that is refused with error 107.
fn command(event: &str, args: &Json, has_attachments: bool) -> Option<Command> {
    let read: fn(&Json, &[&RawValue]) -> Result<Command, ReplyError> = match event {
        "subscribe" => subscribe,
        "unsubscribe" => unsubscribe,
        "publish" => publish,
        _ => return None,
    };
    if has_attachments {
        return Some(refused("binary stays within its namespace: send JSON"));
    }
    let elements: Vec<&RawValue> = args.read().unwrap_or_default();
    Some(read(args, elements.get(1..).unwrap_or_default()).unwrap_or_else(Command::Refused))
}

fn subscribe(_: &Json, args: &[&RawValue]) -> Result<Command, ReplyError> {
    let channel = channel(args)?;
    let Options { token, offset, epoch } = match args.get(1).filter(|raw| raw.get() != "null") {
        Some(_) => argument(args, 1, "an object with token, offset, epoch")?,
        None => Options::default(),
    };
    let recover = offset.map(|offset| Recover { offset, epoch: Epoch::new(epoch) });
    let recoverable = recover.is_some();
    Ok(Command::Subscribe(Box::new(Subscribe {
        channel,
        token,
        recover,
        positioned: true,
        recoverable,
        ..Subscribe::default()
    })))
}

fn unsubscribe(_: &Json, args: &[&RawValue]) -> Result<Command, ReplyError> {
    Ok(Command::Unsubscribe(Unsubscribe::all(channel(args)?)))
}

fn publish(all: &Json, args: &[&RawValue]) -> Result<Command, ReplyError> {
    let channel = channel(args)?;
    let data = args.get(1).ok_or_else(|| bad("argument 2 is missing: the data to publish"))?;
    Ok(Command::Publish(Publish { channel, data: Some(all.within(data)), ..Publish::default() }))
}

fn channel(args: &[&RawValue]) -> Result<String, ReplyError> {
    let name: String = argument(args, 0, "the name of a channel")?;
    match name.is_empty() {
        true => Err(bad("argument 1 is empty; wanted: the name of a channel")),
        false => Ok(name),
    }
}

fn argument<T: DeserializeOwned>(args: &[&RawValue], at: usize, wanted: &str) -> Result<T, ReplyError> {
    let raw = args.get(at).ok_or_else(|| bad(format!("argument {} is missing: {wanted}", at + 1)))?;
    serde_json::from_str(raw.get()).map_err(|_| bad(format!("argument {} does not fit; wanted: {wanted}", at + 1)))
}

fn refused(why: &'static str) -> Command {
    Command::Refused(bad(why))
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> ReplyError {
    ReplyError { message: why.into(), ..ReplyError::BAD_REQUEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str, args: &'static str) -> Command {
        command(event, &Json::parse(args.as_bytes().into()).expect("valid JSON"), false).expect("a built-in event")
    }

    fn refusal(command: Command) -> String {
        match command {
            Command::Refused(error) => error.message.into_owned(),
            other => panic!("{other:?} was not refused"),
        }
    }

    #[test]
    fn a_subscribe_names_its_channel_and_may_bring_a_token_and_a_position() {
        let Command::Subscribe(plain) = read("subscribe", r#"["subscribe","news",null]"#) else {
            panic!("no subscribe")
        };
        assert!(plain.channel == "news" && plain.token.is_empty() && plain.recover.is_none() && plain.positioned);
        let more = r#"["subscribe","news",{"token":"t","offset":3,"epoch":"e"}]"#;
        let Command::Subscribe(more) = read("subscribe", more) else { panic!("no subscribe") };
        assert!(more.token == "t" && more.recover.is_some_and(|from| from.offset == 3 && from.epoch.as_str() == "e"));
    }

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        assert!(refusal(read("subscribe", r#"["subscribe"]"#)).starts_with("argument 1 is missing"));
        assert!(refusal(read("subscribe", r#"["subscribe",5]"#)).starts_with("argument 1 does not fit"));
        assert!(refusal(read("unsubscribe", r#"["unsubscribe",""]"#)).starts_with("argument 1 is empty"));
        assert!(refusal(read("publish", r#"["publish","news"]"#)).starts_with("argument 2 is missing"));
        assert!(refusal(read("subscribe", r#"["subscribe","news",7]"#)).starts_with("argument 2 does not fit"));
    }

    #[test]
    fn other_events_are_not_built_in_and_binary_is_refused() {
        let args = Json::parse(r#"["publish","news",1]"#.into()).expect("valid JSON");
        assert!(command("chat", &args, false).is_none());
        assert!(refusal(command("publish", &args, true).expect("a built-in event")).contains("binary"));
    }
}
