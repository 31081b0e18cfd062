//! The listeners by session, so that the end of a session ends its own listeners and no others.
use super::opened::Opened;
use super::queue::EventQueue;
use super::register::{Register, Unregister, ViewOf};
use super::threads::Threads;
use super::{Listener, ListenerId, MessageError};
use crate::broker::{Directory, Limits};
use crate::metrics::Metrics;
use crate::types::{ChannelName, ReplyError, SessionId};
use foldhash::quality::RandomState;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::hash_map::Entry as Place;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{OnceCell, oneshot};

/// What a listener begins with.
pub(super) struct Around<'a> {
    pub directory: &'a Directory,
    pub limits: &'a Limits,
    pub metrics: &'a Metrics,
    pub view_of: ViewOf,
}

/// The sessions of a node that have Rust listeners, or were opened in Rust. A table behind a lock that is held for a look-up
/// only; no publish comes by here.
#[derive(Default)]
pub struct ListenerIndex {
    table: Mutex<Table>,
    threads: OnceCell<Threads>,
    ids: AtomicU64,
}

#[derive(Default)]
pub(super) struct Table {
    pub sessions: HashMap<SessionId, SessionListeners, RandomState>,
    /// How many of them were opened in Rust.
    pub opened: usize,
}

/// What one session has.
#[derive(Default)]
pub(super) struct SessionListeners {
    /// Of a session that was opened in Rust.
    pub opened: Option<Opened>,
    listeners: BTreeMap<ListenerId, Listening>,
    /// The functions among them, to find one that is added twice.
    functions: HashMap<(ChannelName, usize), ListenerId, RandomState>,
}

impl SessionListeners {
    pub fn silence(&self) {
        for listening in self.listeners.values() {
            match listening.function {
                Some(_) => listening.queue.close(),
                None => listening.queue.revoke(),
            }
        }
    }
}

struct Listening {
    channel: ChannelName,
    /// Kept so that its key is nobody else's; none for a stream.
    function: Option<Listener>,
    queue: Arc<EventQueue>,
    ready: Ready,
    /// Calls that wait for it.
    claims: usize,
    /// One of them has told its id.
    is_kept: bool,
}

/// Whether the subscription stands, for all who wait for it.
type Ready = Shared<BoxFuture<'static, Result<(), ReplyError>>>;

/// A listener that somebody waits for. Dropped before it is kept it ends, or a call that is given up would leave a listener
/// that nobody has a name for.
pub(super) struct Claim {
    listener_index: Arc<ListenerIndex>,
    session: SessionId,
    id: ListenerId,
    queue: Arc<EventQueue>,
    ready: Ready,
    is_kept: bool,
}

impl Claim {
    pub fn queue(&self) -> Arc<EventQueue> {
        self.queue.clone()
    }

    /// Waits for the subscription.
    pub async fn stand(self) -> Result<Self, MessageError> {
        self.ready.clone().await?;
        Ok(self)
    }

    pub fn keep(mut self) -> ListenerId {
        self.is_kept = true;
        self.id
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.listener_index.unclaim(self.session, self.id, self.is_kept);
    }
}

impl ListenerIndex {
    /// The threads that listeners are served on, once there are any.
    pub(super) fn threads(&self) -> &OnceCell<Threads> {
        &self.threads
    }

