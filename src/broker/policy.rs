//! What the config says about channels: namespaces, their rules, and the bounds of the broker.
use crate::engine::Retention;
use crate::types::{ChannelName, Space};
use foldhash::quality::RandomState;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Who may do something in a channel (decision 4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Rule {
    /// No client; the server's own subscriptions and tokens still can.
    #[default]
    Nobody,
    /// Who brings a token for this channel.
    Token,
    /// Whose token has this scope.
    Scope(String),
    /// Whoever is not anonymous.
    User,
    /// Who listens to the channel.
    Subscriber,
    /// Every session.
    Anyone,
    /// Who has registered as the channel's publisher. Only spaces that are not the user's have it, so no config names it.
    Registered,
}

/// A text that names no rule.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a rule; write nobody, token, scope:NAME, user, subscriber or anyone")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        match text {
            "nobody" => Ok(Rule::Nobody),
            "token" => Ok(Rule::Token),
            "user" => Ok(Rule::User),
            "subscriber" => Ok(Rule::Subscriber),
            "anyone" => Ok(Rule::Anyone),
            _ => match text.strip_prefix("scope:") {
                Some(scope) if !scope.is_empty() => Ok(Rule::Scope(scope.to_owned())),
                _ => Err(UnknownRule(text.to_owned())),
            },
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Nobody => f.write_str("nobody"),
            Rule::Token => f.write_str("token"),
            Rule::Scope(scope) => write!(f, "scope:{scope}"),
            Rule::User => f.write_str("user"),
            Rule::Subscriber => f.write_str("subscriber"),
            Rule::Anyone => f.write_str("anyone"),
            Rule::Registered => f.write_str("registered"),
        }
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The policy of the channels whose names begin with `name:` (without a colon: of the namespace "").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespace {
    /// What stands before the colon.
    pub name: String,
    /// Who may subscribe. Default: token.
    pub subscribe: Rule,
    /// Which clients may publish. Default: nobody.
    pub publish: Rule,
    /// Who may ask for presence, and for joins and leaves. Default: subscriber.
    pub presence_for: Rule,
    /// Who may ask for history. Default: subscriber.
    pub history_for: Rule,
    /// How many events are kept; 0 keeps none. Default: 0.
    pub history_size: usize,
    /// For how long each is kept; 0 keeps none. Default: 0.
    #[serde(with = "humantime_serde")]
    pub history_ttl: Duration,
    /// For how long positions are kept after the last publish. Default: 30 days.
    #[serde(with = "humantime_serde")]
    pub history_meta_ttl: Duration,
    /// Grants positions to subscribers who ask. Default: false.
    pub allow_positioning: bool,
    /// Gives positions to every subscriber. Default: false.
    pub force_positioning: bool,
    /// Grants positions and recovery to subscribers who ask. Default: false.
    pub allow_recovery: bool,
    /// Gives positions and recovery to every subscriber. Default: false.
    pub force_recovery: bool,
    /// Keeps who is present. Default: false.
    pub presence: bool,
    /// Tells of joins and leaves those who ask. Default: false.
    pub join_leave: bool,
    /// Tells of joins and leaves those who did not ask, too. Default: false.
    pub force_push_join_leave: bool,
    /// Lets subscribers filter by tags. Default: false.
    pub allow_tags_filter: bool,
    /// Lets pushes carry a number instead of the channel's name. Default: false.
    pub allow_channel_compaction: bool,
    /// Its events may be for groups: a session listens as one of the groups that its identity has when it subscribes, and of the one of
    /// its id. Such a channel keeps no history, of which each would have to see a part, unless it keeps on request. No config names it.
    #[serde(skip)]
    pub has_groups: bool,
    /// Of its events those are kept whose publishers ask for that. They are brought to users who subscribe while they are kept, to each
    /// user once, and clients read them in no other way. No config names it.
    #[serde(skip)]
    pub keeps_on_request: bool,
}

impl Default for Namespace {
    fn default() -> Self {
        Namespace {
            name: String::new(),
            subscribe: Rule::Token,
            publish: Rule::Nobody,
            presence_for: Rule::Subscriber,
            history_for: Rule::Subscriber,
            history_size: 0,
            history_ttl: Duration::ZERO,
            history_meta_ttl: Duration::from_secs(30 * 24 * 3600),
            allow_positioning: false,
            force_positioning: false,
            allow_recovery: false,
            force_recovery: false,
            presence: false,
            join_leave: false,
            force_push_join_leave: false,
            allow_tags_filter: false,
            allow_channel_compaction: false,
            has_groups: false,
            keeps_on_request: false,
        }
    }
}

