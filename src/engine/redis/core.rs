//! What all parts of the engine share: its servers, its subscriptions, and who is present on this node.
use super::config::{Config, Login, Place};
use super::envelope::Undecodable;
use super::keys::Keys;
use super::lanes::Lanes;
use super::link::Link;
use super::presence::Present;
use super::request::{Asked, Request, Waiting};
use super::server::{self, Source, Unusable};
use super::slots::{Slots, slot_of};
use super::subscriptions::{Receiver, Subscriptions};
use crate::engine::{EngineAnswer, Error};
use crate::metrics::Metrics;
use arc_swap::ArcSwap;
use bytes::Bytes;
use redis::{Cmd, IntoConnectionInfo, ServerError, ServerErrorKind};
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// What all parts of the engine share.
pub(super) struct Core {
    pub config: Config,
    /// Names this process on the bus; new at each start.
    pub id: String,
    pub keys: Keys,
    pub metrics: Metrics,
    pub subscriptions: Subscriptions,
    pub present: Present,
    /// The ids of nodes that were announced when it was last asked.
    pub nodes: Mutex<Vec<String>>,
    /// The nodes of this process that announce themselves.
    pub attending: Mutex<HashSet<String>>,
    /// None where there is one server.
    login: Option<Login>,
    slots: ArcSwap<Slots>,
    pub lanes: Lanes,
    pub stale: Notify,
    /// That something is no event has been logged.
    told_undecodable: AtomicBool,
    pub runtime: Handle,
}

impl Core {
    /// Nothing is connected yet.
    pub fn new(config: Config, metrics: Metrics, runtime: Handle) -> Result<Self, Unusable> {
        let wrong = |error: &dyn std::fmt::Display| Unusable::Other(config.url.to_string(), error.to_string());
        let (place, login) = config.url.read().map_err(|error| wrong(&error))?;
        let name = config.url.to_string();
        let (slots, login) = match place {
            Place::Server(url) => {
                let info = url.into_connection_info().map_err(|error| wrong(&error))?;
                (Slots::one(Arc::new(Link::new(info.addr().to_string(), Source::Fixed(info)))), None)
            }
            Place::Sentinel { sentinels, master } => {
                let link = Link::new(master.clone(), Source::Sentinel { sentinels, master, login });
                (Slots::one(Arc::new(link)), None)
            }
            Place::Cluster { seeds } => {
                let links = seeds.iter().map(|host| {
                    let info = server::info_of(host, &login).map_err(|error| wrong(&error))?;
                    Ok(Arc::new(Link::new(format!("{}:{}", host.0, host.1), Source::Fixed(info))))
                });
                (Slots::unknown(links.collect::<Result<_, Unusable>>()?), Some(login))
            }
        };
        log::debug!("the engine is Redis at {name}");
        Ok(Core {
            keys: Keys::new(&config.prefix),
            id: uuid::Uuid::new_v4().simple().to_string(),
            config,
            metrics,
            subscriptions: Subscriptions::default(),
            present: Present::default(),
            nodes: Mutex::default(),
            attending: Mutex::default(),
            login,
            slots: ArcSwap::from_pointee(slots),
            lanes: Lanes::default(),
            stale: Notify::new(),
            told_undecodable: AtomicBool::new(false),
            runtime,
        })
    }

    pub fn is_cluster(&self) -> bool {
        self.login.is_some()
    }

    pub fn slots(&self) -> Arc<Slots> {
        self.slots.load_full()
    }

    /// Puts a new map in force: new servers are connected to, and those that are gone are let go.
    pub fn adopt(self: &Arc<Self>, slots: Slots) {
        let old = self.slots.swap(Arc::new(slots));
        let new = self.slots();
        for link in new.links.iter().filter(|link| !old.links.iter().any(|known| Arc::ptr_eq(known, link))) {
            self.start(link.clone(), None);
        }
        self.subscriptions.move_all(|name, link| match new.links.iter().any(|known| Arc::ptr_eq(known, link)) {
            true => link.clone(),
            false => new.link(slot_of(name)).clone(),
        });
        for gone in old.links.iter().filter(|link| !new.links.iter().any(|known| Arc::ptr_eq(known, link))) {
            gone.close();
            gone.queue.hand_over(|request| new.link(request.slot).push(request, &self.metrics));
        }
    }

