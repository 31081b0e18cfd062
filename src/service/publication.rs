//! Whom an event is published to: channels of connections, as publishers name them.
use super::app::App;
use super::connection::Connection;
use super::hooks::HookContext;
use crate::types::{Audience, Group};
use serde_json::Value;
use std::sync::Arc;

/// A channel of connections, by its name, and what they are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    name: String,
    data: Option<Value>,
}

/// The channel of this name, for a publisher to publish to.
pub fn channel(name: impl Into<String>) -> Channel {
    Channel { name: name.into(), data: None }
}

impl Channel {
    /// The same, whose connections are sent this in the place of the event's data.
    pub fn send(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    fn group(&self) -> Group {
        Group::of_connections(&self.name)
    }
}

/// A channel of an application's connections, to join them and to have them leave.
pub struct AppChannel<'a> {
    app: &'a App,
    group: Group,
}

impl<'a> AppChannel<'a> {
    pub(super) fn new(app: &'a App, name: &str) -> Self {
        AppChannel { app, group: Group::of_connections(name) }
    }

    /// The connection is in the channel from now on; once more changes nothing. What is published afterwards reaches it. A
    /// connection leaves its channels when it ends.
    pub fn join(&self, connection: &Connection) {
        self.app.regroup(connection.session(), vec![self.group.clone()], vec![]);
    }

    /// The connection is not in the channel any more.
    pub fn leave(&self, connection: &Connection) {
        self.app.regroup(connection.session(), vec![], vec![self.group.clone()]);
    }
}

/// Whom an event is published to.
#[derive(Debug, Clone, PartialEq)]
pub enum Publication {
    /// All connections.
    Everyone,
    /// Those in any of these channels. One in several gets the event once, with the data of the first.
    To(Vec<Channel>),
}

impl Publication {
    /// Nobody.
    pub const NOBODY: Publication = Publication::To(vec![]);

    /// What is sent to whom: the data of a channel, or none for that of the event.
    pub(super) fn parts(self) -> Vec<(Audience, Option<Value>)> {
        let channels = match self {
            Publication::Everyone => return vec![(Audience::EVERYONE, None)],
            Publication::To(channels) => channels,
        };
        let mut parts: Vec<(Vec<Group>, Option<Value>)> = vec![];
        for channel in channels {
            match parts.last_mut() {
                Some((groups, data)) if *data == channel.data => groups.push(channel.group()),
                _ => parts.push((vec![channel.group()], channel.data)),
            }
        }
        let mut before: Vec<Group> = vec![];
        parts
            .into_iter()
            .map(|(groups, data)| {
                let audience = Audience::of(groups.iter().cloned()).but(before.iter().cloned());
                before.extend(groups);
                (audience, data)
            })
            .collect()
    }
}

impl From<Channel> for Publication {
    fn from(channel: Channel) -> Self {
        Publication::To(vec![channel])
    }
}

impl From<Vec<Channel>> for Publication {
    fn from(channels: Vec<Channel>) -> Self {
        Publication::To(channels)
    }
}

impl<const N: usize> From<[Channel; N]> for Publication {
    fn from(channels: [Channel; N]) -> Self {
        Publication::To(channels.into())
    }
}

/// None is nobody.
impl<P: Into<Publication>> From<Option<P>> for Publication {
    fn from(publication: Option<P>) -> Self {
        publication.map_or(Publication::NOBODY, Into::into)
    }
}

/// Decides whom an event is published to: sees its data, and the call that it comes from; none for one that was emitted.
pub(super) type Publisher = Arc<dyn Fn(&Value, Option<&HookContext>) -> Publication + Send + Sync>;

/// The publishers of a service, or of the application. The last one for an event is the one that counts.
#[derive(Clone, Default)]
pub(super) struct Publishers {
    pub of_all: Option<Publisher>,
    pub of_events: std::collections::HashMap<String, Publisher>,
}

impl Publishers {
    /// Sets the publisher of this event, or of all, in the place of the one before.
    pub fn set<P: Into<Publication>>(
        &mut self,
        event: Option<&str>,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) {
        let publisher = Arc::new(move |data: &Value, call: Option<&HookContext>| publisher(data, call).into());
        match event {
            Some(event) => drop(self.of_events.insert(event.to_owned(), publisher)),
            None => self.of_all = Some(publisher),
        }
    }

    /// The publisher of an event: the service's own for it, the service's for all, the application's for it, the application's for
    /// all. None where there is none of them.
    pub fn of<'a>(service: &'a Self, app: &'a Self, event: &str) -> Option<&'a Publisher> {
        let of = |publishers: &'a Self| publishers.of_events.get(event).or(publishers.of_all.as_ref());
        of(service).or_else(|| of(app))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_connection_in_several_channels_is_meant_once_with_the_data_of_the_first() {
        let parts = Publication::from([channel("a").send(1), channel("b"), channel("c")]).parts();
        assert_eq!(parts.len(), 2);
        let (first, second) = (&parts[0], &parts[1]);
        assert_eq!(first.1, Some(json!(1)));
        assert_eq!(second.1, None);
        let in_both = |asked: &Group| ["a", "c"].map(Group::of_connections).contains(asked);
        assert!(first.0.admits(in_both) && !second.0.admits(in_both));
        let in_last = |asked: &Group| *asked == Group::of_connections("c");
        assert!(!first.0.admits(in_last) && second.0.admits(in_last));
    }

    #[test]
    fn no_channel_is_nobody_and_not_everyone() {
        assert!(Publication::from(None::<Channel>).parts().is_empty());
        assert_eq!(Publication::Everyone.parts().len(), 1);
    }
}
