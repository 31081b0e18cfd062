//! Typed messages between Rust code, over the same channels as everything else: post, listen, stream.
//!
//! | file | what lives there |
//! |---|---|
//! | `typed` | what a message is, and what a listener receives of it |
//! | `scope` | how far a message goes |
//! | `callback` | listeners that are functions |
//! | `stream` | listeners that are streams |
//! | `queue` | what waits for one listener |
//! | `listener_index` | which listeners belong to which session |
//! | `session`, `opened` | sessions that server code opens |
//! | `inbox`, `topic`, `register` | the actor that holds all of them in one hub, each channel with listeners, and its messages |
//! | `threads`, `engage` | where the actor and the functions run |
//!
//! All Rust listeners of a node in one channel share one place in one hub, on a thread of their own: a publish takes
//! the same path as to clients, and listeners cannot block a worker. Behind the hub each listener has a queue. In a channel that
//! exposes another space each has a place of its own, because each sees what its session may see.
mod callback;
mod engage;
mod error;
mod inbox;
mod listener_index;
mod opened;
mod queue;
mod register;
mod scope;
mod session;
mod stream;
mod threads;
mod topic;
mod typed;

pub use crate::delivery::Loss;
pub use callback::{IntoListener, Listener, ListenerId};
pub use error::{MessageError, StreamError};
pub use inbox::Inbox;
pub use listener_index::ListenerIndex;
pub use scope::Scope;
pub use session::ServerSession;
pub use stream::MessageStream;
pub use typed::{ReceivedEvent, TypedMessage};

use super::channel::PublishOutcome;
use super::handler::SessionView;
use super::{Node, PublishRequest, Reached, Revoke, RevokeError};
use crate::types::{ChannelName, Json, Position, ReplyError, Tags};
use listener_index::{Around, Claim};
use std::future::Future;
use std::sync::Arc;
use typed::TYPE_TAG;

/// The messages of one session: what it listens to ends with it. Cheap to clone; outlives the session.
#[derive(Clone)]
pub struct Messages {
    node: Node,
    session: SessionView,
}

impl SessionView {
    /// The session's messages: what it listens to in Rust, apart from what its client is subscribed to.
    pub fn messages(&self) -> Messages {
        Messages::new(self.clone())
    }
}

impl Messages {
    pub(super) fn new(session: SessionView) -> Self {
        Messages { node: session.node.clone(), session }
    }

    /// Posts a message to whoever listens to the channel, in Rust or over any wire. It is on its way when this returns, so
    /// that messages posted one after the other arrive in this order, awaited or not; the outcome is whether it was accepted,
    /// with its position where the channel has history. That nobody listens is no error.
    ///
    /// It goes to the listeners of this node, but to all nodes where the channel's namespace has history that nodes share.
    pub fn post_message<M: TypedMessage>(
        &self,
        channel: &str,
        message: &M,
    ) -> impl Future<Output = Result<Option<Position>, MessageError>> + Send + use<M> {
        self.posted(channel, message, None)
    }

    /// As [`Messages::post_message`], as far as `scope` says.
    pub fn post_message_with<M: TypedMessage>(
        &self,
        channel: &str,
        message: &M,
        scope: Scope,
    ) -> impl Future<Output = Result<Option<Position>, MessageError>> + Send + use<M> {
        self.posted(channel, message, Some(scope))
    }

    fn posted<M: TypedMessage>(
        &self,
        channel: &str,
        message: &M,
        scope: Option<Scope>,
    ) -> impl Future<Output = Result<Option<Position>, MessageError>> + Send + use<M> {
        let sent = self.send(channel, Json::write(message).map_err(MessageError::from), M::TYPE, scope);
        async move {
            let accepted = sent?.await.unwrap_or(Err(ReplyError::INTERNAL))?;
            Ok(accepted.position)
        }
    }

