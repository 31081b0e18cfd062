//! What the handles of a client and its task share.
use super::kept::KeptPublishes;
use super::subscriptions::{Callback, Key, Subscriptions, Told};
use super::wire::Command;
use super::{ClientCounts, ClientOptions, Error, TokenSource};
use crate::metrics::LogBudget;
use bytestring::ByteString;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// As what a client comes.
#[derive(Debug)]
pub(super) enum Role {
    /// A backend plugin of this id.
    Backend(String),
    Frontend,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Backend(plugin) => write!(f, "the events client of plugin {plugin:?}"),
            Role::Frontend => f.write_str("an events client of a frontend"),
        }
    }
}

/// Where and how the clients of a manager connect.
pub(super) struct Settings {
    /// The WebSocket's address.
    pub(super) url: String,
    pub(super) token: Arc<dyn TokenSource>,
    pub(super) options: ClientOptions,
}

/// One client.
pub(super) struct Shared {
    pub(super) role: Role,
    pub(super) settings: Arc<Settings>,
    state: Mutex<State>,
    /// Is sent to with every change of the state. Each who waits has a receiver of its own, so none takes another's wake-up.
    changes: watch::Sender<()>,
    tallies: Tallies,
    lines: LogBudget,
}

#[derive(Default)]
struct Tallies {
    dropped: AtomicU64,
    refused: AtomicU64,
    failed_callbacks: AtomicU64,
    unreadable: AtomicU64,
}

struct State {
    is_backend: bool,
    /// `connect` was called, and `disconnect` was not since.
    is_asked: bool,
    /// The broker revoked the access, and `connect` was not called since.
    is_revoked: bool,
    /// No handle is left.
    is_dropped: bool,
    /// The task was given to the thread.
    is_started: bool,
    /// Grows with each `disconnect`, so that a connection from before ends even where `connect` follows at once.
    era: u64,
    /// The era of the connection that is there or being made.
    running: Option<u64>,
    is_open: bool,
    /// A publish was given to the socket, which has not taken all of it yet.
    is_sending: bool,
    subscriptions: Subscriptions,
    kept: KeptPublishes,
}

impl State {
    /// Whether there is to be a connection.
    fn wants(&self) -> bool {
        let is_useful = if self.is_backend { self.is_asked } else { !self.subscriptions.is_empty() };
        is_useful && !self.is_revoked && !self.is_dropped
    }

    fn keeps(&self, era: u64) -> bool {
        self.wants() && self.era == era
    }
}

/// What a connection does next.
pub(super) enum Step {
    Send(ByteString),
    /// Nothing is left to send.
    Rest,
    /// The connection is not wanted any more.
    Leave,
}

