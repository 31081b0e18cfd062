//! What a session sees of the events in a reply: recovered events, and those of a history.
use super::Session;
use crate::broker::channel::Joined;
use crate::broker::{Node, SessionData};
use crate::delivery::{ViewBounds, Viewed, decide, look};
use crate::filter::{Look, Shown, View};
use crate::types::{ChannelName, Event, Fault, Group, ReplyError};
use futures_util::StreamExt;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Session {
    /// How the session sees a channel; none for all as it is.
    pub(super) fn view_of(&self, channel: &ChannelName) -> Option<Rc<dyn View>> {
        self.node().handlers().view_of(channel, || {
            self.noted();
            self.view()
        })
    }

    /// What is noted of the session: with its home, where it has one.
    pub(super) fn noted(&self) -> &SessionData {
        match &self.home {
            Some(state) => &state.membership.data,
            None => self.data.get_or_init(SessionData::default),
        }
    }

    /// Whatever was made of the session's identity is made of the present one from now on.
    pub(super) fn renew_noted(&self) {
        let data = self.home.as_ref().map(|state| &state.membership.data).or(self.data.get());
        let handshake = self.home.as_ref().and_then(|state| state.membership.handshake.as_deref());
        if let Some(data) = data {
            data.renewed(&self.identity, handshake);
        }
    }

    /// A view as a listener has it.
    pub(super) fn viewed(&self, view: Rc<dyn View>) -> Box<Viewed> {
        let limits = self.node().limits();
        let bounds = ViewBounds { queue: limits.view_queue, time: limits.view_timeout };
        Viewed::new(view, bounds, self.node().metrics().clone())
    }
}

/// The answer of a channel to a join, once the view has decided about what was recovered. The listener holds back until then. For a
/// home, whose listener begins in `groups`, a view that does not decide is a position that cannot be recovered: it begins anew, and
/// is not kept out by the same event again and again.
pub(super) fn joined_and_shown(
    joined: oneshot::Receiver<Result<Joined, Fault>>,
    view: Option<Rc<dyn View>>,
    groups: Vec<Group>,
    node: &Node,
) -> impl Future<Output = Result<Joined, Fault>> + use<> {
    let node = node.clone();
    async move {
        let mut joined = joined.await.unwrap_or(Err(ReplyError::INTERNAL.into()))?;
        if let (Some(view), Some(recovery)) = (view, &mut joined.recovery) {
            let is_home = !groups.is_empty();
            // Its session leaves out those for others, once it has seen where they stand.
            let is_looked_at = |event: &Event| !is_home || is_meant(event, &groups);
            let shown = shown(std::mem::take(&mut recovery.events), is_looked_at, &*view, &node).await;
            recovery.events = shown.map_err(|fault| match is_home {
                true => ReplyError::UNRECOVERABLE_POSITION.into(),
                false => fault,
            })?;
        }
        Ok(joined)
    }
}

/// Whether an event is for a listener that is in these groups.
pub(super) fn is_meant(event: &Event, groups: &[Group]) -> bool {
    let envelope = event.envelope.as_ref();
    envelope.is_none_or(|envelope| envelope.audience.admits(|group| groups.contains(group)))
}

/// What the view shows of these events; those that it is not to look at stay as they are. At most `limits.view_queue` looks are under
/// way at once. Fails with 100 where the view does not decide about one in time, or panics: whether that event may be shown is not
/// known, and that it is missing would not be seen.
pub(super) async fn shown(
    events: Vec<Arc<Event>>,
    is_looked_at: impl Fn(&Event) -> bool,
    view: &dyn View,
    node: &Node,
) -> Result<Vec<Arc<Event>>, Fault> {
    let (time, at_once) = (node.limits().view_timeout, node.limits().view_queue.max(1));
    let metrics = node.metrics();
    let looks = events.into_iter().map(|event| {
        let is_looked_at = is_looked_at(&event);
        async move {
            let look = if is_looked_at { look(view, &event, metrics) } else { Some(Look::Now(Shown::Pass)) };
            match look {
                None => None,
                Some(Look::Now(shown)) => Some((event, shown)),
                Some(Look::Later(look)) => decide(look, time, metrics.clone()).await.map(|shown| (event, shown)),
            }
        }
    });
    let mut looks = std::pin::pin!(futures_util::stream::iter(looks).buffered(at_once));
    let mut seen = vec![];
    while let Some(looked) = looks.next().await {
        match looked.ok_or(ReplyError::INTERNAL)? {
            (event, Shown::Pass) => seen.push(event),
            (event, Shown::Replace(data)) => seen.push(Arc::new(Event { data, ..(*event).clone() })),
            (_, Shown::Drop) => {}
        }
    }
    Ok(seen)
}
