//! What the HTTP API and Rust code ask of a broker, from any thread.
use super::Node;
use super::channel::{Publish, PublishAnswer};
use super::directory::{Attendance, Target};
use super::fault;
use super::handler::RpcCall;
use super::query::{self, HistoryRequest};
use crate::delivery::{SessionOrder, SubscribeOptions};
use crate::engine::{Idempotency, PresenceStats, Version};
use crate::protocol::HistoryPage;
use crate::types::{ChannelName, ClientInfo, Disconnect, Json, Position, ReplyError, Tags, Unsubscribed};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// For how long the answer to a publish is remembered under its idempotency key.
const IDEMPOTENCY_TTL: Duration = Duration::from_secs(300);

/// A publish of the server's own.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// The payload.
    pub data: Json,
    /// Tags that filters look at.
    pub tags: Option<Tags>,
    /// Do not keep it.
    pub skip_history: bool,
    /// A repetition with the same key gets the first answer.
    pub idempotency_key: Option<String>,
    /// Only accepted if greater than the last version of the same epoch.
    pub version: Option<(u64, String)>,
}

impl PublishRequest {
    /// A plain publish.
    pub fn new(data: Json) -> Self {
        PublishRequest { data, tags: None, skip_history: false, idempotency_key: None, version: None }
    }
}

/// The numbers of a node.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    /// Sessions that are let in.
    pub clients: usize,
    /// Different users among them.
    pub users: usize,
    /// Channels with listeners.
    pub channels: usize,
    /// Listeners.
    pub subscriptions: usize,
}

/// A node as `info` tells of it.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    /// Its id.
    pub uid: String,
    /// Its numbers.
    pub census: Census,
    /// For how long it has run.
    pub uptime: Duration,
}

impl Node {
    /// Publishes. Answers the position, if the channel has history; fails with 102 for an unknown namespace, 107 for a bad
    /// name, 111 where the channel is flooded, 100 where the outcome is unknown.
    pub async fn publish(&self, channel: &str, request: PublishRequest) -> Result<Option<Position>, ReplyError> {
        let (channel, _) = self.own_channel(channel)?;
        self.hand_on(channel, request, false).await.unwrap_or(Err(ReplyError::INTERNAL))
    }

    /// Sends a publish on its way, before this returns; its outcome comes later. `local` keeps it on this node.
    pub(super) fn hand_on(
        &self,
        channel: ChannelName,
        request: PublishRequest,
        local: bool,
    ) -> oneshot::Receiver<Result<Option<Position>, ReplyError>> {
        let (answer, outcome) = PublishAnswer::call();
        let publish = Publish {
            channel,
            data: request.data,
            tags: request.tags.filter(|tags| !tags.is_empty()).map(Arc::new),
            publisher: None,
            envelope: None,
            skip_history: request.skip_history,
            local,
            idempotency: request.idempotency_key.map(|key| Idempotency { key: key.into(), ttl: IDEMPOTENCY_TTL }),
            version: request.version.map(|(version, epoch)| Version { version, epoch: epoch.into() }),
            answer,
        };
        match self.bus_for(&publish) {
            Some(bus) => bus.publish(publish, |namespace| self.metrics().namespace(namespace).publishes),
            None => self.send(publish.into()),
        }
        outcome
    }

    /// Subscribes sessions to a channel; nobody there is no error.
    pub async fn subscribe(
        &self,
        target: Target,
        channel: &str,
        options: SubscribeOptions,
    ) -> Result<usize, ReplyError> {
        let (channel, _) = self.served_channel(channel)?;
        self.order(target, SessionOrder::Subscribe(Box::new((channel, options)))).await
    }

    /// Ends subscriptions: of one channel, or of all where `channel` is none.
    pub async fn unsubscribe(&self, target: Target, channel: Option<&str>) -> Result<usize, ReplyError> {
        let order = match channel {
            Some(channel) => SessionOrder::Unsubscribe(self.served_channel(channel)?.0, Unsubscribed::SERVER),
            None => SessionOrder::UnsubscribeAll(Unsubscribed::SERVER),
        };
        self.order(target, order).await
    }

