//! Messages of clients of the events wire, read field by field: an error names the field that is wrong.
use crate::protocol::{Command, Publish, Request, Subscribe, Unsubscribe};
use crate::types::{BACKENDS, EntityRef, Group, Json, ReplyError, TOPIC_TAG, Tags, Topic};
use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The most entity refs that one event is for.
const MAX_TARGETS: usize = 1_000;
/// The longest topic in bytes, and the longest id of a plugin.
const MAX_TEXT: usize = 255;
/// The longest text in bytes by which a client asks for an account.
const MAX_ACCOUNT: usize = 64;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Register,
    Publish,
    Subscribe,
    Unsubscribe,
}

impl Verb {
    const ALL: [Verb; 4] = [Verb::Register, Verb::Publish, Verb::Subscribe, Verb::Unsubscribe];

    pub fn name(self) -> &'static str {
        match self {
            Verb::Register => "register",
            Verb::Publish => "publish",
            Verb::Subscribe => "subscribe",
            Verb::Unsubscribe => "unsubscribe",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }

    /// The id of a request of this kind, from 1.
    pub fn id(self) -> u32 {
        self as u32 + 1
    }

    pub fn of_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.id() == id)
    }
}

/// The fields of a command, unread.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Fields<'a> {
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    plugin_id: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    target_entity_refs: Option<&'a RawValue>,
    #[serde(borrow)]
    keep: Option<&'a RawValue>,
    #[serde(borrow)]
    account: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "given")]
    data: Option<&'a RawValue>,
}

/// Reads a value that is there, `null` included; serde alone takes a null for an absent field.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a message. One that asks for nothing known is refused, as what it says it is.
pub(super) fn request(message: &Bytes) -> Request {
    let refused = |why: &'static str| Request { id: 0, command: Command::Refused(bad(why)) };
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(message) else {
        return refused("wanted is a JSON object with `command` and `pluginId`");
    };
    let name = fields.command.and_then(|raw| serde_json::from_str::<Cow<'_, str>>(raw.get()).ok());
    let Some(verb) = name.as_deref().and_then(Verb::named) else {
        return refused("command: wanted is register, publish, subscribe or unsubscribe");
    };
    let data = |raw: &RawValue| Json::of(raw, message);
    Request { id: verb.id(), command: fields.command(verb, data).unwrap_or_else(Command::Refused) }
}

impl Fields<'_> {
    /// The command that these fields make up; `hold` holds on to a part of the message. Fails with the error that its client is told.
    pub fn command(&self, verb: Verb, hold: impl Fn(&RawValue) -> Json) -> Result<Command, ReplyError> {
        let plugin = self.plugin()?;
        Ok(match verb {
            Verb::Register => Command::Register(plugin),
            Verb::Publish => Command::Publish(Publish {
                channel: plugin,
                tags: self.topic()?.map(|topic| Tags::from([(TOPIC_TAG.to_owned(), topic)])),
                to: self.targets()?,
                data: Some(hold(self.data.ok_or_else(|| bad("data: there is none; null is some"))?)),
                spares_publisher: true,
                keep: self.keep()?,
                account: self.account()?.map(hold),
            }),
            Verb::Subscribe => {
                let topic = Topic::or_every(self.topic()?);
                Command::Subscribe(Box::new(Subscribe { channel: plugin, topic, ..Subscribe::default() }))
            }
            Verb::Unsubscribe => {
                Command::Unsubscribe(Unsubscribe { channel: plugin, topic: Topic::or_every(self.topic()?) })
            }
        })
    }

    fn plugin(&self) -> Result<String, ReplyError> {
        let id = self.plugin_id.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let id = id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| bad("pluginId: wanted is a plugin's id, a text that is not empty"))?;
        match id.len() <= MAX_TEXT {
            true => Ok(id),
            false => Err(bad(format!("pluginId: longer than {MAX_TEXT} bytes"))),
        }
    }

    /// The topic; an empty one is none, as in JavaScript.
    fn topic(&self) -> Result<Option<String>, ReplyError> {
        let Some(raw) = present(self.topic) else { return Ok(None) };
        let topic: String = serde_json::from_str(raw.get()).map_err(|_| bad("topic: wanted is a text"))?;
        match topic.len() {
            0 => Ok(None),
            1..=MAX_TEXT => Ok(Some(topic)),
            _ => Err(bad(format!("topic: longer than {MAX_TEXT} bytes"))),
        }
    }

    /// Whether an event is to be kept for users who subscribe later.
    fn keep(&self) -> Result<bool, ReplyError> {
        let Some(raw) = present(self.keep) else { return Ok(false) };
        serde_json::from_str(raw.get()).map_err(|_| {
            bad("keep: wanted is true or false; for how long is for backstage.keep in the broker's config")
        })
    }

    /// What asks for an account of the event: `true` or a text; none for none.
    fn account(&self) -> Result<Option<&RawValue>, ReplyError> {
        let Some(raw) = present(self.account).filter(|raw| raw.get() != "false") else { return Ok(None) };
        let text = match raw.get() {
            "true" => return Ok(Some(raw)),
            other => serde_json::from_str::<Cow<'_, str>>(other),
        };
        match text.map(|text| text.len()) {
            Ok(1..=MAX_ACCOUNT) => Ok(Some(raw)),
            _ => Err(bad(format!("account: wanted is true, or a text of 1 to {MAX_ACCOUNT} bytes"))),
        }
    }

    /// The groups that an event is for; none for everybody. Who is told to be nobody is nobody (decision 34), also where backends get what
    /// is for others.
    fn targets(&self) -> Result<Option<Vec<Group>>, ReplyError> {
        let Some(raw) = present(self.target_entity_refs) else { return Ok(None) };
        let wrong = |_| bad("targetEntityRefs: wanted is an array of entity refs");
        let refs: Vec<Cow<'_, str>> = serde_json::from_str(raw.get()).map_err(wrong)?;
        let refs = EntityRef::parse_all(&refs, MAX_TARGETS).map_err(|error| error.of_field("targetEntityRefs"))?;
        let backends = (!refs.is_empty()).then(|| Group::from(BACKENDS));
        Ok(Some(refs.into_iter().map(Group::from).chain(backends).collect()))
    }
}

/// A field that is null is left out.
fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

pub(super) fn bad(why: impl Into<Cow<'static, str>>) -> ReplyError {
    ReplyError { message: why.into(), ..ReplyError::BAD_REQUEST }
}
