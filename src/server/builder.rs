//! The broker as a Rust program sees it.
use super::announce::announce_mounted;
use super::config::ServerConfig;
use super::engines::{self, Engines, Mounted};
use super::events_bus::{self, BusPlace};
use super::paths::{self, PathClash};
use super::settings::{Address, NamedAuth, is_loopback, settings};
use super::wires::{self, Wires};
use super::{Config, Error};
use crate::api::Guard;
use crate::auth;
use crate::broker::handler::{
    ConnectCall, EmitCall, Handle, HandlerAddr, HandlerThreads, Handlers, LifecycleEvent, MessageCall, Placement,
    PublishCall, RpcCall, SessionView,
};
use crate::broker::messages::ServerSession;
use crate::broker::{Limits, Node, Parts, PublishRequest, Reached, Revoke, RevokeError};
use crate::engine::{self, Opened, memory};
use crate::filter::View;
use crate::metrics::Metrics;
use crate::protocol::Wire;
use crate::protocol::centrifuge::CentrifugeJson;
use crate::service::events::{Emitter, EventHandler, FromArguments, Listens, Overheard};
use crate::service::{self, Setup};
use crate::transport::engineio::{EngineCall, EngineConfig, RawLayer};
use crate::types::{ChannelName, Clock, Identity, Json, NameError, Position, ReplyError};
use std::rc::Rc;
use std::sync::Arc;

/// A broker in the making: handlers first, then [`BrokerBuilder::start`].
pub struct BrokerBuilder {
    pub(super) config: Config,
    metrics: Metrics,
    handlers: Handlers,
    pub(super) threads: HandlerThreads,
    placement: Placement,
    clock: Clock,
    pub(super) mounted: Vec<Mounted>,
    pub(super) wires: Vec<(String, Vec<&'static dyn Wire>)>,
    named: Vec<NamedAuth>,
    pub(super) setup: Setup,
}

/// A running broker: mount it with [`Broker::routes`], publish with [`Broker::publish`]. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    pub(super) node: Node,
    pub(super) api: Guard,
    pub(super) config: Arc<ServerConfig>,
    pub(super) rest: Arc<crate::rest::Config>,
    /// What the console says of it; none where it is off.
    pub(super) console: Option<Arc<crate::console::Paths>>,
    /// Where the events bus is; none where it is off.
    pub(super) bus_place: Option<BusPlace>,
    pub(super) engines: Engines,
    pub(super) wires: Wires,
    /// None where it is mounted in somebody's app.
    address: Option<Address>,
    named: Arc<[NamedAuth]>,
}