impl Namespace {
    /// Whether events are kept.
    pub fn has_history(&self) -> bool {
        self.history_size > 0 && !self.history_ttl.is_zero()
    }

    /// How events are kept; none where they are not.
    pub fn retention(&self) -> Option<Retention> {
        self.has_history().then_some(Retention {
            size: self.history_size,
            ttl: self.history_ttl,
            meta_ttl: self.history_meta_ttl,
        })
    }

    /// Whether publishers may ask to have an event kept for those who subscribe later.
    pub fn may_keep(&self) -> bool {
        self.keeps_on_request && self.has_history()
    }
}

/// The policies of all channels: of the user space by namespace, of each other space as a whole.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    /// Looked up with each publish.
    named: HashMap<String, Arc<Namespace>, RandomState>,
    /// The one without a name: that of most channels, and quicker to find beside the table.
    nameless: Option<Arc<Namespace>>,
    homes: Arc<Namespace>,
    /// That of all channels of a space, where the space is in use.
    spaces: Vec<(Space, Arc<Namespace>)>,
    /// The channels that the namespaces show which are of other spaces.
    exposed: HashMap<String, ChannelName, RandomState>,
}

impl Namespaces {
    /// The table of these namespaces. Where a name comes twice the last one stands; the config refuses that earlier.
    pub fn new(namespaces: impl IntoIterator<Item = Namespace>) -> Self {
        let mut named: HashMap<_, _, _> = namespaces.into_iter().map(|n| (n.name.clone(), Arc::new(n))).collect();
        let nameless = named.remove("");
        Namespaces { named, nameless, ..Namespaces::default() }
    }

    /// The same, with this policy for the channels that sessions belong to.
    pub fn with_homes(self, homes: Namespace) -> Self {
        Namespaces { homes: Arc::new(homes), ..self }
    }

    /// The same, with this policy for all channels of a space. Without one a space other than the user's has no channels.
    /// Where its events may be for groups nothing is kept, whatever the policy says, unless it is on request.
    pub fn with_space(mut self, space: Space, policy: Namespace) -> Self {
        let history_size = if policy.has_groups && !policy.keeps_on_request { 0 } else { policy.history_size };
        self.spaces.push((space, Arc::new(Namespace { history_size, ..policy })));
        self
    }

    /// The same, with these namespaces, whose channels show other ones: each that of another space.
    pub fn exposing(mut self, spaces: impl IntoIterator<Item = (Namespace, ChannelName)>) -> Self {
        for (namespace, shown) in spaces {
            self.exposed.insert(namespace.name.clone(), shown);
            self.named.insert(namespace.name.clone(), Arc::new(namespace));
        }
        self
    }

    /// The channel of another space that a channel shows; none for most.
    pub fn exposed(&self, channel: &ChannelName) -> Option<&ChannelName> {
        if self.exposed.is_empty() || *channel.space() != Space::User {
            return None;
        }
        self.exposed.get(channel.namespace())
    }

    /// The policy of a channel; none is error 102.
    pub fn of(&self, channel: &ChannelName) -> Option<&Arc<Namespace>> {
        match channel.space() {
            Space::User => match channel.namespace() {
                "" => self.nameless.as_ref(),
                name => self.named.get(name),
            },
            Space::SocketIo => Some(&self.homes),
            space => self.spaces.iter().find(|(of, _)| of == space).map(|(_, policy)| policy),
        }
    }
}

