//! Publishing over a bus. This needs no channel here: the bus delivers the event to every channel that has listeners.
use crate::broker::channel::Publish;
use crate::broker::{Channels, Node, fault};
use crate::engine::{Accepted, Peers};
use crate::types::{ReplyError, Space};
use prometheus_client::metrics::counter::Counter;

/// The bus of a node.
pub(in crate::broker) struct Bus<'a> {
    node: &'a Node,
    peers: &'a dyn Peers,
}

impl<'a> Channels<'a> {
    /// The bus that brings this event. None where there is none, where it is for this node alone, and in the homes of Socket.IO,
    /// where things are done to listeners in order with the events: then its channel publishes it.
    pub(in crate::broker) fn bus_for(self, publish: &Publish) -> Option<Bus<'a>> {
        if publish.local || *publish.channel.space() == Space::SocketIo {
            return None;
        }
        Some(Bus { node: self.0, peers: self.0.engine().peers()? })
    }
}

impl Bus<'_> {
    /// Publishes: on its way before this returns. `publishes` says what counts for a namespace what is accepted.
    pub fn publish(self, publish: Publish, publishes: impl FnOnce(&str) -> Counter) {
        let Some(namespace) = self.node.channels().namespace(&publish.channel) else {
            return publish.answer.give(Err(ReplyError::UNKNOWN_CHANNEL));
        };
        let publishes = publishes(publish.channel.namespace());
        let (event, options, answer) = publish.split(&namespace);
        let count = move |accepted: &Accepted| {
            publishes.inc_by(u64::from(accepted.is_new));
        };
        let told = move |outcome: Result<_, _>| answer.give(outcome.inspect(count).map_err(fault::of_engine));
        self.peers.publish(&event, options, Box::new(told));
    }
}
