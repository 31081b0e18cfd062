//! Whether messages get through a server. The answer to a PING does not prove it.
use super::core::Core;
use super::link::Link;
use super::request::{Request, Waiting};
use super::server::{self, Unusable};
use crate::engine::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Between two looks.
const PROBE: Duration = Duration::from_secs(1);

/// What is published to come back, and whether it did.
pub(super) struct Watchdog {
    state: watch::Sender<State>,
    /// The last number, and the last that came back.
    sent: AtomicU64,
    heard: AtomicU64,
    echoed: Notify,
}

/// Whether it came back the last time.
#[derive(Clone)]
enum State {
    Untried,
    Well,
    /// With the first reason.
    Unwell(String),
}

impl Default for Watchdog {
    fn default() -> Self {
        Watchdog {
            state: watch::Sender::new(State::Untried),
            sent: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            echoed: Notify::new(),
        }
    }
}

impl Watchdog {
    /// Whether events get through.
    pub fn is_well(&self) -> bool {
        matches!(*self.state.borrow(), State::Well)
    }

    /// Waits until it has come back once, or something fails: what is wrong is told before the first client comes. `name` is
    /// that of the server.
    pub async fn first_try(&self, name: &str, patience: Duration) -> Result<(), Unusable> {
        let mut state = self.state.subscribe();
        let tried = tokio::time::timeout(patience, state.wait_for(|state| !matches!(state, State::Untried)));
        let reason = match tried.await.map(|tried| tried.map(|state| state.clone())) {
            Ok(Ok(State::Well)) => return Ok(()),
            Ok(Ok(State::Unwell(reason))) => reason,
            _ => "what was published did not come back".into(),
        };
        Err(Unusable::Deaf(name.to_owned(), reason))
    }

    /// It came back.
    pub fn hear(&self, number: u64) {
        self.heard.fetch_max(number, Ordering::Relaxed);
        self.echoed.notify_waiters();
    }

    /// One warning a change of state, not one an attempt: a server that takes connections and delivers nothing is lost again
    /// and again.
    pub fn fell_ill(&self, text: &str, reason: String) {
        let is_new = self.state.send_if_modified(|state| {
            let was_unwell = matches!(state, State::Unwell(_));
            if !was_unwell {
                *state = State::Unwell(reason);
            }
            !was_unwell
        });
        log::log!(if is_new { log::Level::Warn } else { log::Level::Debug }, "{text}; trying again");
    }

    fn got_well(&self, address: &str) {
        if !matches!(self.state.send_replace(State::Well), State::Well) {
            log::info!("events get through Redis at {address}");
        }
    }

    async fn heard(&self, number: u64) {
        loop {
            let echoed = self.echoed.notified();
            if self.heard.load(Ordering::Relaxed) >= number {
                return;
            }
            echoed.await;
        }
    }
}

/// Looks again and again whether what is published comes back, and whether the server is still the master it was; what is
/// wrong.
pub(super) async fn probe(core: &Arc<Core>, link: &Arc<Link>, replid: &str, address: &str) -> String {
    link.subscriptions.settled().await;
    loop {
        let told = match tokio::time::timeout(core.patience(), look(core, link)).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "what was published did not come back".into(),
        };
        match server::master_id(&told) {
            Some(id) if id == replid => {}
            Some(_) => return "it is not the server that it was".into(),
            None => return "it has become a read-only replica".into(),
        }
        match link.source.find(core.patience()).await {
            Ok(info) if info.addr().to_string() != address => return "another server is the master now".into(),
            _ => {}
        }
        link.watchdog.got_well(address);
        tokio::time::sleep(PROBE).await;
    }
}

/// Publishes a number, waits until it comes back, and asks the server who it is.
async fn look(core: &Arc<Core>, link: &Arc<Link>) -> Result<String, Error> {
    let number = link.watchdog.sent.fetch_add(1, Ordering::Relaxed) + 1;
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(&core.echo_channel(link)[..]).arg(number.to_string());
    let mut info = redis::cmd("INFO");
    info.arg("replication");
    let ((sent_waits, sent), (info_waits, told)) = (Waiting::asked(), Waiting::asked());
    link.push(Request::new(publish, false, 0, sent_waits), &core.metrics);
    link.push(Request::new(info, false, 0, info_waits), &core.metrics);
    sent.wait().await?;
    let told = told.wait().await?;
    link.watchdog.heard(number).await;
    redis::from_redis_value(told).map_err(|error| Error::Unreachable(error.to_string()))
}
