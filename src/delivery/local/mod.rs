//! The listeners of one channel on one worker.
mod comebacks;
mod counting;
mod members;

pub use comebacks::Comebacks;

use super::{Delivery, Gap, GroupMember, Instruct, Instruction, Lag, Listener, Missed, Offered, Seq};
use crate::metrics::{Metrics, NamespaceMetrics};
use crate::types::{Audience, ChannelName, Group, Place};
use foldhash::quality::RandomState;
use members::Members;
use slab::Slab;
use std::collections::HashMap;
use std::sync::Arc;

/// Names a listener among those of a channel on one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerKey(usize);

/// Where a listener stood when it was looked at.
pub struct ListenerStatus {
    /// The groups it was in.
    pub groups: Vec<Group>,
    /// Where it stood with the last event that it was sent and that can be brought again.
    pub sent: Option<Place>,
    /// The last place that came by its hub since it began, whomever that event was for.
    pub passed: Option<Place>,
}

/// Who listens to a channel here.
pub struct Local {
    listeners: Slab<Listener>,
    /// Who is in which group, so that the cost of an event follows who is meant (decision 5).
    groups: HashMap<Group, Members, RandomState>,
    /// The last place that came by.
    pub passed: Option<Place>,
    /// What is counted of the channel's namespace.
    pub counted: NamespaceMetrics,
}

impl Local {
    /// Nobody yet.
    pub fn new(counted: NamespaceMetrics) -> Self {
        Local { listeners: Slab::new(), groups: HashMap::default(), passed: None, counted }
    }

    /// Puts a listener in; its key.
    pub fn add(&mut self, mut listener: Listener) -> ListenerKey {
        let key = self.listeners.vacant_key();
        if let Some(member) = &mut listener.member {
            member.key = key;
        }
        for group in listener.groups() {
            self.groups.entry(group.clone()).or_default().add(key);
        }
        ListenerKey(self.listeners.insert(listener))
    }

    /// Takes a listener out, if it is there.
    pub fn remove(&mut self, ListenerKey(key): ListenerKey) -> Option<Listener> {
        let listener = self.listeners.try_remove(key)?;
        listener.groups().iter().for_each(|group| self.leave_group(group, key));
        Some(listener)
    }

    /// Whether nobody listens here.
    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// Sends a listener what its view has decided about; whether it is cut now.
    pub fn release(&mut self, ListenerKey(key): ListenerKey) -> bool {
        let Some(listener) = self.listeners.get_mut(key) else { return false };
        self.counted.deliveries.inc_by(listener.release());
        listener.is_cut()
    }

    /// A listener, to be changed.
    pub fn listener(&mut self, key: ListenerKey) -> Option<&mut Listener> {
        self.listeners.get_mut(key.0)
    }

    /// Where a listener stands.
    pub fn status(&self, key: ListenerKey) -> Option<ListenerStatus> {
        let listener = self.listeners.get(key.0)?;
        Some(ListenerStatus {
            groups: listener.groups().to_vec(),
            sent: listener.member.as_ref().and_then(|member| member.sent.clone()),
            passed: listener.latest(self.passed.as_ref()),
        })
    }

    /// Offers an event to the listeners that are meant, each once; `taken` is shown those who have taken it. How many it was
    /// sent to.
    pub fn offer(&mut self, delivery: &Arc<Delivery>, buffer: usize, taken: &mut dyn FnMut(&Listener)) -> u64 {
        let mut sent = 0;
        self.for_each_meant(delivery.audience(), delivery.seq, |listener| {
            let offered = listener.offer(delivery, buffer);
            sent += u64::from(offered == Offered::Sent);
            if offered.is_taken() {
                taken(listener);
            }
        });
        sent
    }

