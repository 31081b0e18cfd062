//! What the handles of a client and its task share.
use super::counts::Tallies;
use super::kept::{Asking, KeptPublishes};
use super::settings::{Role, Settings};
use super::subscriptions::{Callback, Key, Subscriptions, Told};
use super::wire::Command;
use super::{ClientCounts, Error};
use crate::metrics::LogBudget;
use crate::types::Account;
use bytestring::ByteString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// One client.
pub(super) struct Shared {
    pub(super) role: Role,
    pub(super) settings: Arc<Settings>,
    pub(super) tallies: Tallies,
    state: Mutex<State>,
    /// Is sent to with every change of the state. Each who waits has a receiver of its own, so none takes another's wake-up.
    changes: watch::Sender<()>,
    lines: LogBudget,
}

struct State {
    /// A backend's `connect` was called, and `disconnect` was not since; a frontend has subscriptions.
    is_asked: bool,
    /// The broker revoked the access, and `connect` was not called since.
    is_revoked: bool,
    /// No handle is left.
    is_dropped: bool,
    /// No handle is left, and the time is over in which what is kept is sent all the same.
    is_over: bool,
    /// Grows with each `disconnect`, so that a connection from before ends even where `connect` follows at once.
    era: u64,
    /// The era of the connection that is there or being made.
    running: Option<u64>,
    /// The handshake is done, and neither side has begun to leave.
    is_open: bool,
    subscriptions: Subscriptions,
    kept: KeptPublishes,
}

impl State {
    /// Whether there is to be a connection.
    fn wants(&self) -> bool {
        let is_of_use = !self.is_dropped || (self.kept.len() > 0 && !self.is_over);
        self.is_asked && !self.is_revoked && is_of_use
    }

    fn keeps(&self, era: u64) -> bool {
        self.wants() && self.era == era
    }

    /// Whether the connection stands, and is to.
    fn stands(&self) -> bool {
        self.is_open && self.running.is_some_and(|era| self.keeps(era))
    }
}

/// What a connection does next.
pub(super) enum Step {
    /// It tells the broker of a subscription.
    Tell(ByteString),
    /// It sends a publish, which is in its hand until it is [`sent`](Shared::sent) or the connection has [`ended`](Shared::ended).
    Publish(ByteString),
    /// Nothing is left to send.
    Rest,
    /// The connection is not wanted any more.
    Leave,
}