    /// Ends sessions.
    pub async fn disconnect(&self, target: Target, reason: Disconnect) -> Result<usize, ReplyError> {
        self.order(target, SessionOrder::Disconnect(reason)).await
    }

    /// Changes when sessions end (none for never), and what others see of them.
    pub async fn refresh(
        &self,
        target: Target,
        expire_at: Option<i64>,
        info: Option<Json>,
    ) -> Result<usize, ReplyError> {
        self.order(target, SessionOrder::Refresh { expire_at, info }).await
    }

    /// Who is present in a channel; error 108 where its namespace keeps no presence.
    pub async fn presence(&self, channel: &str) -> Result<Vec<Arc<ClientInfo>>, ReplyError> {
        let channel = self.present_channel(channel)?;
        self.engine().presence(&channel).wait().await.map_err(fault::of_engine)
    }

    /// How many are present in a channel; error 108 where its namespace keeps no presence.
    pub async fn presence_stats(&self, channel: &str) -> Result<PresenceStats, ReplyError> {
        let channel = self.present_channel(channel)?;
        self.engine().presence_stats(&channel).wait().await.map_err(fault::of_engine)
    }

    /// A part of a channel's history; error 108 where none is kept, 112 where something is missing after the position.
    pub async fn history(&self, channel: &str, request: HistoryRequest) -> Result<HistoryPage, ReplyError> {
        let (channel, namespace) = self.served_channel(channel)?;
        query::history(self, &channel, &namespace, request).wait().await.map_err(fault::without_connection)
    }

    /// Drops a channel's history and keeps its position; error 108 where none is kept.
    pub async fn remove_history(&self, channel: &str) -> Result<(), ReplyError> {
        let (channel, namespace) = self.served_channel(channel)?;
        if !namespace.has_history() {
            return Err(ReplyError::NOT_AVAILABLE);
        }
        self.engine().remove_history(&channel).wait().await.map_err(fault::of_engine)
    }

    /// The channels that have listeners, with how many they have.
    pub async fn channels(&self) -> Result<Vec<(ChannelName, usize)>, ReplyError> {
        self.registry().occupied().await
    }

    /// The nodes and their numbers.
    pub async fn info(&self) -> Result<Vec<NodeInfo>, ReplyError> {
        let (channels, subscriptions) = self.registry().count().await?;
        let Attendance { sessions, users } = self.directory().attendance();
        let census = Census { clients: sessions, users, channels, subscriptions };
        Ok(vec![NodeInfo { uid: self.id().to_owned(), census, uptime: self.started().elapsed() }])
    }

    /// Asks an rpc handler; error 104 where the method has none.
    pub async fn rpc(&self, method: String, data: Option<Json>) -> Result<Option<Json>, ReplyError> {
        let call = RpcCall { session: None, method, data };
        let asked = self
            .handlers()
            .rpc(call)
            .ok_or(ReplyError { message: "not found".into(), ..ReplyError::METHOD_NOT_FOUND })?;
        asked.await.map_err(fault::without_connection)
    }

    async fn order(&self, target: Target, order: SessionOrder) -> Result<usize, ReplyError> {
        Ok(self.directory().order(&target, &order))
    }

    fn present_channel(&self, channel: &str) -> Result<ChannelName, ReplyError> {
        let (channel, namespace) = self.served_channel(channel)?;
        match namespace.presence {
            true => Ok(channel),
            false => Err(ReplyError::NOT_AVAILABLE),
        }
    }

    /// The same for what is not of another space: there is no way into one but its own.
    pub(super) fn own_channel(&self, channel: &str) -> Result<(ChannelName, Arc<super::Namespace>), ReplyError> {
        let (channel, namespace) = self.served_channel(channel)?;
        match self.settings().namespaces.exposed(&channel) {
            Some(_) => Err(ReplyError::PERMISSION_DENIED),
            None => Ok((channel, namespace)),
        }
    }

    pub(super) fn served_channel(&self, channel: &str) -> Result<(ChannelName, Arc<super::Namespace>), ReplyError> {
        self.known_channel(channel).map_err(fault::without_connection)
    }
}
