//! Stopping without a herd: clients are told in paced batches, so that the nodes they go to are not overrun.
use super::Broker;
use crate::broker::SessionRef;
use crate::delivery::SessionOrder;
use crate::transport::engineio::Leaver;
use crate::types::Disconnect;
use std::time::{Duration, Instant};

/// Between two batches.
const BEAT: Duration = Duration::from_millis(20);

/// For how long the stop waits until the other nodes know.
const FAREWELL: Duration = Duration::from_millis(500);

/// Somebody to be told of the stop.
enum DrainTarget {
    Engine(Leaver),
    Session(SessionRef),
}

impl DrainTarget {
    fn close(self) {
        match self {
            DrainTarget::Engine(session) => session.close(),
            DrainTarget::Session(session) => session.order(SessionOrder::Disconnect(Disconnect::SHUTDOWN)),
        }
    }
}

impl Broker {
    /// Takes no more clients, tells all of them that the broker stops (3001), and waits until they are gone, at most until
    /// the config's `server.shutdown_timeout` is over. Answers how many were left.
    pub async fn drain(&self) -> usize {
        let deadline = Instant::now() + self.config.shutdown_timeout;
        self.node.connections().drain();
        self.node.taps().end_for_stop();
        self.events_bus().inspect(|bus| bus.close());
        // Those of Engine.IO first: they end what runs above them, in their own way.
        let engines = self.engines.iter().flat_map(|engine| engine.leavers()).map(DrainTarget::Engine);
        let sessions = self.node.sessions().directory().everyone().into_iter().map(DrainTarget::Session);
        let mut told: Vec<DrainTarget> = engines.chain(sessions).collect();
        let all = told.len();
        // As paced as half the time allows: everybody is told before the time is over.
        let beats = (self.config.shutdown_timeout.as_millis() / (2 * BEAT.as_millis())).max(1) as usize;
        let paced = self.config.shutdown_pace * BEAT.as_millis() as usize / 1000;
        let batch = paced.max(all.div_ceil(beats)).max(1);
        let mut batches = 0;
        while !told.is_empty() {
            told.drain(..batch.min(told.len())).for_each(DrainTarget::close);
            batches += 1;
            if batches % 50 == 0 {
                log::info!("stopping: told {} of {all} clients", all - told.len());
            }
            tokio::time::sleep(BEAT).await;
        }
        while self.node.connections().count() > 0 && Instant::now() < deadline {
            tokio::time::sleep(BEAT).await;
        }
        self.leave().await;
        self.node.connections().count()
    }

    /// Tells the other nodes that this one is gone, now that it has no sessions to be asked about.
    async fn leave(&self) {
        if let Some(peers) = self.node.engine().peers() {
            // Where Redis is away the announcement ends by itself.
            let _ = tokio::time::timeout(FAREWELL, peers.leave(self.node.id()).wait()).await;
        }
    }
}
