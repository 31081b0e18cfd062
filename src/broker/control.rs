//! What the HTTP API, handlers and Rust code can do with channels, from any thread.
use super::channel::{Publish, PublishAnswer, PublishOutcome};
use super::query::{self, HistoryRequest};
use super::{Channels, fault};
use crate::engine::{Idempotency, PresenceStats, Version};
use crate::protocol::HistoryPage;
use crate::types::{Audience, ChannelName, ClientInfo, Envelope, Json, Position, ReplyError, Tags};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// For how long the answer to a publish is remembered under its idempotency key.
pub(super) const IDEMPOTENCY_TTL: Duration = Duration::from_secs(300);

/// A publish of the server's own.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// The payload.
    pub data: Json,
    /// Tags that filters look at.
    pub tags: Option<Tags>,
    /// Do not keep it.
    pub skip_history: bool,
    /// Keep it for users who subscribe later, in a channel that keeps on request; error 108 in another one.
    pub keep: bool,
    /// A repetition with the same key gets the first answer.
    pub idempotency_key: Option<String>,
    /// Only accepted if greater than the last version of the same epoch.
    pub version: Option<(u64, String)>,
    /// Which listeners are meant, in a channel whose listeners are in groups; error 108 in another one.
    pub audience: Audience,
}

impl PublishRequest {
    /// A plain publish, for everybody.
    pub fn new(data: Json) -> Self {
        let audience = Audience::EVERYONE;
        PublishRequest {
            data,
            tags: None,
            skip_history: false,
            keep: false,
            idempotency_key: None,
            version: None,
            audience,
        }
    }
}

impl Channels<'_> {
    /// Publishes. Answers the position, if the channel has history; fails with 102 for an unknown namespace, 107 for a bad
    /// name, 111 where the channel is flooded, 100 where the outcome is unknown.
    pub async fn publish(self, channel: &str, request: PublishRequest) -> Result<Option<Position>, ReplyError> {
        let (channel, _) = self.own(channel)?;
        self.publish_into(channel, request).await
    }

    /// The same into a channel of whatever space, by its whole name. Fails with 102 where its space is not in use, and with 108 where
    /// it is for some groups and the listeners there are in none, or is to be kept where nothing is kept on request.
    pub async fn publish_into(
        self,
        channel: ChannelName,
        request: PublishRequest,
    ) -> Result<Option<Position>, ReplyError> {
        self.may_take(&channel, &request)?;
        let outcome = self.hand_on(channel, request, false, None).await;
        outcome.unwrap_or(Err(ReplyError::INTERNAL)).map(|accepted| accepted.position)
    }

    /// Fails with 102 where the space of a channel is not in use, and with 108 where the publish is for some groups and the listeners
    /// there are in none, or is to be kept where nothing is kept on request.
    pub(super) fn may_take(self, channel: &ChannelName, request: &PublishRequest) -> Result<(), ReplyError> {
        let namespace = self.namespace(channel).ok_or(ReplyError::UNKNOWN_CHANNEL)?;
        if !request.audience.is_everyone() && !namespace.has_groups {
            return Err(ReplyError::NOT_AVAILABLE);
        }
        fault::unless_kept(request.keep, &namespace)
    }

    /// Sends a publish on its way, before this returns; its outcome comes later. `local` keeps it on this node. It is counted under the
    /// name `account`, if there is one.
    pub(super) fn hand_on(
        self,
        channel: ChannelName,
        request: PublishRequest,
        local: bool,
        account: Option<Arc<str>>,
    ) -> oneshot::Receiver<PublishOutcome> {
        let (answer, outcome) = PublishAnswer::call();
        let publish = Publish {
            channel,
            data: request.data,
            tags: request.tags.filter(|tags| !tags.is_empty()).map(Arc::new),
            publisher: None,
            envelope: Envelope::unless_plain(request.audience, account),
            skip_history: request.skip_history,
            keep: request.keep,
            local,
            idempotency: request.idempotency_key.map(|key| Idempotency { key: key.into(), ttl: IDEMPOTENCY_TTL }),
            version: request.version.map(|(version, epoch)| Version { version, epoch: epoch.into() }),
            answer,
        };
        match self.bus_for(&publish) {
            Some(bus) => bus.publish(publish, |namespace| self.0.metrics().namespace(namespace).publishes),
            None => self.send(publish.into()),
        }
        outcome
    }

    /// Who is present in a channel; error 108 where its namespace keeps no presence.
    pub async fn presence(self, channel: &str) -> Result<Vec<Arc<ClientInfo>>, ReplyError> {
        let channel = self.present(channel)?;
        self.0.engine().presence(&channel).wait().await.map_err(fault::of_engine)
    }

    /// How many are present in a channel; error 108 where its namespace keeps no presence.
    pub async fn presence_stats(self, channel: &str) -> Result<PresenceStats, ReplyError> {
        let channel = self.present(channel)?;
        self.0.engine().presence_stats(&channel).wait().await.map_err(fault::of_engine)
    }

    /// A part of a channel's history; error 108 where none is kept, 112 where something is missing after the position.
    pub async fn history(self, channel: &str, request: HistoryRequest) -> Result<HistoryPage, ReplyError> {
        let (channel, namespace) = self.served(channel)?;
        query::history(self.0, &channel, &namespace, request).wait().await.map_err(fault::without_connection)
    }

    /// Drops a channel's history and keeps its position; error 108 where none is kept.
    pub async fn remove_history(self, channel: &str) -> Result<(), ReplyError> {
        let (channel, namespace) = self.served(channel)?;
        if !namespace.has_history() {
            return Err(ReplyError::NOT_AVAILABLE);
        }
        self.0.engine().remove_history(&channel).wait().await.map_err(fault::of_engine)
    }

    /// The channels that have listeners, with how many they have.
    pub async fn occupied(self) -> Result<Vec<(ChannelName, usize)>, ReplyError> {
        self.0.registry().occupied().await
    }
}
