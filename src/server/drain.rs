//! Stopping without a herd: clients are told in paced batches, so that the nodes they go to are not overrun.
use super::Broker;
use crate::types::Disconnect;
use std::time::{Duration, Instant};

/// Between two batches.
const BEAT: Duration = Duration::from_millis(20);

impl Broker {
    /// Takes no more clients, tells all of them that the broker stops (3001), and waits until they are gone, at most until
    /// the config's `server.shutdown_timeout` is over. Answers how many were left.
    pub async fn drain(&self) -> usize {
        let deadline = Instant::now() + self.config.shutdown_timeout;
        self.node.drain();
        let sessions = self.node.directory().everyone();
        let all = sessions.len();
        // As paced as half the time allows: everybody is told before the time is over.
        let beats = (self.config.shutdown_timeout.as_millis() / (2 * BEAT.as_millis())).max(1) as usize;
        let paced = self.config.shutdown_pace * BEAT.as_millis() as usize / 1000;
        let batch = paced.max(all.div_ceil(beats)).max(1);
        for (told, batch) in sessions.chunks(batch).enumerate() {
            for session in batch {
                session.do_send(crate::broker::SessionOrder::Disconnect(Disconnect::SHUTDOWN));
            }
            if told % 50 == 49 {
                log::info!("stopping: told {} of {all} clients", (told + 1) * batch.len());
            }
            tokio::time::sleep(BEAT).await;
        }
        while self.node.connections() > 0 && Instant::now() < deadline {
            tokio::time::sleep(BEAT).await;
        }
        self.node.connections()
    }
}
