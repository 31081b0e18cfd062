//! Slots of a cluster that move: the commands of one slot keep their order, whichever servers it takes to do them.
//!
//! All commands of a slot that are under way are with one server. What that will not do (MOVED, ASK, TRYAGAIN) waits here, with
//! all that comes after it in its slot, until the others under way are answered: sent at once, a later one would overtake it.
use super::core::Core;
use super::link::Link;
use super::request::{QUEUE, Request};
use crate::engine::Error;
use foldhash::quality::RandomState;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Commands that may wait here, of all slots.
const MOST: usize = 65_536;
/// Before a command whose keys are neither here nor there is tried again.
const SOON: Duration = Duration::from_millis(50);

/// The slots with commands under way.
#[derive(Default)]
pub(super) struct Lanes(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_slot: HashMap<u16, Lane, RandomState>,
    /// How many are held.
    held: usize,
}

struct Lane {
    at: Arc<Link>,
    under_way: usize,
    /// What was refused, in order; it goes before what is held.
    refused: VecDeque<Detour>,
    held: VecDeque<Detour>,
}

struct Detour {
    request: Request,
    /// Where it was sent to; to whoever has the slot otherwise.
    to: Option<Arc<Link>>,
}

/// A command's place among those of its slot that are under way, given back when it is dropped.
pub(super) struct Place {
    core: Weak<Core>,
    slot: u16,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            core.lanes.leave(&core, self.slot);
        }
    }
}

impl Lanes {
    /// Sends a command to who has its slot, or has it wait for those before it.
    pub fn send(&self, core: &Arc<Core>, mut request: Request) {
        let slot = request.slot;
        let slots = core.slots();
        let owner = slots.link(slot);
        let mut table = self.lock();
        let Table { by_slot, held } = &mut *table;
        let lane = by_slot.entry(slot).or_insert_with(|| Lane::to(owner.clone()));
        if Arc::ptr_eq(&lane.at, owner) && lane.is_free() {
            lane.under_way += 1;
            request.place = Some(Place { core: Arc::downgrade(core), slot });
            // Under the lock, so that they stand in the queue in this order; what has no room ends behind it.
            let too_many = owner.offer(request);
            drop(table);
            return too_many.into_iter().for_each(|request| request.reject(&core.metrics, QUEUE));
        }
        if *held < MOST {
            *held += 1;
            return lane.held.push_back(Detour { request, to: None });
        }
        drop(table);
        request.reject(&core.metrics, "redis_moving");
    }

    /// Takes a command that its server will not do, with where it was sent to instead; none where its keys are on their way, and
    /// it is to be tried again a little later.
    pub fn refused(&self, mut request: Request, to: Option<Arc<Link>>) {
        // Given back behind the lock.
        let _place = request.place.take();
        if let Some(lane) = self.lock().by_slot.get_mut(&request.slot) {
            lane.refused.push_back(Detour { request, to });
        }
    }

    fn leave(&self, core: &Arc<Core>, slot: u16) {
        let mut table = self.lock();
        let Some(lane) = table.by_slot.get_mut(&slot) else { return };
        lane.under_way -= 1;
        if lane.under_way > 0 {
            return;
        }
        if lane.is_free() {
            table.by_slot.remove(&slot);
            return;
        }
        let is_early = lane.refused.iter().any(|detour| detour.to.is_none());
        drop(table);
        // In a task, for a command may end anywhere.
        let weak = Arc::downgrade(core);
        core.runtime.spawn(async move {
            if is_early {
                tokio::time::sleep(SOON).await;
            }
            if let Some(core) = weak.upgrade() {
                core.lanes.go_on(&core, slot);
            }
        });
    }

    /// Sends what waits: the first of it, as far as it goes to one server.
    fn go_on(&self, core: &Arc<Core>, slot: u16) {
        let slots = core.slots();
        let mut table = self.lock();
        let Table { by_slot, held } = &mut *table;
        let Some(lane) = by_slot.get_mut(&slot) else { return };
        *held -= lane.held.len();
        let mut waiting: Vec<Detour> = lane.refused.drain(..).chain(lane.held.drain(..)).collect();
        let late: Vec<_> =
            waiting.extract_if(.., |detour| !detour.request.may_try_again(core.config.timeout)).collect();
        let to = |detour: &Detour| detour.to.as_ref().unwrap_or(slots.link(slot)).clone();
        let mut too_many = vec![];
        match waiting.first().map(to) {
            Some(first) => {
                let count = waiting.iter().take_while(|detour| Arc::ptr_eq(&first, &to(detour))).count();
                (lane.at, lane.under_way) = (first.clone(), count);
                for Detour { mut request, .. } in waiting.drain(..count) {
                    request.place = Some(Place { core: Arc::downgrade(core), slot });
                    too_many.extend(first.offer(request));
                }
                *held += waiting.len();
                lane.held = waiting.into();
            }
            None => drop(by_slot.remove(&slot)),
        }
        drop(table);
        too_many.into_iter().for_each(|request| request.reject(&core.metrics, QUEUE));
        for Detour { request, .. } in late {
            request.waiting.give(Err(Error::Unreachable("a slot of the cluster moves; nothing was done".into())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // A lane is whole wherever what is done to it can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn to(at: Arc<Link>) -> Self {
        Lane { at, under_way: 0, refused: VecDeque::new(), held: VecDeque::new() }
    }

    /// Whether nothing waits.
    fn is_free(&self) -> bool {
        self.refused.is_empty() && self.held.is_empty()
    }
}