    fn send(
        &self,
        channel: &str,
        data: Result<Json, MessageError>,
        name: &str,
        scope: Option<Scope>,
    ) -> Result<tokio::sync::oneshot::Receiver<PublishOutcome>, MessageError> {
        let channels = self.node.channels();
        let (channel, namespace) = channels.own(channel).map_err(|error| channels.explained(channel, error))?;
        let local = scope::is_local(scope, self.node.engine().is_shared(), &namespace)?;
        let tags = Tags::from([(TYPE_TAG.to_owned(), name.to_owned())]);
        let request = PublishRequest { tags: Some(tags), ..PublishRequest::new(data?) };
        Ok(self.node.channels().hand_on(channel, request, local, None))
    }

    /// Has a function called for each event of a channel, wherever it came from. Where the channel shows another space, it is called for
    /// what the views of that space show this session. Answers when the subscription stands, on the
    /// bus too: what is posted from then on is heard. Fails with error 102 or 107 where there is no such namespace or the name
    /// is none, with 106 where the session has as many listeners as it may, and where the session has ended.
    ///
    /// The same [`Listener`] twice on one channel is one listener, and has the same id.
    pub async fn add_listener<K>(
        &self,
        channel: &str,
        listener: impl IntoListener<K>,
    ) -> Result<ListenerId, MessageError> {
        let claim = self.claim(channel, Some(listener.into_listener())).await?;
        Ok(claim.stand().await?.keep())
    }

    /// The same for many channels: all subscriptions are made at once, and stand when this answers. Where one cannot be made
    /// none is. The ids are in the order of the channels.
    pub async fn add_listener_to<K, C: AsRef<str>>(
        &self,
        channels: impl IntoIterator<Item = C>,
        listener: impl IntoListener<K>,
    ) -> Result<Vec<ListenerId>, MessageError> {
        let listener = listener.into_listener();
        let mut claims = vec![];
        for channel in channels {
            claims.push(self.claim(channel.as_ref(), Some(listener.clone())).await?);
        }
        let claims = futures_util::future::try_join_all(claims.into_iter().map(Claim::stand)).await?;
        Ok(claims.into_iter().map(Claim::keep).collect())
    }

    /// Ends a listener of this session: it is not called any more, but for a call that is under way. One that is gone, or
    /// another session's, is left as it is.
    pub fn remove_listener(&self, listener: ListenerId) {
        self.node.sessions().listener_index().remove(self.session.id, listener);
    }

    /// Listens to a channel as to a stream of messages of one type. Answers when the subscription stands; what comes from then
    /// on is kept until it is asked for, `limits.listener_queue` events at most. Past that the oldest are dropped, and the
    /// stream says how many. It ends with the session, after what was kept; dropping it ends the listener.
    pub async fn create_stream<M: TypedMessage>(&self, channel: &str) -> Result<MessageStream<M>, MessageError> {
        let claim = self.claim(channel, None).await?;
        let queue = claim.queue();
        let id = claim.stand().await?.keep();
        Ok(MessageStream::new(queue, self.clone(), id))
    }

    /// Takes back what tokens granted to a user, on all nodes: the user's sessions end or lose what they may no longer do, on
    /// every wire, and a token so revoked is refused from then on. See [`Everywhere::revoke`](crate::broker::Everywhere::revoke).
    pub async fn revoke_authentication(&self, user: &str, what: Revoke) -> Result<Reached<()>, RevokeError> {
        self.node.authentication().revoke(user, what).await
    }

    async fn claim(&self, channel: &str, listener: Option<Listener>) -> Result<Claim, MessageError> {
        let channels = self.node.channels();
        let (channel, _): (ChannelName, _) =
            channels.served(channel).map_err(|error| channels.explained(channel, error))?;
        self.node.channels().source(&channel)?;
        let threads = engage::threads(&self.node).await?;
        let (node, session) = (&self.node, self.session.clone());
        let view_of =
            Arc::new(move |channel: &ChannelName| session.node.handlers().view_of(channel, || session.clone()));
        let (directory, limits, metrics) = (node.sessions().directory(), node.limits(), node.metrics());
        let around = Around { directory, limits, metrics, view_of };
        node.sessions().listener_index().claim(&around, &threads, self.session.id, channel, listener)
    }
}
