//! What a session is shown of events that a reply holds: recovered ones, and those of a history.
use super::Session;
use crate::broker::Node;
use crate::broker::channel::Joined;
use crate::delivery::{ViewBounds, Viewed, decide, look};
use crate::filter::{Look, Shown, View};
use crate::types::{ChannelName, Event, Fault, ReplyError};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Session {
    /// How the session sees a channel; none for all as it is.
    pub(super) fn view_of(&self, channel: &ChannelName) -> Option<Rc<dyn View>> {
        self.node().handlers().view_of(channel, || self.view())
    }

    /// A view as a listener has it.
    pub(super) fn viewed(&self, view: Rc<dyn View>) -> Box<Viewed> {
        let limits = self.node().limits();
        let bounds = ViewBounds { queue: limits.view_queue, time: limits.view_timeout };
        Viewed::new(view, bounds, self.node().metrics().clone())
    }
}

/// The answer of a channel to a join, once the view has decided about what was recovered. The listener holds back until then.
pub(super) fn joined_and_shown(
    joined: oneshot::Receiver<Result<Joined, Fault>>,
    view: Option<Rc<dyn View>>,
    node: &Node,
) -> impl Future<Output = Result<Joined, Fault>> + use<> {
    let node = node.clone();
    async move {
        let mut joined = joined.await.unwrap_or(Err(ReplyError::INTERNAL.into()))?;
        if let (Some(view), Some(recovery)) = (view, &mut joined.recovery) {
            recovery.events = shown(std::mem::take(&mut recovery.events), &*view, &node).await?;
        }
        Ok(joined)
    }
}

/// What the view shows of these events. Fails with 100 where the view does not decide about one in time, or panics: whether that
/// event may be shown is not known, and that it is missing would not be seen.
pub(super) async fn shown(events: Vec<Arc<Event>>, view: &dyn View, node: &Node) -> Result<Vec<Arc<Event>>, Fault> {
    let time = node.limits().view_timeout;
    let looks = events.into_iter().map(|event| {
        let metrics = node.metrics().clone();
        let look = look(view, &event, &metrics);
        async move {
            match look {
                None => None,
                Some(Look::Now(shown)) => Some((event, shown)),
                Some(Look::Later(look)) => decide(look, time, metrics).await.map(|shown| (event, shown)),
            }
        }
    });
    let mut seen = vec![];
    for looked in futures_util::future::join_all(looks).await {
        match looked.ok_or(ReplyError::INTERNAL)? {
            (event, Shown::Pass) => seen.push(event),
            (event, Shown::Replace(data)) => seen.push(Arc::new(Event { data, ..(*event).clone() })),
            (_, Shown::Drop) => {}
        }
    }
    Ok(seen)
}
