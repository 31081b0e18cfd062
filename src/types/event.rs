//! An event: immutable once its channel has given it a position, shared by everyone who delivers it.
use super::{ChannelName, ClientInfo, Envelope, Json, Position};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event's tags: short key-value texts that filters look at.
pub type Tags = BTreeMap<String, String>;

/// The tag for views that has the path of the service which emitted an event.
pub const VIEW_TAG_SERVICE: &str = "service";
/// The tag for views that has the name of such an event, without the path.
pub const VIEW_TAG_EVENT: &str = "name";

/// What a tag, a group, an attachment or a publisher costs beside its bytes: its place, and what the allocator adds.
pub(super) const PART_BYTES: usize = 64;

/// One event in one channel.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it was published.
    pub channel: ChannelName,
    /// The payload: JSON kept as it came.
    pub data: Json,
    /// Tags, `event`, `topic` and `type` among them (decision 7); none for most events.
    pub tags: Option<Arc<Tags>>,
    /// The session that published it, as its listeners see it; none for events from the HTTP API and from Rust code.
    pub publisher: Option<Arc<ClientInfo>>,
    /// Its place in the channel's history; none in a channel without history.
    pub position: Option<Position>,
    /// To whom it goes and what goes along; none for most events: everybody, and nothing.
    pub envelope: Option<Arc<Envelope>>,
}

impl Event {
    /// What keeping the event costs in bytes beside the event itself: payload, tags, publisher, attachments, audience
    /// (decision 40).
    pub fn bytes(&self) -> usize {
        let tags = self.tags.iter().flat_map(|tags| tags.iter()).map(|(k, v)| PART_BYTES + k.len() + v.len());
        let publisher = self.publisher.as_deref().map_or(0, |info| PART_BYTES + info.bytes());
        let envelope = self.envelope.as_deref().map_or(0, Envelope::bytes);
        self.data.bytes().len() + tags.sum::<usize>() + publisher + envelope
    }

    /// The name under which its publisher asks what becomes of it; none for most events.
    pub fn account(&self) -> Option<&Arc<str>> {
        self.envelope.as_ref()?.account.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Audience, Group};
    use bytes::Bytes;

    #[test]
    fn all_that_an_event_keeps_is_counted() {
        let plain = Event {
            channel: ChannelName::user("c", 255).expect("a valid name"),
            data: Json::parse("\"12345\"".into()).expect("JSON"),
            tags: None,
            publisher: None,
            position: None,
            envelope: None,
        };
        assert_eq!(plain.bytes(), 7);
        let tagged = Event { tags: Some(Arc::new(Tags::from([("k".into(), "v".repeat(500))]))), ..plain.clone() };
        assert!(tagged.bytes() > 500);
        let audience = Audience::of([Group::from("g".repeat(500))]).but([Group::from("h".repeat(500))]);
        let attachments = vec![Bytes::from(vec![0; 5_000])];
        let envelope = Envelope { audience, attachments, ..Envelope::PLAIN };
        assert!(Event { envelope: Some(Arc::new(envelope)), ..plain }.bytes() > 6_000);
    }
}