    /// Makes a listener of a session, or finds the one that it is.
    pub(super) fn claim(
        self: &Arc<Self>,
        around: &Around<'_>,
        threads: &Threads,
        session: SessionId,
        channel: ChannelName,
        function: Option<Listener>,
    ) -> Result<Claim, MessageError> {
        let mut table = self.table();
        let of_session = match table.sessions.entry(session) {
            Place::Occupied(place) => place.into_mut(),
            // Who has left the directory asks in vain: its end has come by here, or will find what is made now.
            Place::Vacant(place) if around.directory.has(session) => place.insert(SessionListeners::default()),
            Place::Vacant(_) => return Err(MessageError::Closed),
        };
        if of_session.opened.as_ref().is_some_and(Opened::is_closing) {
            return Err(MessageError::Closed);
        }
        let name = function.as_ref().map(|function| (channel.clone(), function.key()));
        let known = name.as_ref().and_then(|name| of_session.functions.get(name)).copied();
        let id = match known {
            Some(id) => id,
            None if of_session.listeners.len() >= around.limits.session_listeners => {
                around.metrics.reached("session_listeners");
                return Err(ReplyError::LIMIT_EXCEEDED.into());
            }
            None => {
                let id = ListenerId(self.ids.fetch_add(1, Ordering::Relaxed));
                of_session.functions.extend(name.map(|name| (name, id)));
                of_session.listeners.insert(id, begin(around, threads, id, channel, function));
                id
            }
        };
        let Some(listening) = of_session.listeners.get_mut(&id) else { return Err(ReplyError::INTERNAL.into()) };
        listening.claims += 1;
        let (queue, ready) = (listening.queue.clone(), listening.ready.clone());
        Ok(Claim { listener_index: self.clone(), session, id, queue, ready, is_kept: false })
    }

    fn unclaim(&self, session: SessionId, id: ListenerId, is_kept: bool) {
        let mut table = self.table();
        let of_session = table.sessions.get_mut(&session);
        let Some(listening) = of_session.and_then(|of_session| of_session.listeners.get_mut(&id)) else { return };
        listening.claims -= 1;
        listening.is_kept |= is_kept;
        if listening.claims == 0 && !listening.is_kept {
            drop(table);
            self.remove(session, id);
        }
    }

    /// Ends a listener of a session.
    pub(super) fn remove(&self, session: SessionId, id: ListenerId) {
        let mut table = self.table();
        let Some(of_session) = table.sessions.get_mut(&session) else { return };
        let Some(listening) = of_session.listeners.remove(&id) else { return };
        if let Some(function) = &listening.function {
            of_session.functions.remove(&(listening.channel.clone(), function.key()));
        }
        if of_session.listeners.is_empty() && of_session.opened.is_none() {
            table.sessions.remove(&session);
        }
        drop(table);
        listening.queue.close();
        self.unregister(listening.channel, id);
    }

    /// Ends the listeners of a session: functions are not called any more, streams end after what they have.
    pub(in crate::broker) fn leave(&self, session: SessionId) {
        let mut table = self.table();
        let Some(of_session) = table.sessions.remove(&session) else { return };
        table.opened -= usize::from(of_session.opened.is_some());
        drop(table);
        for (id, listening) in of_session.listeners {
            match listening.function {
                Some(_) => listening.queue.close(),
                None => listening.queue.end(),
            }
            self.unregister(listening.channel, id);
        }
        if let Some(opened) = of_session.opened {
            opened.ended();
        }
    }

    /// The authentication of a session has been revoked: its functions are not called any more, and its streams end after what
    /// they have, with an error. The session itself goes on to its end.
    pub(in crate::broker) fn silence(&self, session: SessionId) {
        if let Some(of_session) = self.table().sessions.get(&session) {
            of_session.silence();
        }
    }

    fn unregister(&self, channel: ChannelName, id: ListenerId) {
        if let Some(threads) = self.threads.get() {
            threads.unregister(Unregister(channel, id));
        }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Asks for the subscription, and has the function called.
fn begin(
    around: &Around<'_>,
    threads: &Threads,
    id: ListenerId,
    channel: ChannelName,
    function: Option<Listener>,
) -> Listening {
    let queue = Arc::new(EventQueue::new(around.limits.listener_queue));
    let (answer, stands) = oneshot::channel();
    threads.register(Register {
        channel: channel.clone(),
        id,
        view_of: around.view_of.clone(),
        queue: queue.clone(),
        answer,
    });
    if let Some(function) = function.clone() {
        threads.run(function.attend(queue.clone(), around.metrics.clone()));
    }
    let ready = stands.map(|stands| stands.unwrap_or(Err(ReplyError::INTERNAL))).boxed().shared();
    Listening { channel, function, queue, ready, claims: 0, is_kept: false }
}
