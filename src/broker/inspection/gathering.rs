//! Querying the sessions of a node.
use super::{Inspected, Inspection};
use crate::broker::{DirectoryEntry, Node, Sessions};
use crate::delivery::{DescriptionAnswer, DescriptionQuery, SessionDescription, SessionOrder};
use crate::types::{ChannelName, ReplyError, Space};
use futures_util::StreamExt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Descriptions that are waited for at a time, and so in memory at once. A session that does not answer takes one of these places,
/// and keeps no other waiting while there are more.
const DESCRIBING: usize = 100;
/// Sessions that are waited for at a time where they say only whether they are subscribed.
const MATCHING: usize = 1_000;
/// How long the sessions of a node may take. Shorter than other nodes wait for the node (2 s), so that a part still gets there.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How much of it finding those that are subscribed may take, so that there is time left to describe them.
const MATCHING_PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of descriptions, as JSON, that one answer holds; the first is taken whatever its size.
const MAX_BYTES: usize = 1024 * 1024;

impl Inspection {
    /// The channel by its full name. Fails with 107 for a bad name and, in the user space, with 102 for an unknown namespace.
    pub(in crate::broker) fn channel(&self, node: &Node) -> Result<Option<ChannelName>, ReplyError> {
        let Some((space, name)) = &self.channel else { return Ok(None) };
        let channel = match space {
            Space::User => node.channels().served(name)?.0,
            space => ChannelName::in_space(space.clone(), name, node.limits().channel_name)
                .map_err(|error| ReplyError::bad_field("channel", format_args!("is not valid: {error}")))?,
        };
        Ok(Some(channel))
    }
}

impl Sessions<'_> {
    /// The sessions of this node that are asked for. Only those that go into the answer are asked to tell of themselves; where a
    /// channel is named, all are first asked whether they are subscribed to it. Fails with 107 for a bad name of a channel, and 102
    /// for an unknown namespace.
    pub async fn inspect(self, wanted: &Inspection) -> Result<Inspected, ReplyError> {
        let channel = wanted.channel(self.0)?;
        let (directory, user, session) = (self.directory(), wanted.user.as_deref(), wanted.session);
        let began = Instant::now();
        let mut inspected = Inspected::new(wanted.limit, MAX_BYTES);
        if channel.is_none() && wanted.limit == 0 {
            inspected.total = directory.count(user, session);
            return Ok(inspected);
        }
        let mut meant = directory.matching(user, session);
        if let Some(channel) = &channel {
            (meant, inspected.is_late) = subscribed(meant, channel, began + MATCHING_PATIENCE).await;
        }
        inspected.total = meant.len();
        keep_first(&mut meant, wanted.limit);
        self.describe(meant, channel.as_ref(), began + PATIENCE, &mut inspected).await;
        if inspected.is_full {
            self.0.metrics().reached("inspection");
        }
        if inspected.is_late {
            self.0.metrics().reached("inspection_timeout");
        }
        Ok(inspected)
    }

    /// Lists these sessions as they tell of themselves. Those that have meanwhile ended, or left the channel, are no longer counted.
    async fn describe(
        self,
        sessions: Vec<DirectoryEntry>,
        channel: Option<&ChannelName>,
        deadline: Instant,
        inspected: &mut Inspected,
    ) {
        let node: Arc<str> = self.0.id().into();
        let ask = || DescriptionQuery::in_full(channel.cloned());
        let listed = gather(sessions, DESCRIBING, deadline, ask, |answer| match answer {
            Some((_, Some(description))) => inspected.list(&node, description),
            _ => inspected.total -= 1,
        });
        let is_in_time = listed.await;
        inspected.is_late |= !is_in_time;
    }
}

/// Those of the sessions that are subscribed to a channel, and whether some did not say so in time.
async fn subscribed(
    sessions: Vec<DirectoryEntry>,
    channel: &ChannelName,
    deadline: Instant,
) -> (Vec<DirectoryEntry>, bool) {
    let mut subscribed = vec![];
    let ask = || DescriptionQuery::whether_subscribed(channel.clone());
    let listed = gather(sessions, MATCHING, deadline, ask, |answer| subscribed.extend(answer.map(|(entry, _)| entry)));
    let is_in_time = listed.await;
    (subscribed, !is_in_time)
}

/// Keeps the first so many by user and id, in that order: where the time runs out, they have been asked first.
fn keep_first(sessions: &mut Vec<DirectoryEntry>, most: usize) {
    let order = |one: &DirectoryEntry, other: &DirectoryEntry| (&one.user, one.id).cmp(&(&other.user, other.id));
    if sessions.len() > most {
        sessions.select_nth_unstable_by(most, order);
        sessions.truncate(most);
    }
    sessions.sort_unstable_by(order);
}

/// Asks sessions, `at_once` of them at a time, and hands on each that answers with its answer, and none for each that is not meant
/// or has ended. Whether all had one of these fates before the deadline.
async fn gather(
    sessions: Vec<DirectoryEntry>,
    at_once: usize,
    deadline: Instant,
    ask: impl Fn() -> (Arc<DescriptionQuery>, DescriptionAnswer),
    mut tell: impl FnMut(Option<(DirectoryEntry, Option<SessionDescription>)>),
) -> bool {
    let answers = futures_util::stream::iter(sessions).map(|entry| {
        let (query, answer) = ask();
        entry.session.order(SessionOrder::Describe(query));
        async move { answer.await.ok().map(|answer| (entry, answer)) }
    });
    let all = answers.buffer_unordered(at_once).for_each(|answer| {
        tell(answer);
        ready(())
    });
    timeout_at(deadline, all).await.is_ok()
}
