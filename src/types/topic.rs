//! Topics: what the events of one channel are about.

/// The tag that carries an event's topic (decision 7).
pub const TOPIC_TAG: &str = "topic";

/// Which topics of a channel are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Topic {
    /// Nothing was said of topics, as on a wire that has none: all events are meant.
    #[default]
    Unnamed,
    /// Every topic, and events without one.
    Every,
    /// This one.
    Named(String),
}

impl Topic {
    /// What a topic that may be left out means on a wire that has topics.
    pub fn or_every(topic: Option<String>) -> Self {
        topic.map_or(Topic::Every, Topic::Named)
    }
}