impl Shared {
    pub(super) fn new(role: Role, settings: Arc<Settings>) -> Self {
        let options = &settings.options;
        let state = State {
            is_asked: false,
            is_revoked: false,
            is_dropped: false,
            is_over: false,
            era: 0,
            running: None,
            is_open: false,
            subscriptions: Subscriptions::new(options.subscriptions),
            kept: KeptPublishes::new(options.kept_publishes.max(1), options.kept_bytes.max(options.max_publish)),
        };
        Shared {
            role,
            settings,
            tallies: Tallies::default(),
            state: Mutex::new(state),
            changes: watch::Sender::new(()),
            lines: LogBudget::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code of a user runs under the lock, so nothing is half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes all who wait for it to change.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed();
        result
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

    /// `connect` was called.
    pub(super) fn ask(&self) {
        self.change(|state| {
            state.is_revoked = false;
            state.is_asked |= matches!(self.role, Role::Backend(_));
        });
    }

    pub(super) fn keep(&self, frame: ByteString, asking: Option<Asking>) {
        let dropped = self.change(|state| state.kept.push(frame, asking));
        self.dropped(dropped);
    }

    /// Tells who waits for the account of this name; whether somebody does.
    pub(super) fn account(&self, name: &str, told: Result<Account, Error>) -> bool {
        let asking = self.state().kept.asking(name);
        // Who waited may have given up.
        asking.is_some_and(|asking| asking.told.send(told).is_ok())
    }

    fn dropped(&self, count: u64) {
        if count > 0 {
            self.tallies.dropped.add(count);
            self.warn("dropped", || "dropped its oldest publish to keep newer ones: the broker is away or slow".into());
        }
    }

    pub(super) fn subscribe(&self, key: Key, callback: Callback) -> Result<(), Error> {
        // A callback that is refused is dropped at the end, when the lock is free: what it owns may use this client.
        self.change(|state| {
            state.subscriptions.add(key, &callback)?;
            state.is_asked |= matches!(self.role, Role::Frontend);
            Ok(())
        })
    }

    pub(super) fn unsubscribe(&self, key: &Key) {
        let removed = self.change(|state| {
            let removed = state.subscriptions.remove(key);
            if let Role::Frontend = self.role {
                state.is_asked = !state.subscriptions.is_empty();
            }
            removed
        });
        // When the lock is free, as in `subscribe`.
        drop(removed);
    }

    /// Ends all that was asked for; waits until the connection is closed.
    pub(super) async fn disconnect(&self) {
        let era = self.take_back();
        self.until(|state| state.running.is_none_or(|running| running >= era).then_some(())).await;
    }

    /// Takes back all that was asked for; the era of the next connection.
    fn take_back(&self) -> u64 {
        let (era, removed) = self.change(|state| {
            state.is_asked = false;
            state.era += 1;
            state.kept.clear();
            (state.era, state.subscriptions.clear())
        });
        // When the lock is free, as in `subscribe`.
        drop(removed);
        era
    }

    /// No handle is left: no callback is called any more, and what is kept is sent while there is time.
    pub(super) fn drop_all(&self) {
        let removed = self.change(|state| {
            state.is_dropped = true;
            state.subscriptions.clear()
        });
        // When the lock is free: what a callback owns may be the last handle of another client.
        drop(removed);
    }

    /// Logs how many publishes are left when nobody sends them any more.
    pub(super) fn tell_unsent(&self) {
        let unsent = self.state().kept.len();
        if unsent > 0 {
            log::warn!("{} is gone, and {unsent} of its publishes were not sent; wait for flush() before", self.role);
        }
    }

    /// Waits until the socket has taken all publishes that were made before.
    pub(super) async fn flushed(&self) -> Result<(), Error> {
        let flush = self.state().kept.flush();
        let away = |state: &State| (!state.wants()).then_some(Err(Error::Away));
        self.until(|state| state.kept.outcome(&flush).or_else(|| away(state))).await
    }

    /// Waits until the connection stands.
    pub(super) async fn connected(&self) -> Result<(), Error> {
        self.until(|state| match state.stands() {
            true => Some(Ok(())),
            false => (!state.wants()).then_some(Err(Error::Away)),
        })
        .await
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state().stands()
    }

    pub(super) fn counts(&self) -> ClientCounts {
        self.tallies.counts(self.state().kept.len())
    }

    /// Logs a line of a kind that somebody else can cause many of.
    pub(super) fn warn(&self, kind: &'static str, line: impl FnOnce() -> String) {
        match self.lines.spend(kind, Instant::now()) {
            Some(0) => log::warn!("{}: {}", self.role, line()),
            Some(untold) => log::warn!("{}: {} ({untold} similar lines were not logged)", self.role, line()),
            None => {}
        }
    }
}

/// The side of the task.
impl Shared {
    /// Waits until there is to be a connection; its era. None once no handle is left, and nothing to be sent.
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

    /// Waits until no handle is left.
    pub(super) async fn all_dropped(&self) {
        self.until(|state| state.is_dropped.then_some(())).await;
    }

    /// What is kept is not to be sent any more after the last handle.
    pub(super) fn give_up(&self) {
        self.change(|state| state.is_over = true);
    }

    /// The handshake is done.
    pub(super) fn opened(&self) {
        self.change(|state| state.is_open = true);
    }

    /// The client closes the connection, which stands no more, even where it is wanted again meanwhile.
    pub(super) fn leaving(&self) {
        self.change(|state| state.is_open = false);
    }

    /// The connection has ended, and its socket had so many publishes that it had not passed on.
    pub(super) fn ended(&self, had: usize) {
        let (lost, dropped) = self.change(|state| {
            state.is_open = false;
            state.kept.put_back(had)
        });
        self.dropped(dropped);
        if lost > 0 {
            self.tallies.lost.add(lost);
            self.warn("lost", || {
                format!("{lost} publishes may be lost: the connection ended while they were being sent")
            });
        }
    }

    /// Nothing is there or being made.
    pub(super) fn idle(&self) {
        self.change(|state| state.running = None);
    }

    /// The broker closed a connection of this era for good.
    pub(super) fn revoked(&self, era: u64) {
        self.change(|state| state.is_revoked |= state.era == era);
    }

    /// What a connection of this era does next: it tells the broker of the subscriptions before it sends publishes.
    pub(super) fn step(&self, era: u64, told: &mut Told) -> Step {
        let mut state = self.state();
        if !state.keeps(era) {
            return Step::Leave;
        }
        match told.next(&state.subscriptions) {
            Some(frame) => Step::Tell(frame),
            None => state.kept.take().map_or(Step::Rest, Step::Publish),
        }
    }

    /// The socket has taken so many of the publishes that the connection has in hand.
    pub(super) fn sent(&self, count: usize) {
        if count > 0 {
            self.change(|state| state.kept.sent(count));
        }
    }

    /// The first frame of each connection; none for a frontend.
    pub(super) fn register(&self) -> Option<ByteString> {
        let Role::Backend(plugin) = &self.role else { return None };
        let register: Command = Command::Register { plugin_id: plugin };
        register.frame().ok()
    }

    /// The callbacks for an event.
    pub(super) fn matching(&self, plugin: &str, topic: Option<&str>) -> Vec<Callback> {
        self.state().subscriptions.matching(plugin, topic)
    }
}
