//! What a channel's name means on a node: the channel, its policy, and the channel that its events come from.
use super::expose::Source;
use super::{Namespace, Node, fault};
use crate::protocol::{Names, UserNames};
use crate::types::{ChannelName, Disconnect, Fault, NameError, ReplyError};
use std::sync::Arc;

/// The channels of a node: what their names mean, what is published, what they keep and who is present.
#[derive(Clone, Copy)]
pub struct Channels<'a>(pub(super) &'a Node);

impl Node {
    /// Its channels.
    pub fn channels(&self) -> Channels<'_> {
        Channels(self)
    }
}

impl Channels<'_> {
    /// The policy of a channel; none is error 102.
    pub fn namespace(self, channel: &ChannelName) -> Option<Arc<Namespace>> {
        self.0.settings().namespaces.of(channel).cloned()
    }

    /// Where a channel's events come from, where its name shows another space; none where they are its own. Fails with 103 where
    /// the name would open what is for one session alone.
    pub(super) fn source(self, channel: &ChannelName) -> Result<Option<Source>, ReplyError> {
        match self.0.settings().namespaces.exposed(channel) {
            Some(home) => Source::of(home, channel).map(Some).ok_or(ReplyError::PERMISSION_DENIED),
            None => Ok(None),
        }
    }

    /// A channel's name as the API and Rust code write it. Fails with error 107 where it is too long, and closes where it is empty:
    /// no client library sends that.
    pub fn named(self, name: &str) -> Result<ChannelName, Fault> {
        self.named_among(&UserNames, name)
    }

    /// The same as clients of a wire write it.
    pub(super) fn named_among(self, names: &dyn Names, name: &str) -> Result<ChannelName, Fault> {
        names.channel(name, self.0.limits().channel_name).map_err(|error| match error {
            NameError::Empty => Disconnect::BAD_REQUEST.into(),
            NameError::TooLong { limit } => {
                self.0.metrics().reached("channel_name");
                ReplyError::bad_field(names.field(), format_args!("is longer than {limit} bytes")).into()
            }
        })
    }

    /// A channel and its policy. Fails as [`Channels::named`] does, and with error 102 where there is no such namespace.
    pub fn known(self, name: &str) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        self.known_among(&UserNames, name)
    }

    /// The same as clients of a wire write it.
    pub(super) fn known_among(self, names: &dyn Names, name: &str) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        let channel = self.named_among(names, name)?;
        let namespace = self.namespace(&channel).ok_or(ReplyError::UNKNOWN_CHANNEL)?;
        Ok((channel, namespace))
    }

    /// A channel as the API and Rust code write it, and its policy. Fails with 107 for a bad name, 102 for an unknown namespace.
    pub(super) fn served(self, channel: &str) -> Result<(ChannelName, Arc<Namespace>), ReplyError> {
        if channel.is_empty() {
            return Err(ReplyError::missing_field(UserNames.field()));
        }
        self.known(channel).map_err(fault::without_connection)
    }

    /// The same where it is not shown from another space: there is no way into one but its own.
    pub(super) fn own(self, channel: &str) -> Result<(ChannelName, Arc<Namespace>), ReplyError> {
        let (channel, namespace) = self.served(channel)?;
        match self.0.settings().namespaces.exposed(&channel) {
            Some(_) => Err(ReplyError::PERMISSION_DENIED),
            None => Ok((channel, namespace)),
        }
    }

    /// The name alone, where the channel keeps presence, else error 108.
    pub(super) fn present(self, channel: &str) -> Result<ChannelName, ReplyError> {
        let (channel, namespace) = self.served(channel)?;
        match namespace.presence {
            true => Ok(channel),
            false => Err(ReplyError::NOT_AVAILABLE),
        }
    }
}
