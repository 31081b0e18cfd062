//! The registry: creates channels, routes to them, and retires empty ones.
//! A table: it never waits.
mod message;
mod port;
mod route;
mod routes;
mod routing;

pub use message::{Ended, HubChoice, RegistryPort, Retire, Route, RoutePlace, Routed};
pub(super) use port::port;
pub use routes::Routes;
pub use routing::Routing;

use super::Node;
use super::channel::{self, Channel, ChannelRef, Retired, Unsent};
use super::hub::{Forgetting, HubHandle, HubItem};
use crate::metrics::Metrics;
use crate::types::{ChannelName, ReplyError};
use actix::prelude::*;
use foldhash::quality::RandomState;
use message::{Count, Listeners, Occupied, Run};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The actor that maps names to channels.
pub struct Registry {
    node: Node,
    channels: HashMap<ChannelName, Entry, RandomState>,
    hasher: RandomState,
    numbers: u32,
    lives: u64,
}

enum Entry {
    Live {
        address: ChannelRef,
        life: u64,
        listeners: Arc<AtomicUsize>,
    },
    /// The old channel has not ended yet, so there is no new one: two would break the order. What the old one passes on
    /// is older than what waits.
    Ending {
        life: u64,
        passed_on: Vec<Route>,
        waiting: Vec<Route>,
    },
}

impl Entry {
    fn listeners(&self) -> usize {
        match self {
            Entry::Live { listeners, .. } => listeners.load(Ordering::Relaxed),
            Entry::Ending { .. } => 0,
        }
    }
}

impl Registry {
    /// An empty registry.
    pub fn new(node: Node) -> Self {
        Registry { node, channels: HashMap::default(), hasher: RandomState::default(), numbers: 0, lives: 0 }
    }

    fn route(&mut self, route: Route) {
        let name = route.what.channel().clone();
        if let Some(Entry::Ending { passed_on, waiting, .. }) = self.channels.get_mut(&name) {
            let most = self.node.limits().channel_queue;
            return match (route.passed_on, &route.what) {
                (true, _) => passed_on.push(route),
                (false, Routed::Publish(_) | Routed::Instruction(_)) if waiting.len() >= most => {
                    route.what.refuse_full("channel_queue", self.node.metrics());
                }
                (false, _) => waiting.push(route),
            };
        }
        let Route { hub, choice, what, place, passing, .. } = route;
        let Some(address) = self.channel(&name, choice) else {
            refuse(what, ReplyError::LIMIT_EXCEEDED);
            drop(passing);
            return self.node.tables().routes.forget(&name);
        };
        match what {
            Routed::Publish(publish) => {
                if let Err(Unsent::Full(publish)) = address.publish(*publish) {
                    Routed::Publish(publish).refuse_full("channel_queue", self.node.metrics());
                }
            }
            // A join is bounded by its session, which has at most as many under way as it may have channels.
            Routed::Join(join) => address.join(join),
            Routed::Instruction(instruction) => {
                if !address.instruct(instruction) {
                    Metrics::count(&self.node.metrics().drops, "instruction");
                }
            }
        }
        drop((place, passing));
        match hub.and_then(|hub| self.node.hubs().get(hub)) {
            // A full queue only means that the next one comes through here again.
            Some(hub) => drop(hub.inlet.try_send(HubItem::Route(name, address))),
            None => self.node.tables().routes.learn(&name, &address),
        }
    }

    fn channel(&mut self, name: &ChannelName, choice: HubChoice) -> Option<ChannelRef> {
        match self.channels.get(name) {
            Some(Entry::Live { address, .. }) if address.is_there() => return Some(address.clone()),
            None if self.channels.len() >= self.node.limits().channels => {
                self.node.metrics().reached("channels");
                return None;
            }
            // A channel that died is made anew.
            _ => {}
        }
        let entry = self.start(name, choice);
        let Entry::Live { address, .. } = &entry else { return None };
        let address = address.clone();
        self.channels.insert(name.clone(), entry);
        Some(address)
    }

    /// A channel lives on the worker of its first listener: a publish that reaches it there wakes no other thread. Where none asks
    /// for it, it is spread by its name.
    fn start(&mut self, name: &ChannelName, choice: HubChoice) -> Entry {
        self.numbers = self.numbers.wrapping_add(1).max(1);
        self.lives += 1;
        let (life, listeners) = (self.lives, Arc::new(AtomicUsize::new(0)));
        // Made here and not by `Channel::start`: until an actor has started its mailbox holds but 16 messages.
        let (inlet, mailbox) = actix::dev::channel::channel(self.node.limits().channel_queue);
        let address = channel::port(Addr::new(inlet), life);
        let (node, me) = (self.node.clone(), (address.clone(), life));
        let channel = Channel::new(node, name.clone(), self.numbers, me, listeners.clone());
        let run = move || drop(Context::with_receiver(mailbox).run(channel));
        let hub = match choice {
            HubChoice::Hub(hub) => self.node.hubs().get(hub),
            HubChoice::ByName => self.hub_of(name),
        };
        match hub {
            Some(hub) => drop(hub.arbiter.spawn_fn(run)),
            None => run(),
        }
        Entry::Live { address, life, listeners }
    }

