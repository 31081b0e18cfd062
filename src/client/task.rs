//! The life of a client: it connects while it is wanted, and comes back when it is cut off.
use super::backoff::Backoff;
use super::connection::{End, converse};
use super::handshake;
use super::shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Serves a client until its last handle is dropped.
pub(super) async fn run(shared: Arc<Shared>) {
    let _ends = Ends(shared.clone());
    let http = handshake::http_client();
    let mut pauses = Pauses { backoff: Backoff::new(&shared.settings.options), told: String::new() };
    while let Some(era) = shared.wanted().await {
        // An attempt to connect and a pause are given up as soon as nobody wants the connection.
        let opened = tokio::select! {
            opened = handshake::open(&http, &shared) => Some(opened),
            () = shared.unwanted(era) => None,
        };
        let pause = match opened {
            Some(Ok(socket)) => {
                let begun = Instant::now();
                log::info!("{} is connected to {}", shared.role, shared.settings.url);
                pauses.told.clear();
                shared.opened();
                let end = converse(socket, &shared, era).await;
                shared.closed();
                pauses.after(&shared, era, end, begun.elapsed())
            }
            Some(Err(reason)) => Some(pauses.lost(&shared, &reason, Duration::ZERO)),
            None => None,
        };
        if let Some(pause) = pause {
            tokio::select! {
                () = sleep(pause) => {}
                () = shared.unwanted(era) => {}
            }
        }
        shared.idle();
    }
}

/// Lets nobody wait for a task that is not there any more, should it panic.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.drop_all();
        self.0.closed();
        self.0.idle();
    }
}

struct Pauses {
    backoff: Backoff,
    /// The reason that was logged last: one warning for each change, not one for each attempt.
    told: String,
}

impl Pauses {
    /// How long to wait after a connection; none where it is not to be made again by itself.
    fn after(&mut self, shared: &Shared, era: u64, end: End, lasted: Duration) -> Option<Duration> {
        match end {
            End::Left => {
                log::info!("{} left {}", shared.role, shared.settings.url);
                None
            }
            End::Revoked(reason) => {
                shared.revoked(era);
                log::error!(
                    "{}: the broker closed the connection for good: {reason:?} (1000); see that the token source gives a token that \
                     is not revoked, and call connect()",
                    shared.role
                );
                None
            }
            End::Lost(reason) => Some(self.lost(shared, &reason, lasted)),
        }
    }

    fn lost(&mut self, shared: &Shared, reason: &str, lasted: Duration) -> Duration {
        let pause = self.backoff.next(lasted);
        let level = if self.told == reason { log::Level::Debug } else { log::Level::Warn };
        log::log!(level, "{}: {reason}; again in {pause:.1?}", shared.role);
        reason.clone_into(&mut self.told);
        pause
    }
}
