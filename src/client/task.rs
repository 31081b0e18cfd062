//! The life of a client: it connects while it is wanted, and reconnects after every cut.
use super::backoff::Backoff;
use super::connection::{CLOSING, End, converse};
use super::handshake;
use super::shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Serves a client until its last handle is dropped, and what it keeps is sent or the time for that is over.
pub(super) async fn run(shared: Arc<Shared>, http: awc::Client) {
    let _ends = Ends(shared.clone());
    tokio::select! {
        () = serve(&shared, &http) => {}
        () = give_up(&shared) => {}
    }
}

/// Ends the time for what is kept after the last handle. It does not return: the connection still has to be closed.
async fn give_up(shared: &Shared) {
    shared.all_dropped().await;
    sleep(CLOSING).await;
    shared.give_up();
    std::future::pending().await
}

async fn serve(shared: &Shared, http: &awc::Client) {
    let mut pauses = Pauses { backoff: Backoff::new(&shared.settings.options), told: String::new() };
    while let Some(era) = shared.wanted().await {
        // An attempt to connect and a pause are given up as soon as nobody wants the connection.
        let opened = tokio::select! {
            opened = handshake::open(http, shared) => Some(opened),
            () = shared.unwanted(era) => None,
        };
        let pause = match opened {
            Some(Ok(socket)) => {
                let begun = Instant::now();
                log::info!("{} is connected to {}", shared.role, shared.settings.url);
                pauses.told.clear();
                shared.opened();
                let end = converse(socket, shared, era).await;
                pauses.after(shared, era, end, begun.elapsed())
            }
            Some(Err(reason)) => Some(pauses.lost(shared, &reason, Duration::ZERO)),
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
        self.0.ended(0);
        self.0.idle();
        self.0.tell_unsent();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::handle::Handle;
    use crate::client::settings::{Role, Settings};
    use crate::client::{ClientOptions, TokenSource};
    use std::sync::Mutex;

    /// The lines that name a plugin of this test.
    struct Journal(Mutex<Vec<String>>);

    static JOURNAL: Journal = Journal(Mutex::new(vec![]));

    impl log::Log for Journal {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let line = record.args().to_string();
            if line.contains("\"of-the-journal") {
                self.0.lock().unwrap().push(line);
            }
        }

        fn flush(&self) {}
    }

    fn settings() -> Arc<Settings> {
        let token: Arc<dyn TokenSource> = Arc::new(std::future::pending::<Result<String, String>>);
        Arc::new(Settings { url: "ws://127.0.0.1:9/events".into(), token, options: ClientOptions::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn how_many_publishes_were_not_sent_is_logged_after_the_last_handle() {
        log::set_logger(&JOURNAL).expect("no other test of the library takes the log");
        log::set_max_level(log::LevelFilter::Warn);
        let role = Role::Backend("of-the-journal-1".into());
        let never_connected = Handle::new(role, Some(&settings()), &Arc::default());
        never_connected.client().expect("it is enabled").keep("{}".into(), None);
        drop(never_connected);
        let shared = Arc::new(Shared::new(Role::Backend("of-the-journal-2".into()), settings()));
        shared.ask();
        (0..3).for_each(|_| shared.keep("{}".into(), None));
        shared.drop_all();
        let begun = Instant::now();
        run(shared, handshake::http_client()).await;
        assert_eq!(begun.elapsed().as_secs(), CLOSING.as_secs());
        let wanted = |number, count| {
            format!(
                "the events client of plugin \"of-the-journal-{number}\" is gone, and {count} of its publishes were not sent; \
                 wait for flush() before"
            )
        };
        assert_eq!(*JOURNAL.0.lock().unwrap(), [wanted(1, 1), wanted(2, 3)]);
    }
}
