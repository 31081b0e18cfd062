//! Events from the bus: delivered in the order of their positions, each once; every gap is either filled or reported.
use super::Channel;
use crate::broker::hub::HubItem;
use crate::delivery::{Body, Instruct, Instruction, Loss, Skipped};
use crate::engine::{Error, HistoryPage, HistoryQuery, Sink};
use crate::metrics::Metrics;
use crate::protocol::Push;
use crate::types::{Audience, ClientInfo, Event, Position};
use actix::dev::SendError;
use actix::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Before a history that could not be read is asked for again.
const RETRY: Duration = Duration::from_millis(250);

/// Where a channel stands on the bus.
#[derive(Default)]
pub(super) struct Following {
    /// The last position that was delivered, or that a reader was told as the top; none before the first.
    last: Option<Position>,
    /// The history is being read for what is missing; what comes meanwhile waits.
    filling: Option<Held>,
    /// Tells one reading from those before it.
    turn: u64,
    /// The way from the bus to this actor.
    inlet: Option<Arc<Inlet>>,
}

/// What waits for a gap to be filled.
#[derive(Default)]
struct Held {
    events: VecDeque<(Event, Option<u64>)>,
    /// The last turn among those that the history has, as [`super::abroad`] counts them.
    turn: Option<u64>,
    /// More came than could wait: the history has it.
    overflowed: bool,
}

impl Held {
    /// What came so far, and the event of this turn, is to be read from the history.
    fn overflow(&mut self, turn: Option<u64>) {
        let last = self.events.drain(..).filter_map(|(_, turn)| turn).next_back();
        self.turn = self.turn.max(last).max(turn);
        self.overflowed = true;
    }
}

/// From the engine to a channel.
#[derive(Message)]
#[rtype(result = "()")]
enum FromBus {
    Event(Event, Option<u64>),
    /// Somebody joined, or left.
    Notice(bool, Arc<ClientInfo>),
    /// The bus was away.
    Resumed,
    /// Events did not fit into the channel's mailbox.
    Lost,
}

/// Takes a channel's events from the engine.
struct Inlet {
    addr: Addr<Channel>,
    /// The channel has been told that it lost something, and has not looked at it yet.
    lost: AtomicBool,
}

impl Sink for Inlet {
    fn event(&self, event: Event, turn: Option<u64>) {
        if let Err(SendError::Full(_)) = self.addr.try_send(FromBus::Event(event, turn)) {
            self.lost();
        }
    }

    fn notice(&self, joined: bool, info: Arc<ClientInfo>) {
        // Joins and leaves are not promised.
        let _ = self.addr.try_send(FromBus::Notice(joined, info));
    }

    fn resumed(&self) {
        self.addr.do_send(FromBus::Resumed);
    }

    fn lost(&self) {
        if !self.lost.swap(true, Ordering::AcqRel) {
            self.addr.do_send(FromBus::Lost);
        }
    }
}

impl Channel {
    /// Where the bus is to bring this channel's events.
    pub(super) fn sink(&mut self, ctx: &mut Context<Self>) -> Arc<dyn Sink> {
        let make = || Arc::new(Inlet { addr: ctx.address(), lost: AtomicBool::new(false) });
        self.following.inlet.get_or_insert_with(make).clone()
    }

    /// Tells those who listen of a join or a leave, on all nodes.
    pub(super) fn tell(&mut self, joined: bool, info: Arc<ClientInfo>) {
        if !self.node.engine().announce(&self.name, joined, &info) {
            self.tell_here(joined, info);
        }
    }

    fn tell_here(&mut self, joined: bool, info: Arc<ClientInfo>) {
        let channel = self.name.clone();
        self.fan_out(Body::Notice(match joined {
            true => Push::Join { channel, info },
            false => Push::Leave { channel, info },
        }));
    }

    /// Whether a join shall read the top of the history for the channel's own sake: without it, what is lost before the first
    /// event could not be noticed.
    pub(super) fn wants_top(&self) -> bool {
        self.following.last.is_none() && self.node.engine().peers().is_some() && !self.keeps_on_request()
    }

    /// Whether only some of its events have positions, so that the history cannot fill a gap: who listens is told of that instead.
    fn keeps_on_request(&self) -> bool {
        self.node.channels().namespace(&self.name).is_some_and(|namespace| namespace.keeps_on_request)
    }

    /// A reader was told this top.
    pub(super) fn observe(&mut self, top: &Position) {
        if self.node.engine().peers().is_none() {
            return;
        }
        match &self.following.last {
            None if self.keeps_on_request() => {}
            None => self.following.last = Some(top.clone()),
            Some(last) if last.epoch != top.epoch => {
                self.following.last = Some(top.clone());
                self.resync_all();
            }
            Some(_) => {}
        }
    }

    /// Nobody listens: where the channel stands is of no interest until somebody does.
    pub(super) fn stop_following(&mut self) {
        self.following.last = None;
        self.stands = None;
        self.following.filling = None;
        self.following.turn += 1;
    }

    fn on_event(&mut self, event: Event, turn: Option<u64>, ctx: &mut Context<Self>) {
        let most = self.node.limits().join_buffer;
        if let Some(held) = &mut self.following.filling {
            match held.events.len() < most && !held.overflowed {
                true => held.events.push_back((event, turn)),
                false => held.overflow(turn),
            }
            return;
        }
        if let Some(event) = self.next_in_order(event, turn, ctx) {
            self.comes_back(turn);
            self.fan_out(Body::Event(Arc::new(event)));
        }
        if self.following.filling.is_none() {
            self.came_back(turn);
        }
    }

