//! The numbers of a node.
use super::Node;
use super::directory::Attendance;
use crate::types::ReplyError;
use std::time::Duration;

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
    /// The nodes and their numbers.
    pub async fn info(&self) -> Result<Vec<NodeInfo>, ReplyError> {
        let (channels, subscriptions) = self.registry().count().await?;
        let Attendance { sessions, users } = self.sessions().directory().attendance();
        let census = Census { clients: sessions, users, channels, subscriptions };
        Ok(vec![NodeInfo { uid: self.id().to_owned(), census, uptime: self.started().elapsed() }])
    }
}
