//! What all actors of one running broker share. Passed by value, so that each test has a house of its own.
use super::expose::Source;
use super::handler::{Handlers, LifecycleEvent, Placement};
use super::hub::HubHandle;
use super::messages::ListenerIndex;
use super::registry::{RegistryPort, Routes, Routing};
use super::revocations::Revocations;
use super::{Directory, HubId, Limits, Namespace, Namespaces, Questions, RecoverableSessions};
use crate::auth::{ApiKeys, Authenticator, Origins, OwnNames, TrustedProxies};
use crate::delivery::Rounds;
use crate::engine::Engine;
use crate::engine::memory::{self, MemoryEngine};
use crate::metrics::Metrics;
use crate::protocol::{Names, UserNames};
use crate::types::{ChannelName, Clock, Disconnect, Fault, NameError, ReplyError};
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, Weak};
use tokio::time::Instant;

/// One running broker. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

/// A node that is not kept alive.
#[derive(Clone)]
pub(super) struct WeakNode(Weak<Inner>);

impl WeakNode {
    /// The node, if it is still there.
    pub fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

/// What of the config can change while the broker runs.
pub struct Settings {
    /// Verifies tokens.
    pub authenticator: Authenticator,
    /// Which pages may connect.
    pub origins: Origins,
    /// Under which names a page of the broker's own host may connect.
    pub names_for_clients: OwnNames,
    /// Under which names a page of the broker's own host may use the HTTP API without a key.
    pub names_for_api: OwnNames,
    /// Whose forwarding headers count.
    pub proxies: TrustedProxies,
    /// Who may use the HTTP API.
    pub api_keys: ApiKeys,
    /// Whether sessions without a token are let in.
    pub anonymous: bool,
    /// Whether every user's session listens to the user's own channel `#<user>`.
    pub personal_channel: bool,
    /// The policies of channels.
    pub namespaces: Namespaces,
}

impl Settings {
    /// Whether a page of this origin may use what is for clients, at the host that its request names (decision 15). What a
    /// forwarding header names counts where the peer is a trusted proxy.
    pub fn admits_page(
        &self,
        origin: Option<&str>,
        host: Option<&str>,
        (forwarded, peer): (Option<&str>, Option<IpAddr>),
    ) -> bool {
        let forwarded = peer.and_then(|peer| self.proxies.forwarded_host(peer, forwarded));
        self.origins.admits(origin, forwarded.or(host).unwrap_or_default(), self.names_for_clients)
    }
}

struct Inner {
    id: String,
    registry: Arc<dyn RegistryPort>,
    directory: Directory,
    listener_index: Arc<ListenerIndex>,
    engine: Arc<dyn Engine>,
    aside: Arc<MemoryEngine>,
    settings: ArcSwap<Settings>,
    limits: Limits,
    metrics: Metrics,
    handlers: Handlers,
    rounds: Rounds,
    routing: Routing,
    routes: Routes,
    recoverable: RecoverableSessions,
    questions: Questions,
    revocations: Revocations,
    hubs: RwLock<Vec<HubHandle>>,
    connections: AtomicUsize,
    draining: AtomicBool,
    placement: Placement,
    clock: Clock,
    started: Instant,
}

/// What a node is made of.
pub struct Parts {
    /// Where history lives.
    pub engine: Arc<dyn Engine>,
    /// What can change.
    pub settings: Settings,
    /// The bounds.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Metrics,
    /// The user's code.
    pub handlers: Handlers,
    /// Where the listeners of Rust code run.
    pub placement: Placement,
    /// What time of day it is.
    pub clock: Clock,
}

impl Node {
    /// A node around this registry. It attends to nothing yet.
    pub(super) fn around(registry: Arc<dyn RegistryPort>, parts: Parts) -> Self {
        Node(Arc::new(Inner {
            id: uuid::Uuid::new_v4().to_string(),
            registry,
            directory: Directory::default(),
            listener_index: Arc::default(),
            engine: parts.engine,
            aside: Arc::new(MemoryEngine::new(beside(&parts.limits))),
            settings: ArcSwap::from_pointee(parts.settings),
            rounds: Rounds::new(parts.limits.ack_rounds, parts.limits.ack_bytes, parts.metrics.clone()),
            routing: Routing::new(parts.limits.registry_queue),
            routes: Routes::default(),
            recoverable: RecoverableSessions::new(parts.limits.kept_sessions),
            questions: Questions::default(),
            revocations: Revocations::new(parts.limits.revocations, parts.clock),
            limits: parts.limits,
            metrics: parts.metrics,
            handlers: parts.handlers,
            hubs: RwLock::default(),
            connections: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            placement: parts.placement,
            clock: parts.clock,
            started: Instant::now(),
        }))
    }

    /// Names the node among others; new at each start.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The way to the registry.
    pub fn registry(&self) -> &Arc<dyn RegistryPort> {
        &self.0.registry
    }

    /// Which sessions are let in.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Which sessions have Rust listeners.
    pub(super) fn listener_index(&self) -> &Arc<ListenerIndex> {
        &self.0.listener_index
    }

    /// Where history lives.
    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.0.engine
    }

    /// Where events are kept that every node hears for itself, and that are brought again from here alone: what emitters say
    /// over Redis. None where the engine is no bus, and keeps all there is.
    pub fn aside(&self) -> Option<&Arc<MemoryEngine>> {
        self.engine().peers().map(|_| &self.0.aside)
    }