    /// One of the workers' hubs.
    fn hub_of(&self, name: &ChannelName) -> Option<HubHandle> {
        let mut hubs = self.node.hubs().all();
        hubs.retain(|hub| hub.is_worker && !hub.inlet.is_closed());
        let at = self.hasher.hash_one(name) as usize;
        (!hubs.is_empty()).then(|| hubs.swap_remove(at % hubs.len()))
    }

    fn retire(&mut self, name: &ChannelName, retiring: &ChannelRef) {
        let hubs: Vec<HubHandle> = self.node.hubs().all().into_iter().filter(|hub| !hub.inlet.is_closed()).collect();
        // Room in every queue first: a hub that is not told could send to a channel that has ended.
        let Ok(permits) = hubs.iter().map(|hub| hub.inlet.try_reserve()).collect::<Result<Vec<_>, _>>() else {
            return retiring.retired(Retired::Refused);
        };
        if let Some(entry) = self.channels.get_mut(name)
            && let Entry::Live { life, .. } = entry
            && *life == retiring.life()
        {
            *entry = Entry::Ending { life: *life, passed_on: vec![], waiting: vec![] };
            self.node.tables().routes.forget(name);
        }
        retiring.retired(Retired::Once(permits.len()));
        for (permit, hub) in permits.into_iter().zip(&hubs) {
            permit.send(HubItem::Forget(name.clone(), Forgetting::new(retiring.clone(), hub.id)));
        }
    }

    fn ended(&mut self, Ended { channel: name, life: ended }: &Ended) {
        let life = match self.channels.get(name) {
            Some(Entry::Live { life, .. } | Entry::Ending { life, .. }) => life,
            None => return,
        };
        if life == ended {
            self.node.tables().routes.forget(name);
        }
        // One that died may have been made anew already.
        if life == ended
            && let Some(Entry::Ending { passed_on, waiting, .. }) = self.channels.remove(name)
        {
            passed_on.into_iter().chain(waiting).for_each(|route| self.route(route));
        }
    }
}

impl Routed {
    /// Where it goes.
    pub(super) fn channel(&self) -> &ChannelName {
        match self {
            Routed::Publish(publish) => &publish.channel,
            Routed::Join(join) => &join.channel,
            Routed::Instruction(instruction) => &instruction.channel,
        }
    }
}

fn refuse(what: Routed, error: ReplyError) {
    match what {
        Routed::Publish(publish) => publish.answer.give(Err(error)),
        Routed::Join(join) => drop(join.answer.send(Err(error.into()))),
        // A channel that cannot be made has no listeners that anything could be done to.
        Routed::Instruction(_) => {}
    }
}

impl Actor for Registry {
    type Context = Context<Self>;
}

impl Handler<Route> for Registry {
    type Result = ();

    fn handle(&mut self, route: Route, _: &mut Self::Context) {
        self.route(route);
    }
}

impl Handler<Retire> for Registry {
    type Result = ();

    fn handle(&mut self, retire: Retire, _: &mut Self::Context) {
        self.retire(&retire.channel, &retire.address);
    }
}

impl Handler<Ended> for Registry {
    type Result = ();

    fn handle(&mut self, ended: Ended, _: &mut Self::Context) {
        self.ended(&ended);
    }
}

impl Handler<Occupied> for Registry {
    type Result = Vec<(ChannelName, usize)>;

    fn handle(&mut self, _: Occupied, _: &mut Self::Context) -> Self::Result {
        let counted = self.channels.iter().map(|(name, entry)| (name, entry.listeners()));
        counted.filter(|(_, listeners)| *listeners > 0).map(|(name, listeners)| (name.clone(), listeners)).collect()
    }
}

impl Handler<Listeners> for Registry {
    type Result = usize;

    fn handle(&mut self, Listeners(channel): Listeners, _: &mut Self::Context) -> usize {
        self.channels.get(&channel).map_or(0, Entry::listeners)
    }
}

impl Handler<Count> for Registry {
    type Result = MessageResult<Count>;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> Self::Result {
        let counts = self.channels.values().map(Entry::listeners).filter(|n| *n > 0);
        let (channels, subscriptions) = counts.fold((0, 0), |(channels, sum), n| (channels + 1, sum + n));
        MessageResult((channels, subscriptions))
    }
}

impl Handler<Run> for Registry {
    type Result = ();

    fn handle(&mut self, Run(what): Run, _: &mut Self::Context) {
        what();
    }
}
