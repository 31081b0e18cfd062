//! Channels of the user space that show another space: the only way into that space from the Centrifuge wire, the HTTP API and the
//! built-in events of Socket.IO.
use super::{Namespace, Rule};
use crate::filter::{GroupView, Topics, View, ViewTagsView, filtered};
use crate::types::{ChannelName, Group, SessionId, Space, Topic, VIEW_TAG_EVENT, VIEW_TAG_SERVICE};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// What names a namespace of Socket.IO among spaces.
const SOCKETIO: &str = "socketio:";
/// What names a service among spaces.
const SERVICE: &str = "service:";
/// What names a plugin of Backstage among spaces.
const PLUGIN: &str = "plugin:";
/// The space of Backstage's signals, which has channels of its own.
const SIGNALS: &str = "signals";
/// The home through which the events of all services go.
const HOME_OF_SERVICES: &str = "/";
/// Ends the name of a namespace in a channel's name.
const NAMESPACE_END: char = ':';

/// A table `[[expose]]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expose {
    /// Which space: `socketio:` and the name of a namespace, such as `socketio:/chat`; `service:` and the path of a service, such as
    /// `service:messages`; `plugin:` and the id of a Backstage plugin, such as `plugin:catalog`; or `signals`.
    pub space: String,
    /// What the names of its channels begin with: the name of no namespace of the config, and a colon.
    #[serde(rename = "as")]
    pub prefix: String,
    /// Who may subscribe. Default: token.
    pub subscribe: Rule,
}

impl Default for Expose {
    fn default() -> Self {
        Expose { space: String::new(), prefix: String::new(), subscribe: Rule::Token }
    }
}

impl Expose {
    /// The namespace of Socket.IO that is exposed; none where the space is no such.
    pub fn socketio_namespace(&self) -> Option<&str> {
        self.space.strip_prefix(SOCKETIO).filter(|namespace| namespace.starts_with('/'))
    }

    /// The path of the service that is exposed; none where the space is no such.
    pub fn service(&self) -> Option<&str> {
        self.space.strip_prefix(SERVICE).filter(|path| !path.is_empty())
    }

    /// The id of the Backstage plugin that is exposed; none where the space is no such.
    pub fn plugin(&self) -> Option<&str> {
        self.space.strip_prefix(PLUGIN).filter(|id| !id.is_empty())
    }

    /// Whether it is Backstage's signals that are exposed.
    pub fn is_signals(&self) -> bool {
        self.space == SIGNALS
    }

    /// The namespace that its channels are in, and the channel that they show. Nobody publishes there, and nothing of it is kept.
    /// None where the space is not known.
    pub fn opened(&self) -> Option<(Namespace, ChannelName)> {
        let service = self.service().map(|path| (Space::Service, path));
        let plugin = self.plugin().map(|id| (Space::Plugin, id));
        // Which of its channels is meant the name says that it is shown as.
        let signals = self.is_signals().then_some((Space::Signals, SIGNALS));
        let socketio = self.socketio_namespace().map(|name| (Space::SocketIo, name));
        let (space, name) = service.or(plugin).or(signals).or(socketio)?;
        let shown = ChannelName::in_space(space, name, usize::MAX).ok()?;
        let namespace = Namespace {
            name: self.prefix.strip_suffix(NAMESPACE_END).unwrap_or(&self.prefix).to_owned(),
            subscribe: self.subscribe.clone(),
            publish: Rule::Nobody,
            presence_for: Rule::Nobody,
            history_for: Rule::Nobody,
            ..Namespace::default()
        };
        Some((namespace, shown))
    }
}

/// Where a channel's events come from, whose own name shows another space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The channel that the events go through.
    pub channel: ChannelName,
    /// The room whose events are shown; none for those to everybody.
    pub room: Option<Group>,
    /// The tags that the events must have which are shown.
    tags: Vec<(&'static str, String)>,
    /// The topic whose events are shown; none for all.
    topic: Option<String>,
}

impl Source {
    /// What a channel of this name shows of `shown`: a namespace of Socket.IO, a service, a plugin or the signals. None where it would
    /// show what is for one session alone, or for a channel of connections, which a name must not open, and where it names no signal's
    /// channel.
    pub(super) fn of(shown: &ChannelName, shown_as: &ChannelName) -> Option<Self> {
        let rest = shown_as.as_str().split_once(NAMESPACE_END).map_or("", |(_, rest)| rest);
        match shown.space() {
            Space::Service => return Self::of_service(shown, rest),
            Space::Plugin => {
                let topic = (!rest.is_empty()).then(|| rest.to_owned());
                return Some(Source { topic, ..Self::all_of(shown.clone()) });
            }
            Space::Signals => {
                return ChannelName::in_space(Space::Signals, rest, usize::MAX).ok().map(Self::all_of);
            }
            Space::SocketIo | Space::User | Space::Internal => {}
        }
        if SessionId::parse(rest).is_some() {
            return None;
        }
        let room = (!rest.is_empty()).then(|| Group::from(rest));
        if room.as_ref().is_some_and(Group::is_no_room) {
            return None;
        }
        Some(Source { room, ..Self::all_of(shown.clone()) })
    }

    /// All that a channel has for everybody.
    fn all_of(channel: ChannelName) -> Self {
        Source { channel, room: None, tags: vec![], topic: None }
    }

    /// The events of a service, or those of one name.
    fn of_service(service: &ChannelName, event: &str) -> Option<Self> {
        let channel = ChannelName::in_space(Space::SocketIo, HOME_OF_SERVICES, usize::MAX).ok()?;
        let event = (!event.is_empty()).then(|| (VIEW_TAG_EVENT, event.to_owned()));
        let tags = [(VIEW_TAG_SERVICE, service.as_str().to_owned())].into_iter().chain(event).collect();
        Some(Source { tags, ..Self::all_of(channel) })
    }

    /// What a listener there is shown, before the views of where the events come from and of its own channel.
    pub(super) fn view(&self, further: Option<Rc<dyn View>>) -> Rc<dyn View> {
        let view = filtered(GroupView(self.room.clone()), further);
        let topics = self.topic.clone().and_then(|topic| Topics::of(&Topic::Named(topic)));
        let view = topics.map_or(view.clone(), |topics| filtered(topics, Some(view)));
        match self.tags.is_empty() {
            true => view,
            false => filtered(ViewTagsView(self.tags.clone()), Some(view)),
        }
    }
}
