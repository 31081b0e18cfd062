//! Which channels a worker knows, and their listeners on its thread.
use super::Given;
use crate::broker::channel::{ChannelRef, Passing};
use crate::delivery::{
    Body, Comebacks, Delivery, Gap, Listener, ListenerKey, ListenerStatus, Local, Rounds, Seq, SessionOrder, Since,
    Skipped,
};
use crate::metrics::Metrics;
use crate::types::ChannelName;
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The listeners and known channels of one worker. Sessions on the thread change it directly; the hub delivers.
pub struct HubTable {
    known: Channels,
    bounds: Bounds,
    comebacks: Comebacks,
    rounds: Rounds,
    given: Given,
    metrics: Metrics,
}

type Channels = HashMap<ChannelName, Known, RandomState>;

/// What a worker knows of a channel. One table for both: a publish from here often comes back to here, and finds in the
/// cache what it went by on its way out.
#[derive(Default)]
struct Known {
    /// Where it lives, once this worker has been told.
    route: Option<ChannelRef>,
    /// What of this worker is on its way there through the registry; none once nothing is.
    passing: Option<Arc<AtomicUsize>>,
    /// Who listens here, if anybody does.
    local: Option<Local>,
}

impl Known {
    fn is_passing(&self) -> bool {
        self.passing.as_ref().is_some_and(|passing| passing.load(Ordering::Acquire) > 0)
    }

    fn is_nothing(&self) -> bool {
        self.route.is_none() && self.local.is_none() && !self.is_passing()
    }
}

/// The bounds of a listener.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Deliveries held back while it joins.
    pub join_buffer: usize,
    /// Groups it may be in, its own included.
    pub groups: usize,
    /// How many that have missed something are told a second to come back.
    pub lag_pace: usize,
}

impl HubTable {
    /// An empty table. Who was handed an event that asks for answers is reported to `rounds`, and who has got one that is kept on request
    /// to `given`.
    pub fn new(bounds: Bounds, rounds: Rounds, given: Given, metrics: Metrics) -> Self {
        let comebacks = Comebacks::new(bounds.lag_pace);
        HubTable { known: HashMap::default(), bounds, comebacks, rounds, given, metrics }
    }

    /// Puts a listener in.
    pub fn add(&mut self, channel: &ChannelName, listener: Listener) -> ListenerKey {
        let known = self.known.entry(channel.clone()).or_default();
        let local = known.local.get_or_insert_with(|| Local::new(self.metrics.namespace(channel.namespace())));
        self.metrics.listeners.inc();
        local.add(listener)
    }

    /// Takes a listener out.
    pub fn remove(&mut self, channel: &ChannelName, key: ListenerKey) {
        let Some(known) = self.known.get_mut(channel) else { return };
        let Some(local) = &mut known.local else { return };
        if let Some(listener) = local.remove(key) {
            self.metrics.listeners.dec();
            if listener.is_cut() {
                self.comebacks.forget(channel, key);
            }
        }
        if local.is_empty() {
            known.local = None;
            self.tidy(channel);
        }
    }

    /// Changes a listener.
    pub fn listener(&mut self, channel: &ChannelName, key: ListenerKey) -> Option<&mut Listener> {
        local(&mut self.known, channel)?.listener(key)
    }

    /// Where a listener stands.
    pub fn status(&self, channel: &ChannelName, key: ListenerKey) -> Option<ListenerStatus> {
        self.known.get(channel)?.local.as_ref()?.status(key)
    }

    /// Ends a listener's join.
    pub fn go_live(&mut self, channel: &ChannelName, key: ListenerKey, since: Since) {
        let Some(listener) = local(&mut self.known, channel).and_then(|local| local.listener(key)) else { return };
        let got = listener.go_live(channel, since);
        let Some(claimant) = listener.claimant() else { return };
        got.iter().for_each(|position| self.given.note(channel, position, vec![claimant.clone()]));
    }

    /// The address of a channel, if this worker has been told it, and nothing is still on its way there through the registry:
    /// what is sent now would overtake that.
    pub fn route(&self, channel: &ChannelName) -> Option<&ChannelRef> {
        let known = self.known.get(channel)?;
        known.route.as_ref().filter(|_| !known.is_passing())
    }

    /// Something goes to a channel through the registry, which tells the address.
    pub fn pass(&mut self, channel: &ChannelName) -> Passing {
        let known = self.known.entry(channel.clone()).or_default();
        Passing::one(known.passing.get_or_insert_default())
    }

    /// Remembers the address of a channel.
    pub(super) fn learn(&mut self, channel: ChannelName, address: ChannelRef) {
        let known = self.known.entry(channel).or_default();
        known.route = Some(address);
        if !known.is_passing() {
            known.passing = None;
        }
    }

    /// Forgets the address of a channel.
    pub fn forget(&mut self, channel: &ChannelName) {
        if let Some(known) = self.known.get_mut(channel) {
            known.route = None;
            self.tidy(channel);
        }
    }

    /// Forgets the address of a channel, where it is that of this life.
    pub(super) fn forget_life(&mut self, channel: &ChannelName, life: u64) {
        let route = self.known.get(channel).and_then(|known| known.route.as_ref());
        if route.is_some_and(|address| address.life() == life) {
            self.forget(channel);
        }
    }

