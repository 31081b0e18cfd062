//! The nodes that share a Redis: each announces itself repeatedly, and receives messages for itself and for all.
use super::core::{Core, odd};
use super::scripts;
use super::subscriptions::Receiver;
use crate::engine::{ControlSink, EngineAnswer};
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How often a node announces itself, and for how long that counts.
const ANNOUNCE: Duration = Duration::from_secs(2);
const COUNTS: Duration = Duration::from_secs(7);

impl Core {
    /// Announces this node from now on, and has it hear.
    pub fn attend(self: &Arc<Self>, id: &str, sink: Arc<dyn ControlSink>) {
        let all = self.hear(self.keys.everyone(), Receiver::ControlSink(sink.clone()));
        let own = self.hear(self.keys.node(id), Receiver::ControlSink(sink));
        self.attending().insert(id.to_owned());
        let (core, id) = (Arc::downgrade(self), id.to_owned());
        self.runtime.spawn(async move {
            // What is not confirmed now is subscribed to all the same, as soon as it can be.
            let _ = tokio::join!(all.wait(), own.wait());
            announce(core, &id).await;
        });
    }

    /// Takes the announcement back, so that the others do not wait for answers of a node that is gone.
    pub fn leave(self: &Arc<Self>, id: &str) -> EngineAnswer<()> {
        let mut attending = self.attending();
        attending.remove(id);
        // Sent before the lock is given back: an announcement that is sent before it is undone, and none is sent behind it.
        self.nodes(id, Duration::ZERO).then(|left| left.map(drop))
    }

    fn announce_node(self: &Arc<Self>, id: &str) -> Option<EngineAnswer<Vec<String>>> {
        let attending = self.attending();
        attending.contains(id).then(|| self.nodes(id, COUNTS))
    }

    fn attending(&self) -> MutexGuard<'_, HashSet<String>> {
        // A set is whole after each change.
        self.attending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn say(self: &Arc<Self>, to: Option<&str>, words: &Bytes) -> EngineAnswer<()> {
        let name = to.map_or_else(|| self.keys.everyone(), |id| self.keys.node(id));
        let mut command = redis::cmd("PUBLISH");
        command.arg(&name[..]).arg(&words[..]);
        self.ask(&name, command, false).then(|said| said.map(drop))
    }

    /// Asks which nodes there are, announcing `id` for `counts` where one is given; as gone where that is no time.
    pub fn nodes(self: &Arc<Self>, id: &str, counts: Duration) -> EngineAnswer<Vec<String>> {
        let key = self.keys.nodes();
        let mut command = scripts::call(&scripts::NODES, &[&key]);
        command.arg(id).arg(if counts.is_zero() { 0 } else { super::millis(counts) });
        let core = self.clone();
        self.ask(&key, command, false).then(move |told| {
            let nodes: Vec<String> = redis::from_redis_value(told?).map_err(|_| odd("its nodes"))?;
            core.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&nodes);
            Ok(nodes)
        })
    }
}

async fn announce(core: Weak<Core>, id: &str) {
    while let Some(strong) = core.upgrade() {
        let Some(announced) = strong.announce_node(id) else { return };
        let _ = announced.wait().await;
        drop(strong);
        tokio::time::sleep(ANNOUNCE).await;
    }
}
