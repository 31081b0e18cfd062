//! Channels of the user space that show another space: the only door into it from the centrifuge wire, the HTTP API and the
//! built-in events of Socket.IO.
use super::{Namespace, Rule};
use crate::filter::GroupView;
use crate::types::{ChannelName, Group, SessionId, Space};
use serde::{Deserialize, Serialize};

/// What names a namespace of Socket.IO among spaces.
const SOCKETIO: &str = "socketio:";
/// Ends the name of a namespace in a channel's name.
const NAMESPACE_END: char = ':';

/// A table `[[expose]]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expose {
    /// Which space: `socketio:` and the name of a namespace, such as `socketio:/chat`.
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

    /// The namespace that its channels are in, and the channel that they show. Nobody publishes there, and nothing of it is kept.
    /// None where the space is not known.
    pub fn opened(&self) -> Option<(Namespace, ChannelName)> {
        let shown = ChannelName::in_space(Space::SocketIo, self.socketio_namespace()?, usize::MAX).ok()?;
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
    /// The channel of that space.
    pub channel: ChannelName,
    /// The room whose events are shown; none for those to everybody.
    pub room: Option<Group>,
}

impl Source {
    /// What a channel of this name shows of `home`; none where it would show what is for one session alone, which a name must
    /// not open.
    pub(super) fn of(home: &ChannelName, shown_as: &ChannelName) -> Option<Self> {
        let room = shown_as.as_str().split_once(NAMESPACE_END).map_or("", |(_, room)| room);
        if SessionId::parse(room).is_some() {
            return None;
        }
        let room = (!room.is_empty()).then(|| Group::from(room));
        Some(Source { channel: home.clone(), room })
    }

    /// What a listener there is shown.
    pub(super) fn view(&self) -> GroupView {
        GroupView(self.room.clone())
    }
}