    /// A channel of which nothing is known any more takes no place.
    fn tidy(&mut self, channel: &ChannelName) {
        if self.known.get(channel).is_some_and(Known::is_nothing) {
            self.known.remove(channel);
        }
    }

    /// Hands a delivery to its listeners. What was `skipped` before it this hub was not sent.
    pub(super) fn deliver(&mut self, delivery: &Arc<Delivery>, skipped: Skipped) {
        let Some(local) = local(&mut self.known, &delivery.channel) else {
            // The last listener has left, and its channel does not know yet: nobody is asked here.
            return delivery.body.round().into_iter().for_each(|round| self.rounds.asked(round, []));
        };
        if skipped.deliveries > 0 {
            let gap = if skipped.is_undone { Gap::Undone } else { Gap::Before(skipped) };
            local.lag(&delivery.channel, gap, delivery.seq - 1, &mut self.comebacks, &self.metrics);
        }
        match &delivery.body {
            Body::Event(_) => {
                let (round, position) = (delivery.body.round(), delivery.position());
                let (mut asked, mut got) = (vec![], vec![]);
                let mut taken = |listener: &Listener| {
                    if round.is_some() {
                        asked.extend(listener.session());
                    }
                    // One that joins may be brought the event instead.
                    if position.is_some() && !listener.is_joining() {
                        got.extend(listener.claimant().cloned());
                    }
                };
                let buffer = self.bounds.join_buffer;
                let sent = match &delivery.tally {
                    None => local.offer(delivery, buffer, &mut taken),
                    Some(tally) => local.offer_and_count(delivery, buffer, tally, &mut taken),
                };
                if let Some(round) = round {
                    self.rounds.asked(round, asked);
                }
                if let Some(position) = position {
                    self.given.note(&delivery.channel, position, got);
                }
                local.counted.deliveries.inc_by(sent);
                self.metrics.delivery_seconds.observe(delivery.accepted.elapsed().as_secs_f64());
            }
            Body::Notice(_) => {
                local.offer(delivery, self.bounds.join_buffer, &mut |_| {});
            }
            Body::Instruction(instruction) => {
                let refused = local.obey(instruction, delivery.seq, self.bounds.groups);
                (0..refused).for_each(|_| Metrics::count(&self.metrics.refusals, "groups"));
            }
        }
        if let Some(place) = delivery.place() {
            local.passed = Some(place);
        }
    }

    /// The view of a listener has decided about something that waits. Whether the listener is cut now, and has to come back.
    pub fn release(&mut self, channel: &ChannelName, key: ListenerKey) -> bool {
        local(&mut self.known, channel).is_some_and(|local| local.release(key))
    }

    /// Deliveries of a channel up to `upto` never arrived.
    pub(super) fn lag(&mut self, channel: &ChannelName, gap: Gap, upto: Seq) {
        if let Some(local) = local(&mut self.known, channel) {
            local.lag(channel, gap, upto, &mut self.comebacks, &self.metrics);
        }
    }

    /// A listener missed something while it joined, and its client knows of the join now.
    pub(super) fn come_back(&mut self, channel: &ChannelName, key: ListenerKey) {
        let Some(listener) = local(&mut self.known, channel).and_then(|local| local.listener(key)) else { return };
        if !listener.is_cut() {
            return;
        }
        Metrics::count(&self.metrics.drops, "lagging");
        self.comebacks.send_back(channel, key, listener, &self.metrics);
    }

    /// How long a turn of those who come back is, where one is under way.
    pub(super) fn turn(&self) -> Option<Duration> {
        self.comebacks.turn()
    }

    /// The next turn of those who come back begins.
    pub(super) fn next_turn(&mut self) {
        for (channel, key) in self.comebacks.next_turn() {
            if let Some(listener) = local(&mut self.known, &channel).and_then(|local| local.listener(key)) {
                listener.holder.order(SessionOrder::Resync(channel));
            }
        }
    }
}

/// Who listens to a channel here. Borrows the channels alone: who is told counts, too.
fn local<'a>(known: &'a mut Channels, channel: &ChannelName) -> Option<&'a mut Local> {
    known.get_mut(channel)?.local.as_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::{Config, MemoryEngine};
    use crate::types::{Envelope, Event, Json, Space};

    #[test]
    fn a_hub_whose_last_listener_has_left_asks_nobody_and_says_so() {
        let rounds = Rounds::new(1, 1, Metrics::new());
        let mut round = rounds.open().expect("there is room");
        rounds.sent(round.number, 1);
        let given = Given::new(Arc::new(MemoryEngine::new(Config::default())), Metrics::new());
        let bounds = Bounds { join_buffer: 1, groups: 1, lag_pace: 1 };
        let mut table = HubTable::new(bounds, rounds, given, Metrics::new());
        let channel = ChannelName::in_space(Space::SocketIo, "/", 255).expect("a valid name");
        let event = Event {
            channel: channel.clone(),
            data: Json::null(),
            tags: None,
            publisher: None,
            position: None,
            envelope: Some(Arc::new(Envelope { ack: Some(round.number), ..Envelope::PLAIN })),
        };
        table.deliver(&Arc::new(Delivery::new(channel, Body::Event(Arc::new(event)), 1)), Skipped::default());
        assert!(round.over.try_recv().is_ok(), "nobody is waited for");
    }
}