    /// The bounds.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The user's code.
    pub fn handlers(&self) -> &Handlers {
        &self.0.handlers
    }

    /// The rounds of acknowledgements under way.
    pub fn rounds(&self) -> &Rounds {
        &self.0.rounds
    }

    pub(super) fn routing(&self) -> &Routing {
        &self.0.routing
    }

    /// The ways to channels that callers outside the workers have.
    pub(super) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    /// The sessions whose clients may come back to them.
    pub fn recoverable(&self) -> &RecoverableSessions {
        &self.0.recoverable
    }

    /// The questions to other nodes that wait for answers.
    pub fn questions(&self) -> &Questions {
        &self.0.questions
    }

    /// What has been revoked.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// The node, as long as somebody else has it.
    pub(super) fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }

    /// Where the listeners of Rust code run.
    pub(super) fn placement(&self) -> Placement {
        self.0.placement
    }

    /// The time of day, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.0.clock.now()
    }

    /// When the node started.
    pub fn started(&self) -> Instant {
        self.0.started
    }

    /// What of the config can change; look it up anew for each decision.
    pub fn settings(&self) -> arc_swap::Guard<Arc<Settings>> {
        self.0.settings.load()
    }

    /// Puts new settings in force for everything that is decided from now on.
    pub fn reload(&self, settings: Settings) {
        self.0.settings.store(Arc::new(settings));
    }

    /// The policy of a channel; none is error 102.
    pub fn namespace(&self, channel: &ChannelName) -> Option<Arc<Namespace>> {
        self.settings().namespaces.of(channel).cloned()
    }

    /// Where a channel's events come from, where its name shows another space; none where they are its own. Fails with 103 where
    /// the name would open what is for one session alone.
    pub(super) fn source(&self, channel: &ChannelName) -> Result<Option<Source>, ReplyError> {
        match self.settings().namespaces.exposed(channel) {
            Some(home) => Source::of(home, channel).map(Some).ok_or(ReplyError::PERMISSION_DENIED),
            None => Ok(None),
        }
    }

    /// A channel's name as the API and Rust code write it. Fails with error 107 where it is too long, and closes where it is empty:
    /// no client library sends that.
    pub fn channel(&self, name: &str) -> Result<ChannelName, Fault> {
        self.channel_among(&UserNames, name)
    }

    /// The same as clients of a wire write it.
    pub(super) fn channel_among(&self, names: &dyn Names, name: &str) -> Result<ChannelName, Fault> {
        names.channel(name, self.0.limits.channel_name).map_err(|error| match error {
            NameError::Empty => Disconnect::BAD_REQUEST.into(),
            NameError::TooLong { .. } => {
                self.metrics().reached("channel_name");
                ReplyError::BAD_REQUEST.into()
            }
        })
    }

    /// A channel and its policy. Fails as [`Node::channel`] does, and with error 102 where there is no such namespace.
    pub fn known_channel(&self, name: &str) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        self.known_among(&UserNames, name)
    }

    /// The same as clients of a wire write it.
    pub(super) fn known_among(&self, names: &dyn Names, name: &str) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        let channel = self.channel_among(names, name)?;
        let namespace = self.namespace(&channel).ok_or(ReplyError::UNKNOWN_CHANNEL)?;
        Ok((channel, namespace))
    }

    /// Tells the lifecycle handlers; does not wait for them.
    pub fn tell(&self, event: LifecycleEvent) {
        self.0.handlers.tell(event, &self.0.metrics);
    }

    /// Takes the place of one connection; none where there are as many as there may be.
    pub fn enter(&self) -> Option<ConnectionPlace> {
        let connections = &self.0.connections;
        if connections.fetch_add(1, Ordering::Relaxed) >= self.0.limits.connections {
            connections.fetch_sub(1, Ordering::Relaxed);
            Metrics::count(&self.metrics().refusals, "connections");
            return None;
        }
        Some(ConnectionPlace(self.clone()))
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Whether the node is stopping and takes no more clients.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Takes no more clients from now on.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn add_hub(&self, make: impl FnOnce(HubId) -> HubHandle) -> HubHandle {
        let mut hubs = self.0.hubs.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let handle = make(HubId(hubs.len()));
        hubs.push(handle.clone());
        handle
    }

    pub(super) fn hub(&self, id: HubId) -> Option<HubHandle> {
        self.hubs_locked().get(id.0).cloned()
    }

    pub(super) fn hubs(&self) -> Vec<HubHandle> {
        self.hubs_locked().clone()
    }

    fn hubs_locked(&self) -> std::sync::RwLockReadGuard<'_, Vec<HubHandle>> {
        // The list is only pushed to, so it is whole even where a writer panicked.
        self.0.hubs.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The bounds of what is kept beside an engine that nodes share: those of the memory engine, which is not there.
fn beside(limits: &Limits) -> memory::Config {
    let (history_bytes, positions) = (limits.history_bytes, limits.positions);
    memory::Config { history_bytes, positions, idempotency_keys: 0, presence_entries: 0 }
}

/// A connection's place among those that there may be; given back when dropped.
pub struct ConnectionPlace(Node);

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.0.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
