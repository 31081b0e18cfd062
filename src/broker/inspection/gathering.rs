//! Asking the sessions of a node.
use super::{Inspected, Inspection};
use crate::broker::{Node, SessionRef, Sessions, fault};
use crate::delivery::{DescriptionQuery, SessionDescription, SessionOrder};
use crate::types::{ChannelName, ReplyError, Space};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Sessions that are asked at a time: what they tell is in memory at once.
const AT_ONCE: usize = 100;
/// How long the sessions of a node may take. Shorter than other nodes wait for the node (2 s), so that a part still gets there.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Bytes of descriptions, as JSON, that one answer holds; the first is taken whatever its size.
const MAX_BYTES: usize = 1024 * 1024;

impl Inspection {
    /// The channel by its full name. Fails with 107 for a bad name and, in the user space, with 102 for an unknown namespace.
    fn channel(&self, node: &Node) -> Result<Option<ChannelName>, ReplyError> {
        let Some((space, name)) = &self.channel else { return Ok(None) };
        let channel = match space {
            Space::User => node.channels().known(name).map_err(fault::without_connection)?.0,
            space => ChannelName::in_space(space.clone(), name, node.limits().channel_name)
                .map_err(|_| ReplyError::BAD_REQUEST)?,
        };
        Ok(Some(channel))
    }
}

impl Sessions<'_> {
    /// The sessions of this node that are asked for. Only those that go into the answer are asked to tell of themselves; where a
    /// channel is named, all of the node are, a hundred at a time. Fails with 107 for a bad name of a channel, and 102 for
    /// an unknown namespace.
    pub async fn inspect(self, wanted: &Inspection) -> Result<Inspected, ReplyError> {
        let channel = wanted.channel(self.0)?;
        let most = if channel.is_some() { usize::MAX } else { wanted.limit };
        let (asked, meant) = self.directory().first(wanted.user.as_deref(), wanted.session, most);
        let node: Arc<str> = self.0.id().into();
        let mut inspected = Inspected::new(wanted.limit, MAX_BYTES);
        let mut described = 0;
        let list = |description| {
            described += 1;
            inspected.list(&node, description);
        };
        inspected.is_late = !gather(&asked, channel.as_ref(), list).await;
        inspected.total = match (channel, inspected.is_late) {
            (Some(_), _) => described,
            (None, true) => meant,
            // Those that were asked and did not tell have ended meanwhile.
            (None, false) => meant.saturating_sub(asked.len().saturating_sub(described)),
        };
        if inspected.is_late || inspected.is_full {
            self.0.metrics().reached("inspection");
        }
        Ok(inspected)
    }
}

/// Asks sessions to tell of themselves, some at a time; whether all told that had to, in time.
async fn gather(
    asked: &[SessionRef],
    subscribed_to: Option<&ChannelName>,
    mut tell: impl FnMut(SessionDescription),
) -> bool {
    let deadline = Instant::now() + PATIENCE;
    for asked in asked.chunks(AT_ONCE) {
        let (query, mut told) = DescriptionQuery::new(subscribed_to.cloned());
        asked.iter().for_each(|session| session.order(SessionOrder::Describe(query.clone())));
        drop(query);
        loop {
            match timeout_at(deadline, told.recv()).await {
                Ok(Some(description)) => tell(description),
                Ok(None) => break,
                Err(_late) => return false,
            }
        }
    }
    true
}
