//! The names of keys and bus channels. All of one channel have the same hash tag, so that a cluster keeps them together.
use crate::types::{ChannelName, Epoch, Space};
use bytes::Bytes;
use smallvec::SmallVec;

/// Bytes that take no memory of their own where they are few, as most names and events are.
pub(super) type Short = SmallVec<[u8; 256]>;

/// Makes names with the config's prefix.
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub fn new(prefix: &str) -> Self {
        Keys { prefix: prefix.to_owned() }
    }

    /// `PREFIX{SPACE:NAME}SUFFIX`. A brace in the channel's name ends the tag early, and does so in each of its keys.
    fn of(&self, channel: &ChannelName, suffix: &str, more: &str) -> Vec<u8> {
        self.parts(channel, suffix, more).concat().into_bytes()
    }

    fn parts<'a>(&'a self, channel: &'a ChannelName, suffix: &'a str, more: &'a str) -> [&'a str; 8] {
        [&self.prefix, "{", space(channel.space()), ":", channel.as_str(), "}", suffix, more]
    }

    /// Position, version and their like.
    pub fn meta(&self, channel: &ChannelName) -> Vec<u8> {
        self.of(channel, "m", "")
    }

    /// The kept events.
    pub fn events(&self, channel: &ChannelName) -> Vec<u8> {
        self.of(channel, "e", "")
    }

    /// What was answered to an idempotency key.
    pub fn idempotency(&self, channel: &ChannelName, key: &str) -> Vec<u8> {
        self.of(channel, "i:", key)
    }

    /// The users that have received a kept event.
    pub fn claims(&self, channel: &ChannelName, epoch: &Epoch, offset: u64) -> Vec<u8> {
        self.of(channel, "k:", &format!("{offset}:{epoch}"))
    }

    /// Who is present: the ends, the infos, the users.
    pub fn presence(&self, channel: &ChannelName) -> [Vec<u8>; 3] {
        ["p", "c", "u"].map(|suffix| self.of(channel, suffix, ""))
    }

    /// The channel's name on the bus.
    pub fn bus(&self, channel: &ChannelName) -> Bytes {
        self.of(channel, "b", "").into()
    }

    /// The same, for once.
    pub fn short_bus(&self, channel: &ChannelName) -> Short {
        let mut name = Short::new();
        self.parts(channel, "b", "").iter().for_each(|part| name.extend_from_slice(part.as_bytes()));
        name
    }

    /// The nodes that there are.
    pub fn nodes(&self) -> Vec<u8> {
        [&self.prefix, "{nodes}"].concat().into_bytes()
    }

    /// What has been revoked: up to when it reaches, when it ends, and in which order it came.
    pub fn revocations(&self) -> [Vec<u8>; 3] {
        ["m", "e", "o"].map(|suffix| [&self.prefix, "{revocations}", suffix].concat().into_bytes())
    }

    /// The events bus: counters, payloads, heads, places of subscriptions, their topics, the subscriptions of topics, last uses.
    pub fn events_bus(&self) -> [Vec<u8>; 7] {
        ["m", "e", "h", "p", "t", "i", "u"].map(|suffix| [&self.prefix, "{events}", suffix].concat().into_bytes())
    }

    /// The bus channel on which every node hears what can be taken from the events bus.
    pub fn events_bus_news(&self) -> Bytes {
        [&self.prefix, "{events}news"].concat().into_bytes().into()
    }

    /// The bus channel that every node hears.
    pub fn everyone(&self) -> Bytes {
        [&self.prefix, "{nodes}all"].concat().into_bytes().into()
    }

    /// The bus channel that one node hears.
    pub fn node(&self, id: &str) -> Bytes {
        [&self.prefix, "{nodes}to:", id].concat().into_bytes().into()
    }

    /// The bus channel on which a link of this process looks whether what goes in comes out.
    pub fn watchdog(&self, id: &str, server: &str) -> Bytes {
        [&self.prefix, "watchdog:", id, ":", server].concat().into_bytes().into()
    }
}

/// Part of stored names: a word changed here is a channel lost there.
fn space(space: &Space) -> &'static str {
    match space {
        Space::User => "u",
        Space::SocketIo => "io",
        Space::Service => "s",
        Space::Plugin => "p",
        Space::Signals => "g",
        Space::Internal => "i",
    }
}