impl Shared {
    pub(super) fn new(role: Role, settings: Arc<Settings>) -> Self {
        let options = &settings.options;
        let state = State {
            is_backend: matches!(role, Role::Backend(_)),
            is_asked: false,
            is_revoked: false,
            is_dropped: false,
            is_started: false,
            era: 0,
            running: None,
            is_open: false,
            is_sending: false,
            subscriptions: Subscriptions::new(options.subscriptions),
            kept: KeptPublishes::new(options.kept_publishes, options.kept_bytes),
        };
        Shared {
            role,
            settings,
            state: Mutex::new(state),
            changes: watch::Sender::new(()),
            tallies: Tallies::default(),
            lines: LogBudget::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code of a user runs under the lock, so nothing is half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all who wait for a change.
    pub(super) fn changed(&self) {
        self.changes.send_replace(());
    }

    /// What tells of all changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Looks at each state until there is a result.
    async fn until<T>(&self, mut reached: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            let result = reached(&mut self.state());
            if let Some(result) = result {
                return result;
            }
            // It cannot fail: the sender is in `self`.
            let _ = changes.changed().await;
        }
    }

    /// Whether the caller has to start the task.
    pub(super) fn starts(&self) -> bool {
        !std::mem::replace(&mut self.state().is_started, true)
    }

    /// The task could not be started.
    pub(super) fn not_started(&self) {
        self.state().is_started = false;
    }

    pub(super) fn ask(&self) {
        let mut state = self.state();
        (state.is_asked, state.is_revoked) = (true, false);
        drop(state);
        self.changed();
    }

    pub(super) fn keep(&self, frame: ByteString) {
        let dropped = self.state().kept.push(frame);
        if dropped > 0 {
            self.tallies.dropped.fetch_add(dropped, Ordering::Relaxed);
            self.warn("dropped", || {
                "dropped its oldest publish to keep a newer one: the broker is away or slow".into()
            });
        }
        self.changed();
    }

    pub(super) fn subscribe(&self, key: Key, callback: Callback) -> Result<(), Error> {
        self.state().subscriptions.add(key, callback)?;
        self.changed();
        Ok(())
    }

    pub(super) fn unsubscribe(&self, key: &Key) {
        let removed = self.state().subscriptions.remove(key);
        self.changed();
        // When the lock is free, as in `take_back`.
        drop(removed);
    }

    /// Ends all that was asked for; waits until the connection is closed.
    pub(super) async fn disconnect(&self) {
        let era = self.take_back();
        self.until(|state| state.running.is_none_or(|running| running >= era).then_some(())).await;
    }

    /// Takes back all that was asked for; the era of the next connection.
    fn take_back(&self) -> u64 {
        let mut state = self.state();
        state.is_asked = false;
        state.era += 1;
        state.kept.clear();
        let era = state.era;
        let removed = state.subscriptions.clear();
        drop(state);
        self.changed();
        // When the lock is free: what a callback owns may be the last handle of a client.
        drop(removed);
        era
    }

    /// No handle is left.
    pub(super) fn drop_all(&self) {
        self.state().is_dropped = true;
        self.changed();
    }

    /// Waits until all publishes were taken by the socket.
    pub(super) async fn flushed(&self) -> Result<(), Error> {
        self.until(|state| match state.kept.len() == 0 && !state.is_sending {
            true => Some(Ok(())),
            false => (!state.wants()).then_some(Err(Error::Away)),
        })
        .await
    }

    /// Waits until the connection stands.
    pub(super) async fn connected(&self) -> Result<(), Error> {
        self.until(|state| match state.is_open && state.running == Some(state.era) {
            true => Some(Ok(())),
            false => (!state.wants()).then_some(Err(Error::Away)),
        })
        .await
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state().is_open
    }

    pub(super) fn counts(&self) -> ClientCounts {
        let read = |tally: &AtomicU64| tally.load(Ordering::Relaxed);
        ClientCounts {
            kept: self.state().kept.len(),
            dropped: read(&self.tallies.dropped),
            refused: read(&self.tallies.refused),
            failed_callbacks: read(&self.tallies.failed_callbacks),
            unreadable: read(&self.tallies.unreadable),
        }
    }
}

/// The side of the task.
impl Shared {
    /// Waits until there is to be a connection; its era. None once no handle is left.
    pub(super) async fn wanted(&self) -> Option<u64> {
        self.until(|state| match state.wants() {
            true => {
                state.running = Some(state.era);
                Some(state.running)
            }
            false => state.is_dropped.then_some(None),
        })
        .await
    }

    /// Waits until a connection of this era is not wanted any more.
    pub(super) async fn unwanted(&self, era: u64) {
        self.until(|state| (!state.keeps(era)).then_some(())).await;
    }

    /// The handshake is done.
    pub(super) fn opened(&self) {
        self.state().is_open = true;
        self.changed();
    }

    /// The socket is closed.
    pub(super) fn closed(&self) {
        let mut state = self.state();
        (state.is_open, state.is_sending) = (false, false);
        drop(state);
        self.changed();
    }

    /// Nothing is there or being made.
    pub(super) fn idle(&self) {
        self.state().running = None;
        self.changed();
    }

    /// The broker closed a connection of this era for good.
    pub(super) fn revoked(&self, era: u64) {
        let mut state = self.state();
        state.is_revoked |= state.era == era;
        drop(state);
        self.changed();
    }

    /// What a connection of this era does next: it tells the broker of the subscriptions before it sends publishes.
    pub(super) fn step(&self, era: u64, told: &mut Told) -> Step {
        let mut state = self.state();
        if !state.keeps(era) {
            return Step::Leave;
        }
        if let Some(frame) = told.next(&state.subscriptions) {
            return Step::Send(frame);
        }
        match state.kept.pop() {
            Some(publish) => {
                state.is_sending = true;
                Step::Send(publish)
            }
            None => Step::Rest,
        }
    }

    /// The socket has taken all that it was given.
    pub(super) fn sent(&self) {
        let was_sending = std::mem::take(&mut self.state().is_sending);
        if was_sending {
            self.changed();
        }
    }

    /// The first frame of each connection; none for a frontend.
    pub(super) fn register(&self) -> Option<ByteString> {
        let Role::Backend(plugin) = &self.role else { return None };
        let register: Command = Command::Register { plugin_id: plugin };
        register.frame().ok()
    }

    /// Who is to be called for an event.
    pub(super) fn matching(&self, plugin: &str, topic: Option<&str>) -> Vec<Callback> {
        self.state().subscriptions.matching(plugin, topic)
    }

    pub(super) fn count_refused(&self) {
        self.tallies.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_failed_callback(&self) {
        self.tallies.failed_callbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_unreadable(&self) {
        self.tallies.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    /// Logs a line of a kind that somebody else can cause many of.
    pub(super) fn warn(&self, kind: &'static str, line: impl FnOnce() -> String) {
        match self.lines.spend(kind, Instant::now()) {
            Some(0) => log::warn!("{}: {}", self.role, line()),
            Some(untold) => log::warn!("{}: {} ({untold} lines like it were left out)", self.role, line()),
            None => {}
        }
    }
}
