//! What a message is, and which part of it a listener receives.
use super::StreamError;
use crate::delivery::Loss;
use crate::types::{ChannelName, ClientInfo, Event, Json, Position, Tags};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The tag that tells a message's type (decision 7).
pub(super) const TYPE_TAG: &str = "type";

/// A type whose values can be posted: data, and a name for it that all who speak of it agree on. Listeners on any wire find
/// the data as JSON and the name in the tag `type`.
pub trait TypedMessage: Serialize + DeserializeOwned {
    /// The type's name. It must stay the same from version to version of a program; the name of a Rust type is no such name.
    const TYPE: &'static str;
}

/// An event as a listener in Rust hears it, wherever it came from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReceivedEvent {
    event: Arc<Event>,
    missed: Loss,
}

impl ReceivedEvent {
    pub(super) fn new(event: Arc<Event>, missed: Loss) -> Self {
        ReceivedEvent { event, missed }
    }

    /// The channel.
    pub fn channel(&self) -> &ChannelName {
        &self.event.channel
    }

    /// The payload.
    pub fn data(&self) -> &Json {
        &self.event.data
    }

    /// A tag.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags()?.get(name).map(String::as_str)
    }

    /// All tags.
    pub fn tags(&self) -> Option<&Tags> {
        self.event.tags.as_deref()
    }

    /// The client that published it; none for backends and Rust code.
    pub fn publisher(&self) -> Option<&ClientInfo> {
        self.event.publisher.as_deref()
    }

    /// Its place in the channel's history, where the channel has one.
    pub fn position(&self) -> Option<&Position> {
        self.event.position.as_ref()
    }

    /// What this listener lost directly before it.
    pub fn missed(&self) -> Loss {
        self.missed
    }

    /// The payload as a message. One without a type, which no Rust code posted, is tried.
    pub fn read<M: TypedMessage>(&self) -> Result<M, StreamError> {
        read(&self.event)
    }
}

/// An event's payload as a message (decision 10).
pub(super) fn read<M: TypedMessage>(event: &Event) -> Result<M, StreamError> {
    let found = event.tags.as_deref().and_then(|tags| tags.get(TYPE_TAG));
    if let Some(found) = found.filter(|found| *found != M::TYPE) {
        return Err(StreamError::WrongType { wanted: M::TYPE, found: found.clone() });
    }
    event.data.read().map_err(StreamError::Unreadable)
}
