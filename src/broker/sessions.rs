//! What the HTTP API, handlers and Rust code can do with sessions, from any thread.
use super::directory::Target;
use super::{Directory, Node, RecoverableSessions};
use crate::delivery::{SessionOrder, SubscribeOptions};
use crate::types::{Disconnect, Json, ReplyError, Unsubscribed};

/// The sessions of a node: which there are, and what the server orders them to do.
#[derive(Clone, Copy)]
pub struct Sessions<'a>(pub(super) &'a Node);

impl Node {
    /// Its sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl<'a> Sessions<'a> {
    /// Which are let in.
    pub fn directory(self) -> &'a Directory {
        &self.0.tables().directory
    }

    /// Those whose clients may come back to them.
    pub fn recoverable(self) -> &'a RecoverableSessions {
        &self.0.tables().recoverable
    }

    /// Subscribes sessions to a channel; nobody there is no error.
    pub async fn subscribe(
        self,
        target: Target,
        channel: &str,
        options: SubscribeOptions,
    ) -> Result<usize, ReplyError> {
        let (channel, _) = self.0.channels().served(channel)?;
        self.order(target, SessionOrder::Subscribe(Box::new((channel, options)))).await
    }

    /// Ends subscriptions: of one channel, or of all where `channel` is none.
    pub async fn unsubscribe(self, target: Target, channel: Option<&str>) -> Result<usize, ReplyError> {
        let order = match channel {
            Some(channel) => SessionOrder::Unsubscribe(self.0.channels().served(channel)?.0, Unsubscribed::SERVER),
            None => SessionOrder::UnsubscribeAll(Unsubscribed::SERVER),
        };
        self.order(target, order).await
    }

    /// Ends sessions.
    pub async fn disconnect(self, target: Target, reason: Disconnect) -> Result<usize, ReplyError> {
        self.order(target, SessionOrder::Disconnect(reason)).await
    }

    /// Changes when sessions end (none for never), and what others see of them.
    pub async fn refresh(
        self,
        target: Target,
        expire_at: Option<i64>,
        info: Option<Json>,
    ) -> Result<usize, ReplyError> {
        self.order(target, SessionOrder::Refresh { expire_at, info }).await
    }

    async fn order(self, target: Target, order: SessionOrder) -> Result<usize, ReplyError> {
        Ok(self.directory().order(&target, &order))
    }
}