/// The bounds of the broker: the config section `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections of the process; one more is closed with 3504.
    pub connections: usize,
    /// Channels of the process; one more is error 106.
    pub channels: usize,
    /// Channels of a session; one more is error 106.
    pub channels_per_connection: usize,
    /// Bytes of a client's message; a larger one closes with 1009.
    pub frame: usize,
    /// Bytes queued for a client; past it the connection is cut.
    pub outbox: usize,
    /// Bytes of a channel's name.
    pub channel_name: usize,
    /// Commands of a connection without an answer; past it the connection is not read.
    pub unanswered_commands: usize,
    /// Events that one recovery brings at most; more answers `recovered: false`.
    pub recover_max: usize,
    /// Bytes that one recovery brings at most.
    pub recover_bytes: usize,
    /// Events that one history answer holds at most.
    pub history_page: usize,
    /// Events held back for a listener while it joins; more answers `recovered: false`.
    pub join_buffer: usize,
    /// Events on their way to one worker; past it the worker's listeners are told to come back.
    pub hub_queue: usize,
    /// Listeners that are told a second and worker to come back, because something never arrived; the others wait for their turn.
    pub lag_pace: usize,
    /// Publishes on their way to one channel; past it they are refused with error 111.
    pub channel_queue: usize,
    /// Publishes on their way to channels that their worker does not know yet; past it they are refused with error 111.
    pub registry_queue: usize,
    /// Bytes of history over all channels.
    pub history_bytes: usize,
    /// Idempotency keys remembered.
    pub idempotency_keys: usize,
    /// Presence entries.
    pub presence_entries: usize,
    /// Channels whose position is remembered.
    pub positions: usize,
    /// Bytes of an HTTP API body; a larger one is 413.
    pub body: usize,
    /// Commands of one batch, channels of one broadcast.
    pub batch: usize,
    /// Live tails that are open at a time; one more is error 106.
    pub tails: usize,
    /// Groups (rooms) of a session, its own included; it does not enter more.
    pub groups_per_session: usize,
    /// Sessions kept for clients that lost their connections; past it the oldest goes.
    pub kept_sessions: usize,
    /// Events at a time that wait for their listeners' acknowledgements; one more is error 111.
    pub ack_rounds: usize,
    /// Bytes of acknowledgements that wait for the others of their event; one that does not fit counts as missing.
    pub ack_bytes: usize,
    /// Sessions that server code has open; one more is error 106.
    pub server_sessions: usize,
    /// Rust listeners and streams of one session; one more is error 106.
    pub session_listeners: usize,
    /// Events that wait for one Rust listener; past it the oldest go, and it is told how many.
    pub listener_queue: usize,
    /// Revocations in force, a scope counting as one; one more is error 106.
    pub revocations: usize,
    /// Events that wait for one listener's view; one more is lost to the listener, which comes back for it or is told.
    pub view_queue: usize,
    /// For how long a view may look at one event; past it the event is lost to the listener.
    #[serde(with = "humantime_serde")]
    pub view_timeout: Duration,
    /// Calls waiting for one handler actor; one more is error 111.
    pub handler_queue: usize,
    /// For how long a handler may work on one call.
    #[serde(with = "humantime_serde")]
    pub handler_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10_000,
            channels: 1_000_000,
            channels_per_connection: 128,
            frame: 64 * 1024,
            outbox: 1024 * 1024,
            channel_name: 255,
            unanswered_commands: 64,
            recover_max: 300,
            recover_bytes: 8 * 1024 * 1024,
            history_page: 300,
            join_buffer: 1_000,
            hub_queue: 16_384,
            lag_pace: 1_000,
            channel_queue: 4_096,
            registry_queue: 65_536,
            history_bytes: 256 * 1024 * 1024,
            idempotency_keys: 100_000,
            presence_entries: 100_000,
            positions: 1_000_000,
            body: 1024 * 1024,
            batch: 1_000,
            tails: 32,
            groups_per_session: 1_000,
            kept_sessions: 10_000,
            ack_rounds: 10_000,
            ack_bytes: 64 * 1024 * 1024,
            server_sessions: 100_000,
            session_listeners: 1_000,
            listener_queue: 1_000,
            revocations: 100_000,
            view_queue: 256,
            view_timeout: Duration::from_secs(5),
            handler_queue: 1_024,
            handler_timeout: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        for text in ["nobody", "token", "scope:news", "user", "subscriber", "anyone"] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        assert!("scope:".parse::<Rule>().is_err());
        assert!("everyone".parse::<Rule>().is_err());
    }

    #[test]
    fn a_namespace_is_closed_by_default() {
        let namespace = Namespace::default();
        assert_eq!((namespace.subscribe, namespace.publish), (Rule::Token, Rule::Nobody));
    }
}
