//! What all actors of one running broker share. It is passed by value, so that each test has a broker of its own.
use super::handler::{Handlers, Placement};
use super::hub::Hubs;
use super::messages::ListenerIndex;
use super::registry::{RegistryPort, Routes, Routing};
use super::revocations::Revocations;
use super::taps::Taps;
use super::{Connections, Directory, Limits, Namespaces, Questions, RecoverableSessions};
use crate::auth::{ApiKeys, Authenticators, Origins, OwnNames, TrustedProxies};
use crate::delivery::{Accounts, Rounds};
use crate::engine::Engine;
use crate::engine::memory::{self, MemoryEngine};
use crate::metrics::Metrics;
use crate::types::Clock;
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use tokio::time::Instant;

/// One running broker. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

/// A node that is not kept alive.
#[derive(Clone)]
pub(crate) struct WeakNode(Weak<Inner>);

impl WeakNode {
    /// The node, if it is still there.
    pub fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

/// What of the config can change while the broker runs.
pub struct Settings {
    /// Verify tokens.
    pub authenticators: Authenticators,
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
    tables: Tables,
    engine: Arc<dyn Engine>,
    aside: Arc<MemoryEngine>,
    settings: ArcSwap<Settings>,
    limits: Limits,
    metrics: Metrics,
    handlers: Handlers,
    hubs: Hubs,
    connections: Connections,
    taps: Taps,
    placement: Placement,
    clock: Clock,
    started: Instant,
}

/// The tables of a node. What they are about leads to them: [`Node::sessions`] and its like.
pub(super) struct Tables {
    /// Which sessions are let in.
    pub directory: Directory,
    /// Which sessions have Rust listeners.
    pub listener_index: Arc<ListenerIndex>,
    /// The rounds of acknowledgements under way.
    pub rounds: Rounds,
    /// What is on its way to the registry.
    pub routing: Routing,
    /// The ways to channels that callers outside the workers have.
    pub routes: Routes,
    /// The sessions whose clients may come back to them.
    pub recoverable: RecoverableSessions,
    /// The events whose publishers ask what becomes of them.
    pub accounts: Accounts,
    /// The questions to other nodes that wait for answers.
    pub questions: Questions,
    /// What has been revoked.
    pub revocations: Revocations,
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
            tables: Tables {
                directory: Directory::default(),
                listener_index: Arc::default(),
                rounds: Rounds::new(parts.limits.ack_rounds, parts.limits.ack_bytes, parts.metrics.clone()),
                routing: Routing::new(parts.limits.registry_queue),
                routes: Routes::default(),
                recoverable: RecoverableSessions::new(parts.limits.kept_sessions),
                accounts: Accounts::new(parts.metrics.clone()),
                questions: Questions::default(),
                revocations: Revocations::new(parts.limits.revocations, parts.clock),
            },
            engine: parts.engine,
            aside: Arc::new(MemoryEngine::new(beside(&parts.limits))),
            settings: ArcSwap::from_pointee(parts.settings),
            connections: Connections::new(&parts.limits, parts.metrics.clone()),
            taps: Taps::new(&parts.limits, parts.clock, parts.metrics.clone()),
            limits: parts.limits,
            metrics: parts.metrics,
            handlers: parts.handlers,
            hubs: Hubs::default(),
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

    /// The threads that deliver.
    pub(super) fn hubs(&self) -> &Hubs {
        &self.0.hubs
    }

    /// Its connections.
    pub fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Who watches the events of its channels.
    pub fn taps(&self) -> &Taps {
        &self.0.taps
    }

    /// The events of its channels whose publishers ask what becomes of them.
    pub fn accounts(&self) -> &Accounts {
        &self.tables().accounts
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.0.tables
    }

    /// The node, as long as somebody else has it.
    pub(crate) fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }

    /// Where the listeners of Rust code run.
    pub(super) fn placement(&self) -> Placement {
        self.0.placement
    }

    /// The time of day, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
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
}

/// The bounds of what is kept beside an engine that nodes share: those of the memory engine, which is not there.
fn beside(limits: &Limits) -> memory::Config {
    let (history_bytes, positions) = (limits.history_bytes, limits.positions);
    memory::Config { history_bytes, positions, idempotency_keys: 0, presence_entries: 0 }
}