    /// Takes the first map over once each of its servers can be used.
    pub async fn found(self: &Arc<Self>, slots: Slots) -> Result<(), Unusable> {
        let mut pairs = vec![];
        for link in &slots.links {
            pairs.push((link.clone(), link.connect(self).await?));
        }
        self.slots.store(Arc::new(slots));
        pairs.into_iter().for_each(|(link, pair)| self.start(link, Some(pair)));
        Ok(())
    }

    /// A link to this server: the one that there is, or a new one.
    pub fn link_to(&self, host: &super::config::Host) -> Option<Arc<Link>> {
        let name = format!("{}:{}", host.0, host.1);
        let known = self.slots().links.iter().find(|link| link.name == name).cloned();
        known.or_else(|| {
            let info = server::info_of(host, self.login.as_ref()?).ok()?;
            Some(Arc::new(Link::new(name, Source::Fixed(info))))
        })
    }

    /// Begins to serve a link.
    pub fn start(self: &Arc<Self>, link: Arc<Link>, first: Option<server::Pair>) {
        let name = self.echo_channel(&link);
        drop(self.subscriptions.add(name, Receiver::Watchdog, link.clone(), self.config.timeout));
        let core = Arc::downgrade(self);
        self.runtime.spawn(async move {
            if let Some(core) = core.upgrade() {
                link.run(core, first).await;
            }
        });
    }

    /// The channel by which a link's watchdog comes back.
    pub fn echo_channel(&self, link: &Link) -> Bytes {
        self.keys.watchdog(&self.id, &link.name)
    }

    /// How long a command may wait, and how long it may then take: together no longer than the config says.
    pub fn patience(&self) -> Duration {
        self.config.timeout / 2
    }

    /// A server could not be reached; in a cluster another one may have taken its place.
    pub fn look_at_slots_soon(&self) {
        self.stale.notify_one();
    }

    /// Sends commands that a server will not do to where their slots are now.
    pub fn redirect(&self, moved: Vec<(Request, ServerError)>) {
        self.look_at_slots_soon();
        let slots = self.slots();
        for (mut request, error) in moved {
            let target = error.details().and_then(target).and_then(|host| {
                let name = format!("{}:{}", host.0, host.1);
                slots.links.iter().find(|link| link.name == name).cloned()
            });
            request.asking = target.is_some() && matches!(error.kind(), Some(ServerErrorKind::Ask));
            match request.may_try_again(self.config.timeout) {
                true => self.lanes.refused(request, target),
                false => request.waiting.give(Err(super::request::refused(&error))),
            }
        }
    }

    /// Sends a command whose keys are those of `key`.
    pub fn ask(self: &Arc<Self>, key: &[u8], command: Cmd, stamped: bool) -> Asked {
        let (waiting, asked) = Waiting::asked();
        self.send(key, |slot| Request::new(command, stamped, slot, waiting));
        asked
    }

    /// Sends a command to who has the slot of `key`.
    pub fn send(self: &Arc<Self>, key: &[u8], make: impl FnOnce(u16) -> Request) {
        match self.is_cluster() {
            true => self.lanes.send(self, make(slot_of(key))),
            false => self.slots.load().link(0).push(make(0), &self.metrics),
        }
    }

    /// Subscribes to a name on the bus.
    pub fn hear(&self, name: Bytes, receiver: Receiver) -> EngineAnswer<()> {
        let slot = if self.is_cluster() { slot_of(&name) } else { 0 };
        let link = self.slots.load().link(slot).clone();
        self.subscriptions.add(name, receiver, link, self.config.timeout)
    }

    /// Counts what is no event, on the bus or in a history.
    pub fn drop_undecodable(&self, what: std::fmt::Arguments<'_>, error: Undecodable) {
        self.metrics.undecodable(&self.told_undecodable, format_args!("{what} is no event ({error})"));
    }

    /// The ids that were known last.
    pub fn known_nodes(&self) -> Vec<String> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Where a slot is, out of `SLOT HOST:PORT`.
fn target(details: &str) -> Option<super::config::Host> {
    let (host, port) = details.split_once(' ')?.1.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// What an answer should be.
pub(super) fn odd(what: &str) -> Error {
    Error::Unreachable(format!("Redis answered {what} in a form that is not known"))
}