impl BrokerBuilder {
    /// Where handlers and the listeners of Rust code run. Before the first handler: those that are there stay where they are.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self.threads = HandlerThreads::new(placement, self.config.server.handler_threads);
        self
    }

    /// What time of day it is, for tokens and what ends by itself.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The threads that handlers share, to start others there: `builder.threads().host(..)`.
    pub fn threads(&self) -> HandlerThreads {
        self.threads.clone()
    }

    /// Asks this handler whether a session is let in, after its token was verified.
    pub fn on_connect<H: Handle<ConnectCall>>(mut self, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_connect(handler);
        self
    }

    /// Sends rpc calls of this method to this handler; `*` stands for every method that has none of its own.
    pub fn on_rpc<H: Handle<RpcCall>>(mut self, method: &str, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_rpc(method, handler);
        self
    }

    /// Sends what clients `send` to this handler.
    pub fn on_message<H: Handle<MessageCall>>(mut self, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_message(handler);
        self
    }

    /// Shows this handler the publishes of clients in this namespace before they are accepted.
    pub fn on_publish<H: Handle<PublishCall>>(mut self, namespace: &str, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_publish(namespace, handler);
        self
    }

    /// Shows each session the events of this namespace as its view says: as they are, with another payload, or not at all. `make`
    /// is asked when a client subscribes or reads the history, on the thread of its session; none is for a session that sees
    /// all. What a view may not decide at once it decides in a future: events behind it wait, at most `limits.view_queue` for
    /// each listener and for `limits.view_timeout`. It holds for live events, recovered ones and the client's own reading of the
    /// history; Rust code and the HTTP API see everything.
    pub fn view<F>(mut self, namespace: &str, make: F) -> Self
    where
        F: Fn(&SessionView, &ChannelName) -> Option<Rc<dyn View>> + Send + Sync + 'static,
    {
        self.handlers.view(namespace, make);
        self
    }

    /// Tells this handler what happens: connects, disconnects, subscribes, unsubscribes, channels occupied and vacated.
    pub fn on_lifecycle<H: Handle<LifecycleEvent>>(mut self, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_lifecycle(handler);
        self
    }

    /// Has a function take an event that clients emit in a namespace: it gets the socket and the arguments, in the types that
    /// it declares, and what it returns acknowledges. `connection` is told of each client that connects, with what that said;
    /// `disconnect` of each that is gone, with the reason. Several functions for one event all run, in this order.
    ///
    /// `namespace` may end in `*`. It is there for clients from now on. The functions of all handlers share
    /// `server.handler_threads` threads, so none may block: one that does is hosted on a thread of its own, by
    /// `on_emit(namespace, event, &host(|| EventHandler::new(function)))`.
    pub fn on<A: FromArguments + 'static>(self, namespace: &str, event: &str, function: impl Listens<A>) -> Self {
        let handler = self.threads.host(move || EventHandler::new(function));
        self.on_emit(namespace, event, &handler)
    }

    /// As [`BrokerBuilder::on`], for a handler that takes events as they come.
    pub fn on_emit<H: Handle<EmitCall>>(mut self, namespace: &str, event: &str, handler: &HandlerAddr<H>) -> Self {
        self.handlers.on_emit(namespace, event, handler);
        self
    }

    /// Serves an Engine.IO endpoint without Socket.IO: this handler takes the messages of its clients, and answers each with
    /// messages of its own. A call that fails or panics has no answer, and the session goes on.
    pub fn engine<H: Handle<EngineCall>>(mut self, settings: EngineConfig, handler: &HandlerAddr<H>) -> Self {
        let layer = RawLayer::new(self.handlers.caller(handler));
        self.mounted.push(Mounted { settings, layer: Arc::new(layer) });
        self
    }

    /// Serves a wire of commands over WebSocket at this path. Of its encodings a connection speaks the one that its client asks
    /// for by subprotocol or query, else the first. What is built in is served in the same way.
    pub fn wire(mut self, path: impl Into<String>, encodings: Vec<&'static dyn Wire>) -> Self {
        self.wires.push((path.into(), encodings));
        self
    }

    /// Gives the wires that ask for it (`Wire::authenticator`) an authenticator of their own: of this config its keys, realm,
    /// audience, issuer, leeway and `revocation_ttl` count. A reload reads its files again.
    pub fn authenticator(mut self, name: impl Into<String>, config: auth::Config) -> Self {
        self.named.push((name.into(), config));
        self
    }

    /// Starts the broker on the current actix system, to be mounted in an app.
    ///
    /// Fails where there is no actix system (`#[actix_web::main]` makes one), where keys or lists of the config cannot be used, and where
    /// the HTTP API has no key or a secret can be guessed: what an app will listen on is not known here, so it counts as reachable.
    /// Logs what is at which path, and who may connect.
    pub fn start(self) -> Result<Broker, Error> {
        let config = self.config.clone();
        let broker = self.start_at(None)?;
        announce_mounted(&broker, &config);
        Ok(broker)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// As [`BrokerBuilder::start`], for who listens where the config says: what is loopback there is so indeed
    /// (decision 15).
    pub(super) fn start_listening(self) -> Result<Broker, Error> {
        let address = Address::of(&self.config.server);
        self.start_at(Some(address))
    }

    fn start_at(mut self, address: Option<Address>) -> Result<Broker, Error> {
        // An arbiter's handle alone is not enough: its system has to be running on this thread, with a runtime.
        let has_system = actix::System::try_current().is_some() && tokio::runtime::Handle::try_current().is_ok();
        if !has_system || self.threads.is_homeless() {
            return Err(Error::NoSystem);
        }
        let is_shared = self.config.engine == engine::Kind::Redis;
        let is_open = !address.is_some_and(|address| is_loopback(address.clients));
        self.settle_console(address.is_some());
        if let Some(clash) = paths::clashes(&self.config).into_iter().next() {
            let PathClash { key, with, path } = clash;
            return Err(Error::Claimed { one: format!("{key} at {path}"), other: with });
        }
        self.wires.extend(self.config.backstage.wires());
        self.check_console()?;
        self.check_events_bus()?;
        self.declare_services()?;
        self.settle_services()?;
        service::start(self.setup, &self.threads, &mut self.handlers, (is_shared, is_open))?;
        let console = super::console::paths(&self.config);
        let bus_place = events_bus::place(&self.config);
        let settings = settings(&self.config, &self.named, address, self.config.server.allow_insecure)?;
        let memory = memory_of(&self.config.limits);
        let opened = engine::open(self.config.engine, memory, &self.config.redis, &self.metrics)?;
        if let Some(bus) = events_bus::open(&self.config, &opened, &self.metrics) {
            self.handlers.extend(bus);
        }
        let engine = match opened {
            Opened::Memory(engine) => {
                super::sweep::start(engine.clone(), self.metrics.clone());
                engine
            }
            Opened::Shared(engine) => engine,
        };
        let node = Node::start(Parts {
            engine,
            settings,
            limits: self.config.limits,
            metrics: self.metrics,
            handlers: self.handlers,
            placement: self.placement,
            clock: self.clock,
        });
        service::resume(&node);
        service::strapi::attend(&node);
        if let Some(aside) = node.aside() {
            super::sweep::start(aside.clone(), node.metrics().clone());
        }
        if self.config.redis.emitter {
            Overheard::start(&node, &self.config.redis.emitter_key);
        }
        self.mounted.extend(self.config.backstage.engine(&node, &self.config.auth.origins));
        let engines = engines::open(&node, &self.config.socketio, self.mounted)?;
        let wires = wires::open(&node, &self.config.server, self.wires)?;
        let (config, rest) = (Arc::new(self.config.server), Arc::new(self.config.rest));
        let api = Guard::new(node.clone());
        let named = self.named.into();
        Ok(Broker { node, api, config, rest, console, bus_place, engines, wires, address, named })
    }
}