    /// The event, if it is the next one to be delivered: not a copy, and nothing is missing before it.
    fn next_in_order(&mut self, event: Event, turn: Option<u64>, ctx: &mut Context<Self>) -> Option<Event> {
        let Some(position) = &event.position else { return Some(event) };
        match &self.following.last {
            Some(last) if last.epoch != position.epoch => {
                // What is numbered anew is new, whatever offsets have been seen before.
                self.resync_all();
            }
            // A copy: it was read from the history.
            Some(last) if position.offset <= last.offset => {
                self.count_nobody(&event);
                return None;
            }
            Some(last) if position.offset > last.offset + 1 => {
                self.fill(Some((event, turn)), ctx);
                return None;
            }
            None if self.keeps_on_request() => return Some(event),
            _ => {}
        }
        self.following.last = Some(position.clone());
        Some(event)
    }

    /// Nobody is sent this event: those who listen have it, or come after it.
    fn count_nobody(&self, event: &Event) {
        drop(event.account().and_then(|name| self.node.accounts().begin(name)));
    }

    /// Events may be missing after the last one; whether the history is read for them.
    fn look_for_missing(&mut self, ctx: &mut Context<Self>, what: &'static str) -> bool {
        Metrics::count(&self.node.metrics().drops, what);
        let sent = self.last_sent();
        if let Some(held) = &mut self.following.filling {
            // What is being read may be older: read again.
            held.overflow(Some(sent));
        } else if self.following.last.is_some() {
            self.fill(None, ctx);
        }
        match &mut self.following.filling {
            Some(held) => {
                held.turn = held.turn.max(Some(sent));
                true
            }
            None => {
                self.all_are_back();
                false
            }
        }
    }

    /// Reads what came after the last position; `first` and what comes meanwhile waits.
    fn fill(&mut self, first: Option<(Event, Option<u64>)>, ctx: &mut Context<Self>) {
        let held = self.following.filling.get_or_insert_with(Held::default);
        held.events.extend(first);
        self.following.turn += 1;
        let turn = self.following.turn;
        let Some(retention) = self.node.channels().namespace(&self.name).and_then(|namespace| namespace.retention())
        else {
            // The config has been changed meanwhile: nothing is kept any more.
            self.resync_all();
            return self.take_up_held(ctx);
        };
        let most = self.node.limits().recover_max;
        let query = HistoryQuery { since: self.following.last.clone(), limit: most + 1, reverse: false };
        let page = self.node.engine().history(&self.name, query, retention).wait();
        ctx.spawn(page.into_actor(self).map(move |page, channel, ctx| {
            if channel.following.turn == turn {
                channel.filled(page, ctx);
            }
        }));
    }

    fn filled(&mut self, page: Result<HistoryPage, Error>, ctx: &mut Context<Self>) {
        let Ok(page) = page else {
            ctx.run_later(RETRY, |channel, ctx| {
                if channel.following.filling.is_some() {
                    channel.fill(None, ctx);
                }
            });
            return;
        };
        match page.complete && page.events.len() <= self.node.limits().recover_max {
            true => page.events.into_iter().for_each(|event| self.fan_out(Body::Event(event))),
            false => self.resync_all(),
        }
        self.stand_at(&page.top);
        self.following.last = Some(page.top);
        self.take_up_held(ctx);
    }

    fn take_up_held(&mut self, ctx: &mut Context<Self>) {
        let Some(held) = self.following.filling.take() else { return };
        if held.overflowed {
            self.fill(None, ctx);
            if let Some(again) = &mut self.following.filling {
                again.turn = again.turn.max(held.turn);
            }
            return;
        }
        self.came_back(held.turn);
        held.events.into_iter().for_each(|(event, turn)| self.on_event(event, turn, ctx));
    }

    /// Without history nothing is promised over a gap of the bus, but whoever can be told that there was one without coming
    /// back is (decision 20). In its place among the events, for what comes next is after it.
    fn tell_of_lag(&mut self, loss: Loss) {
        let channel = self.name.clone();
        let what = Instruct::Lag(loss);
        self.fan_out(Body::Instruction(Instruction { channel, audience: Audience::EVERYONE, what }));
    }

    /// There is a gap that cannot be filled: everybody who listens is told to come back (decision 23a), and gets nothing of
    /// what follows until then.
    fn resync_all(&mut self) {
        self.seq += 1;
        for hub in &mut self.hubs {
            hub.skipped.add_unknown();
            // Behind what was sent before, unless there is no room, which is a gap by itself.
            match hub.handle.inlet.try_send(HubItem::Gap(self.name.clone(), self.seq, hub.skipped)) {
                Ok(()) => hub.skipped = Skipped::default(),
                Err(_) => hub.fall_behind(&self.name, self.seq, false),
            }
        }
    }
}

impl Handler<FromBus> for Channel {
    type Result = ();

    fn handle(&mut self, from_bus: FromBus, ctx: &mut Self::Context) {
        if self.hubs.is_empty() {
            // Nobody listens any more; what was lost is lost to nobody.
            if let FromBus::Event(event, turn) = from_bus {
                self.count_nobody(&event);
                self.came_back(turn);
            }
            if let Some(inlet) = &self.following.inlet {
                inlet.lost.store(false, Ordering::Release);
            }
            return;
        }
        match from_bus {
            FromBus::Event(event, turn) => self.on_event(event, turn, ctx),
            FromBus::Notice(joined, info) => self.tell_here(joined, info),
            FromBus::Resumed => {
                if !self.look_for_missing(ctx, "bus") {
                    self.tell_of_lag(Loss::UNKNOWN);
                }
            }
            FromBus::Lost => {
                if let Some(inlet) = &self.following.inlet {
                    inlet.lost.store(false, Ordering::Release);
                }
                if !self.look_for_missing(ctx, "lagging") {
                    self.tell_of_lag(Loss { count: 1, is_exact: false });
                }
            }
        }
    }
}
