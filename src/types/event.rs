//! An event: immutable once its channel has given it a position, shared by everyone who delivers it.
use super::{ChannelName, ClientInfo, Envelope, Json, Position};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event's tags: short key-value texts that filters look at.
pub type Tags = BTreeMap<String, String>;

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