impl Broker {
    /// Begins a broker with this config. `Config::default()` is closed: open what shall be open.
    pub fn builder(config: Config) -> BrokerBuilder {
        let metrics = Metrics::new();
        let handlers = Handlers::new(config.limits.handler_timeout, config.limits.handler_queue, metrics.clone());
        let placement = Placement::default();
        let threads = HandlerThreads::new(placement, config.server.handler_threads);
        let path = format!("{}/websocket", config.server.connection_prefix);
        let (clock, mounted, wires, named) = (Clock::default(), vec![], vec![], vec![]);
        let setup = Setup::default();
        let builder =
            BrokerBuilder { config, metrics, handlers, threads, placement, clock, mounted, wires, named, setup };
        builder.wire(path, vec![&CentrifugeJson])
    }

    /// Publishes an event; answers its position where the channel has history.
    /// Fails with the error a client would get: 102 for an unknown namespace, 107 for a bad name, 111 under a flood.
    pub async fn publish(&self, channel: &str, data: Json) -> Result<Option<Position>, ReplyError> {
        let channels = self.node.channels();
        let published = channels.publish(channel, PublishRequest::new(data)).await;
        published.map_err(|error| channels.explained(channel, error))
    }

    /// The sockets of a Socket.IO namespace, to emit to. Fails where the name is empty or too long.
    pub fn of(&self, namespace: &str) -> Result<Emitter, NameError> {
        Emitter::new(&self.node, namespace)
    }

    /// Opens a session for server code: what it posts and listens to, see [`ServerSession::messages`]. It stands above the
    /// rules of channels. Fails with error 106 where there are as many as `limits.server_sessions`.
    pub fn open_session(&self, identity: Identity) -> Result<ServerSession, ReplyError> {
        self.node.sessions().open(identity)
    }

    /// Takes back what tokens granted to a user, on all nodes: the user's sessions end or lose what they may no longer do, on
    /// every wire, and a token so revoked is refused from then on. See [`crate::broker::Everywhere::revoke`].
    pub async fn revoke_authentication(&self, user: &str, what: Revoke) -> Result<Reached<()>, RevokeError> {
        self.node.authentication().revoke(user, what).await
    }

    /// The broker's own calls: subscribe, disconnect, presence, history and more.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Puts namespaces, keys, origins and the like of a config in force; the rest of it needs a restart.
    /// Where something in it cannot be used, nothing changes.
    pub fn reload(&self, config: &Config) -> Result<(), Error> {
        self.node.reload(settings(config, &self.named, self.address, self.config.allow_insecure)?);
        Ok(())
    }
}

fn memory_of(limits: &Limits) -> memory::Config {
    memory::Config {
        history_bytes: limits.history_bytes,
        idempotency_keys: limits.idempotency_keys,
        presence_entries: limits.presence_entries,
        positions: limits.positions,
    }
}
