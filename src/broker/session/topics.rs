//! Subscriptions on a wire with topics: one listener per channel, for all topics that the client has named.
use super::Session;
use crate::protocol::Subscribe;
use crate::types::{ChannelName, Fault, ReplyError, Topic};

/// What became of a subscription that is there when a topic was to be added to it.
pub(super) enum Widened {
    /// It had the topic.
    Already,
    /// It has the topic now.
    By(ChannelName, Topic),
}

impl Session {
    /// Adds a topic to a subscription that is there; none where there is none that has topics. Fails with 106 where the session listens to
    /// as many as it may.
    pub(super) fn widen(&self, channel: ChannelName, subscribe: &Subscribe) -> Result<Option<Widened>, Fault> {
        let Some(topics) = self.subs.get(&channel).and_then(|sub| sub.topics.as_ref()) else { return Ok(None) };
        if topics.has(&subscribe.topic) {
            return Ok(Some(Widened::Already));
        }
        if self.subscription_count() >= self.node().limits().channels_per_connection {
            self.node().metrics().reached("channels_per_connection");
            return Err(ReplyError::LIMIT_EXCEEDED.into());
        }
        topics.add(&subscribe.topic);
        Ok(Some(Widened::By(channel, subscribe.topic.clone())))
    }

    /// Takes a topic off a subscription; whether none is left of it. A topic that was not wanted changes nothing.
    pub(super) fn narrow(&self, channel: &ChannelName, topic: &Topic) -> bool {
        match self.subs.get(channel).and_then(|sub| sub.topics.as_ref()) {
            Some(topics) if *topic != Topic::Unnamed => {
                topics.remove(topic);
                topics.is_empty()
            }
            _ => true,
        }
    }

    /// How many subscriptions the session has, each topic counting as one.
    pub(super) fn subscription_count(&self) -> usize {
        self.subs.values().map(|sub| sub.topics.as_ref().map_or(1, |topics| topics.len())).sum()
    }
}
