//! Tails: watching the events of one channel, or of all channels of a node, without being a listener.
use super::messages::{ReceivedEvent, ServerSession};
use super::taps::{Flow, STOPPING, Tap, Tapped, Taps};
use super::{Channels, Node};
use crate::delivery::Cut;
use crate::metrics::Metrics;
use crate::types::{ChannelName, Identity, IdentityKind, ReplyError};
use futures_util::Stream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

/// The time that a rate is of.
const SECOND: Duration = Duration::from_secs(1);
/// Seconds between two items that say that nothing happened.
const BEAT: u32 = 10;

/// How long who reads may take for what comes last, before the connection is cut.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why a tail ends whose caller may not have it any more.
const NOT_ADMITTED: &str = "the API key is no longer valid";

/// What happens in channels, from the moment this was made: a stream that ends with [`Tapped::Ended`]. Dropping it ends the tail.
pub struct Tail {
    tap: Tap,
    /// Has the bus bring the events of the channel to this node.
    _following: Option<ServerSession>,
}

impl Channels<'_> {
    /// Watches a channel, or all channels of this node, showing at most `rate` events a second and counting the rest. The channel
    /// need not be there yet. It is looked at once a second whether `is_admitted` still holds. A tail that has ended and whose
    /// reader has not come to its end within 5 s has `cut` end the reader's connection.
    ///
    /// Where nodes share an engine, one channel is heard whichever node an event was published on; of all channels those are
    /// heard that have listeners on this node.
    ///
    /// Fails with error 102 for an unknown namespace, 103 for a name that shows another space, 106 where there are as many as
    /// `limits.tails`, 107 for a bad name. Needs an actix system.
    pub async fn tail(
        self,
        channel: Option<&str>,
        rate: u32,
        is_admitted: impl Fn() -> bool + 'static,
        cut: Option<Rc<dyn Cut>>,
    ) -> Result<Tail, ReplyError> {
        let channel = channel.map(|name| self.own(name)).transpose()?.map(|(channel, _)| channel);
        let tap = self.0.taps().open(channel.clone(), rate)?;
        let following = match &channel {
            Some(channel) if self.0.engine().peers().is_some() => Some(follow(self.0, channel).await?),
            _ => None,
        };
        actix_rt::spawn(pace(Arc::downgrade(tap.flow()), self.0.clone(), is_admitted, cut));
        Ok(Tail { tap, _following: following })
    }
}

/// Listens on the node's behalf: the bus brings a channel's events to nodes that have a listener.
async fn follow(node: &Node, channel: &ChannelName) -> Result<ServerSession, ReplyError> {
    let session = node.sessions().open(Identity { kind: IdentityKind::Key, ..Identity::anonymous() })?;
    session.messages().add_listener(channel.as_str(), |_: ReceivedEvent| {}).await?;
    Ok(session)
}

/// Counts the seconds of a tail. Not in the stream itself, which is not looked at while its reader does not read.
async fn pace(flow: Weak<Flow>, node: Node, is_admitted: impl Fn() -> bool, cut: Option<Rc<dyn Cut>>) {
    let mut seconds = tokio::time::interval_at(tokio::time::Instant::now() + SECOND, SECOND);
    for second in 1_u32.. {
        seconds.tick().await;
        let Some(flow) = flow.upgrade() else { return };
        if !flow.next_second() {
            break;
        }
        let taps: &Taps = node.taps();
        if node.connections().is_draining() {
            taps.close(&flow, Some(STOPPING));
        } else if !is_admitted() {
            taps.close(&flow, Some(NOT_ADMITTED));
        } else if second.is_multiple_of(BEAT) {
            flow.beat();
        }
    }
    tokio::time::sleep(LAST_WORDS).await;
    // The stream still holds it: its reader takes nothing, and so nothing but a cut reaches the connection.
    if let Some(cut) = cut.filter(|_| flow.strong_count() > 0) {
        Metrics::count(&node.metrics().disconnects, "tail");
        cut.cut();
    }
}

impl Stream for Tail {
    type Item = Tapped;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Tapped>> {
        Pin::new(&mut self.tap).poll_next(cx)
    }
}
