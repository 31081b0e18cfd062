//! Signals for the pages of Backstage: what plugins tell users.
use crate::broker::{Node, PublishRequest};
use crate::types::{Account, Audience, ChannelName, EntityRef, Group, Json, ReplyError, Space};
use serde::Deserialize;

/// The most entity refs of one signal.
const MAX_RECIPIENTS: usize = 1_000;

/// A signal: a message on a channel, for all who subscribe to it or for some users.
///
/// Source: `SignalPayload` of Backstage's `plugin-signals-node`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The channel, by convention `plugin:topic`.
    pub channel: String,
    /// What subscribers get.
    pub message: Json,
    /// Which of them.
    pub recipients: Recipients,
    /// Whether it is kept for users who subscribe later, for as long as `backstage.keep` says: each of them gets it once.
    pub keep: bool,
}

/// Which subscribers a signal is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// All of them.
    Broadcast,
    /// Those who own one of these entities: users by their own refs, or by those of their groups. Nobody where there are none.
    Users(Vec<EntityRef>),
}

/// Recipients as Backstage writes them.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum RecipientsShape {
    Broadcast,
    User {
        #[serde(rename = "entityRef")]
        entity_ref: RefsShape,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RefsShape {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct SignalShape {
    channel: Option<String>,
    message: Option<Json>,
    recipients: Option<Json>,
    keep: Option<Json>,
}

impl Recipients {
    /// Reads `{"type":"broadcast"}` or `{"type":"user","entityRef":REF or [REF, …]}`. Fails with error 107 on anything else, a ref that
    /// does not parse among it, and with 106 where there are more than 1,000; the message says what is wrong.
    pub fn read(written: &Json) -> Result<Self, ReplyError> {
        let shape: RecipientsShape = written.read().map_err(|_| {
            bad("recipients: wanted is {\"type\":\"broadcast\"} or {\"type\":\"user\",\"entityRef\":REF or [REF, ...]}")
        })?;
        let refs = match shape {
            RecipientsShape::Broadcast => return Ok(Recipients::Broadcast),
            RecipientsShape::User { entity_ref: RefsShape::One(one) } => vec![one],
            RecipientsShape::User { entity_ref: RefsShape::Many(many) } => many,
        };
        let refs = EntityRef::parse_all(&refs, MAX_RECIPIENTS).map_err(|error| error.of_field("recipients"))?;
        Ok(Recipients::Users(refs))
    }

    fn audience(self) -> Audience {
        match self {
            Recipients::Broadcast => Audience::EVERYONE,
            Recipients::Users(refs) => Audience::of(refs.into_iter().map(Group::from)),
        }
    }
}

impl Signal {
    /// A signal of these parts. Without recipients it is for all; `null` counts as none. Fails with error 107 where the channel or the
    /// message is missing or says nothing (an empty text, 0, `false`, `null`): the original drops those in silence. Fails as
    /// [`Recipients::read`] does. It is not kept for users who subscribe later; set `keep` for that.
    pub fn new(channel: Option<String>, message: Option<Json>, recipients: Option<&Json>) -> Result<Self, ReplyError> {
        let channel = channel.filter(|channel| !channel.is_empty()).ok_or_else(|| bad("channel: there is none"))?;
        let message = message.filter(|message| !says_nothing(message)).ok_or_else(|| bad("message: there is none"))?;
        let recipients = match recipients.filter(|recipients| !recipients.is_null()) {
            Some(written) => Recipients::read(written)?,
            None => Recipients::Broadcast,
        };
        Ok(Signal { channel, message, recipients, keep: false })
    }

    /// A signal as plugins publish it on the topic `signals`: `{recipients, channel, message}`, with `"keep": true` where it is to be kept.
    /// There the recipients must be said. Fails as [`Signal::new`] does, and with error 107 where `keep` is neither true nor false.
    pub fn read(payload: &Json) -> Result<Self, ReplyError> {
        let SignalShape { channel, message, recipients, keep } =
            payload.read().map_err(|_| bad("a signal is written {recipients, channel, message}"))?;
        let recipients = recipients.ok_or_else(|| bad("recipients: there are none"))?;
        let keep = keep.filter(|keep| !keep.is_null()).map_or(Ok(false), |keep| keep.read());
        let keep =
            keep.map_err(|_| bad("keep: wanted is true or false; for how long is for backstage.keep in the config"))?;
        Ok(Signal { keep, ..Signal::new(channel, message, Some(&recipients))? })
    }

    /// Sends it to the subscribers it is for, on all nodes. Fails with 102 where the config has no signals (`backstage.signals`), 107
    /// where the channel's name is too long, 108 where it is to be kept and the config keeps none (`backstage.keep`), and 111 under a
    /// flood.
    pub async fn publish(self, node: &Node) -> Result<(), ReplyError> {
        let (channel, request) = self.request(node)?;
        node.channels().publish_into(channel, request).await.map(drop).map_err(explained)
    }

    /// The same, and answers what became of it: how many subscribers got it, and why others did not. Waits 2 s at most for other nodes.
    /// Fails as [`Signal::publish`] does.
    pub async fn publish_with_account(self, node: &Node) -> Result<Account, ReplyError> {
        let (channel, request) = self.request(node)?;
        let accounted = node.channels().publish_into_with_account(channel, request).await;
        accounted.map(|accounted| accounted.account).map_err(explained)
    }

    fn request(self, node: &Node) -> Result<(ChannelName, PublishRequest), ReplyError> {
        let limit = node.limits().channel_name;
        let channel =
            ChannelName::in_space(Space::Signals, &self.channel, limit).map_err(|error| bad(error.to_string()))?;
        let (audience, keep) = (self.recipients.audience(), self.keep);
        let request = PublishRequest { audience, keep, ..PublishRequest::new(self.message) };
        Ok((channel, request))
    }
}

/// Says how to have signals, where there are none.
fn explained(error: ReplyError) -> ReplyError {
    match error {
        error if error == ReplyError::UNKNOWN_CHANNEL => {
            ReplyError { message: "there are no signals: set backstage.signals = true".into(), ..error }
        }
        error => error,
    }
}

/// What JavaScript takes for false.
fn says_nothing(message: &Json) -> bool {
    let number = || message.read::<f64>().is_ok_and(|number| number == 0.0);
    matches!(message.as_str(), "null" | "false" | "\"\"") || number()
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> ReplyError {
    ReplyError { message: why.into(), ..ReplyError::BAD_REQUEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &'static str) -> Json {
        Json::parse(text.into()).expect("JSON")
    }

    #[test]
    fn a_signal_is_read_as_plugins_write_it() {
        let one = Signal::read(&json(
            r#"{"recipients":{"type":"user","entityRef":"user:default/mia"},"channel":"c","message":{"a":1}}"#,
        ));
        let mia = EntityRef::parse("user:default/mia").expect("a ref");
        assert_eq!(one.expect("a signal").recipients, Recipients::Users(vec![mia.clone()]));
        let many =
            Recipients::read(&json(r#"{"type":"user","entityRef":["user:default/mia","group:default/a"],"x":1}"#));
        assert!(matches!(many, Ok(Recipients::Users(refs)) if refs.len() == 2 && refs[0] == mia));
        assert_eq!(Recipients::read(&json(r#"{"type":"broadcast"}"#)), Ok(Recipients::Broadcast));
    }

    #[test]
    fn what_names_nobody_is_nobody_and_not_everybody() {
        let nobody = Recipients::read(&json(r#"{"type":"user","entityRef":[]}"#)).expect("recipients");
        assert!(!nobody.audience().is_everyone());
        for wrong in [r#"{"type":"user"}"#, r#"{"type":"all"}"#, "{}", "[]", r#""broadcast""#] {
            let error = Recipients::read(&json(wrong)).expect_err(wrong);
            assert!(error.code == 107 && error.message.starts_with("recipients: wanted"), "{error}");
        }
        let error = Signal::read(&json(r#"{"channel":"c","message":1}"#)).expect_err("nobody is named");
        assert_eq!(error.message, "recipients: there are none");
    }

    #[test]
    fn a_ref_that_does_not_parse_is_named_and_too_many_are_refused() {
        let error = Recipients::read(&json(r#"{"type":"user","entityRef":["user:default/a","mia"]}"#));
        assert!(error.expect_err("no ref").message.starts_with("recipients: entity ref 2:"));
        let many = Json::write(&serde_json::json!({"type": "user", "entityRef": vec!["user:default/a"; 10_000]}));
        assert_eq!(Recipients::read(&many.expect("JSON")).expect_err("too many").code, 106);
    }

    #[test]
    fn a_message_that_says_nothing_is_none() {
        for nothing in ["null", "false", "0", "-0.0", r#""""#] {
            let signal = Signal::new(Some("c".into()), Some(json(nothing)), None);
            assert_eq!(signal.expect_err(nothing).message, "message: there is none");
        }
        for something in ["{}", "[]", "true", "0.1", r#"" ""#] {
            assert!(Signal::new(Some("c".into()), Some(json(something)), None).is_ok(), "{something}");
        }
        assert!(Signal::new(Some(String::new()), Some(json("1")), None).is_err());
    }
}
