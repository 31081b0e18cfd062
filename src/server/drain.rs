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
        let batch = (self.config.shutdown_pace * BEAT.as_millis() as usize / 1000).max(1);
        let all = sessions.len();
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