    /// Does something with each listener that is meant, once.
    fn for_each_meant(&mut self, audience: Option<&Audience>, seq: Seq, mut act: impl FnMut(&mut Listener)) {
        let Some(audience) = audience.filter(|audience| !audience.is_everyone()) else {
            return self.listeners.iter_mut().for_each(|(_, listener)| act(listener));
        };
        let except = audience.excepted();
        let Some(to) = audience.to() else {
            let meant = self.listeners.iter_mut().filter(|(_, listener)| !listener.is_in_any(except));
            return meant.for_each(|(_, listener)| act(listener));
        };
        for group in to {
            for key in self.groups.get(group).map_or(&[][..], Members::keys) {
                let Some(listener) = self.listeners.get_mut(*key) else { continue };
                // Who is in two of the groups has had its turn.
                if listener.takes_turn(seq) && !listener.is_in_any(except) {
                    act(listener);
                }
            }
        }
    }

    /// Does to the listeners that are meant what is instructed; how many groups could not be entered.
    pub fn obey(&mut self, instruction: &Instruction, seq: Seq, most: usize) -> usize {
        let mut meant = vec![];
        let lag = match &instruction.what {
            Instruct::Lag(loss) => Some(Lag::new(&instruction.channel, *loss)),
            _ => None,
        };
        self.for_each_meant(Some(&instruction.audience), seq, |listener| match &instruction.what {
            Instruct::Lag(_) => lag.iter().for_each(|lag| listener.tell_lag(lag)),
            // What is done to sessions is not done to those of elsewhere.
            _ if listener.is_guest() => {}
            Instruct::Order(order) => listener.holder.order(order.clone()),
            Instruct::Regroup { .. } => meant.extend(listener.member.as_ref().map(|member| member.key)),
            Instruct::Tell(query) => query.tell(listener.groups()),
        });
        let Instruct::Regroup { join, leave } = &instruction.what else { return 0 };
        let mut refused = 0;
        for key in meant {
            refused += join.iter().filter(|group| !self.join_group(group, key, most)).count();
            leave.iter().for_each(|group| self.quit_group(group, key));
        }
        refused
    }

    /// Whether the listener is in the group now: one that a handler lets join whatever it says must not take memory without
    /// an end.
    fn join_group(&mut self, group: &Group, key: usize, most: usize) -> bool {
        let Some(member) = self.member(key) else { return true };
        if member.groups.contains(group) {
            return true;
        }
        if member.groups.len() >= most {
            return false;
        }
        member.groups.push(group.clone());
        self.groups.entry(group.clone()).or_default().add(key);
        true
    }

    fn quit_group(&mut self, group: &Group, key: usize) {
        let Some(member) = self.member(key) else { return };
        // The first is its own.
        if let Some(at) = member.groups.iter().skip(1).position(|of| of == group) {
            member.groups.swap_remove(at + 1);
            self.leave_group(group, key);
        }
    }

    fn member(&mut self, key: usize) -> Option<&mut GroupMember> {
        self.listeners.get_mut(key)?.member.as_deref_mut()
    }

    fn leave_group(&mut self, group: &Group, key: usize) {
        let Some(members) = self.groups.get_mut(group) else { return };
        members.remove(key);
        if members.is_empty() {
            self.groups.remove(group);
        }
    }

    /// Deliveries up to `upto` never arrived: those who should have had them come back, or are told how many they were
    /// (decision 23a).
    pub fn lag(&mut self, channel: &ChannelName, gap: Gap, upto: Seq, comebacks: &mut Comebacks, metrics: &Metrics) {
        let mut last: Option<Lag> = None;
        for (key, listener) in &mut self.listeners {
            match listener.missed(gap, upto) {
                Missed::Nothing => continue,
                Missed::ComesBack => comebacks.send_back(channel, ListenerKey(key), listener, metrics),
                Missed::GoesOn(loss) => {
                    let same = last.take().filter(|lag| lag.loss == loss);
                    let lag = last.insert(same.unwrap_or_else(|| Lag::new(channel, loss)));
                    listener.tell_lag(lag);
                }
            }
            Metrics::count(&metrics.drops, "lagging");
        }
    }
}
