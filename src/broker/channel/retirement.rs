//! How an empty channel ends: it offers to end, forwards what it still receives, and ends when every hub has forgotten it.
use super::{Channel, Forgotten, Join, Publish, Retired};
use crate::broker::hub::Lagging;
use crate::broker::registry::{Ended, HubChoice, Retire, Route, Routed};
use crate::delivery::{Instruction, Seq};
use actix::prelude::*;
use std::time::Duration;

/// An empty channel waits this long before it offers to end, so that a reload of a page does not remake it.
const LINGER: Duration = Duration::from_secs(1);

/// The channel has lingered: it ends if it is still of no use.
#[derive(Message)]
#[rtype(result = "()")]
struct CheckIdle;

/// Whether a channel is about to end.
pub(super) enum Phase {
    Active,
    /// The channel has offered to end. What comes waits for the answer: were it passed on at once and the offer refused, it
    /// would come back behind what was sent later.
    Offered {
        held: Vec<Routed>,
    },
    /// The channel passes on what it gets, and ends when `hubs` hubs have forgotten its address.
    Retiring {
        forgotten: usize,
        hubs: usize,
    },
}

impl Channel {
    /// Whether it takes in what comes.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active)
    }

    fn is_idle(&self) -> bool {
        self.hubs.is_empty() && self.joining == 0 && self.publishing.is_empty()
    }

    pub(super) fn check_idle_later(&mut self, ctx: &mut Context<Self>) {
        if self.is_idle() && !self.idle_check && self.is_active() {
            self.idle_check = true;
            let addr = ctx.address().downgrade();
            // Beside the actor: a timer of its own would be looked at again with each message that comes.
            actix_rt::spawn(async move {
                tokio::time::sleep(LINGER).await;
                if let Some(addr) = addr.upgrade() {
                    addr.do_send(CheckIdle);
                }
            });
        }
    }

    /// What came after the offer to end.
    pub(super) fn put_off(&mut self, what: impl Into<Routed>) {
        let what = what.into();
        let most = self.node.limits().channel_queue;
        match (&mut self.phase, what) {
            // A join is bounded by its session, which has at most as many under way as it may have channels.
            (Phase::Offered { held }, what @ (Routed::Publish(_) | Routed::Instruction(_))) if held.len() >= most => {
                what.refuse_full("channel_queue", self.node.metrics());
            }
            (Phase::Offered { held }, what) => held.push(what),
            (_, what) => self.pass_on(what),
        }
    }

    fn pass_on(&self, what: Routed) {
        let hub = match &what {
            Routed::Join(join) => Some(join.hub),
            Routed::Publish(_) | Routed::Instruction(_) => None,
        };
        let choice = hub.map_or(HubChoice::ByName, HubChoice::Hub);
        self.node.registry().route(Route { hub, choice, passed_on: true, what, place: None, passing: None });
    }

    fn take_up(&mut self, held: Vec<Routed>, ctx: &mut Context<Self>) {
        for what in held {
            match what {
                Routed::Publish(publish) => Handler::<Publish>::handle(self, *publish, ctx),
                Routed::Join(join) => Handler::<Join>::handle(self, join, ctx),
                Routed::Instruction(instruction) => Handler::<Instruction>::handle(self, instruction, ctx),
            }
        }
        self.check_idle_later(ctx);
    }

    fn end_if_forgotten(&mut self, ctx: &mut Context<Self>) {
        if let Phase::Retiring { forgotten, hubs } = self.phase
            && forgotten >= hubs
        {
            ctx.stop();
        }
    }
}

impl Handler<CheckIdle> for Channel {
    type Result = ();

    fn handle(&mut self, _: CheckIdle, _: &mut Self::Context) {
        self.idle_check = false;
        if self.is_idle() && self.is_active() {
            // From now on nothing is taken in, so that a join that is on its way meets the next channel of this name instead
            // of one that is about to end.
            self.phase = Phase::Offered { held: vec![] };
            let retire = Retire { channel: self.name.clone(), address: self.me.clone() };
            self.node.registry().retire(retire);
        }
    }
}

impl Handler<Retired> for Channel {
    type Result = ();

    fn handle(&mut self, retired: Retired, ctx: &mut Self::Context) {
        let Phase::Offered { held } = &mut self.phase else { return };
        let held = std::mem::take(held);
        match retired {
            Retired::Once(hubs) => {
                self.phase = Phase::Retiring { forgotten: 0, hubs };
                held.into_iter().for_each(|what| self.pass_on(what));
                self.end_if_forgotten(ctx);
            }
            Retired::Refused => {
                self.phase = Phase::Active;
                self.take_up(held, ctx);
            }
        }
    }
}

impl Handler<Forgotten> for Channel {
    type Result = ();

    fn handle(&mut self, _: Forgotten, ctx: &mut Self::Context) {
        if let Phase::Retiring { forgotten, .. } = &mut self.phase {
            *forgotten += 1;
        }
        self.end_if_forgotten(ctx);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.node.metrics().channels.dec();
        self.node.registry().ended(Ended { channel: self.name.clone(), life: self.life });
        // Only after a panic: a channel retires when nobody listens.
        for hub in &self.hubs {
            hub.handle.addr.do_send(Lagging::ChannelLost(self.name.clone(), (Seq::from(self.life) + 1) << 64));
        }
    }
}
