//! The hub of a worker: delivers each channel's events to the listeners on its thread.
mod given;
mod message;
mod table;

pub use given::{Given, counted, kept_is_unknown};
pub use message::{Backlog, Forgetting, HubHandle, HubId, HubItem, Hubs, Lagging};
pub use table::{Bounds, HubTable};

use crate::delivery::Gap;
use actix::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::mpsc;

/// The actor of one worker that turns channels' deliveries into outbox entries.
pub struct Hub {
    table: Rc<RefCell<HubTable>>,
    inlet: Option<mpsc::Receiver<HubItem>>,
    /// The end of a turn of those who come back is waited for.
    is_paced: bool,
}

impl Hub {
    /// A hub over the worker's table, fed through `inlet`.
    pub fn new(table: Rc<RefCell<HubTable>>, inlet: mpsc::Receiver<HubItem>) -> Self {
        Hub { table, inlet: Some(inlet), is_paced: false }
    }
}

impl Actor for Hub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(mut inlet) = self.inlet.take() {
            // The receiver takes part in the runtime's budget, so a flood yields to the sockets (decision 30).
            ctx.add_stream(futures_util::stream::poll_fn(move |cx| inlet.poll_recv(cx)));
        }
    }
}

impl Hub {
    /// Sees to it that those who are to come back have their turns.
    fn pace(&mut self, ctx: &mut Context<Self>) {
        let Some(turn) = self.table.borrow().turn().filter(|_| !self.is_paced) else { return };
        self.is_paced = true;
        ctx.run_later(turn, |hub, ctx| {
            hub.is_paced = false;
            hub.table.borrow_mut().next_turn();
            hub.pace(ctx);
        });
    }
}

impl StreamHandler<HubItem> for Hub {
    fn handle(&mut self, item: HubItem, ctx: &mut Self::Context) {
        let mut table = self.table.borrow_mut();
        match item {
            HubItem::Delivery(delivery, skipped) => table.deliver(&delivery, skipped),
            HubItem::Gap(channel, seq, skipped) => table.lag(&channel, Gap::Elsewhere(skipped), seq),
            HubItem::Route(channel, address) => table.learn(channel, address),
            HubItem::Forget(channel, forget) => table.forget_life(&channel, forget.life()),
        }
        drop(table);
        self.pace(ctx);
    }
}

impl Handler<Lagging> for Hub {
    type Result = ();

    fn handle(&mut self, lagging: Lagging, ctx: &mut Self::Context) {
        let mut table = self.table.borrow_mut();
        match lagging {
            Lagging::Behind(channel, backlog) => {
                let (upto, is_undone) = backlog.take();
                table.lag(&channel, if is_undone { Gap::Undone } else { Gap::Behind }, upto);
            }
            Lagging::Cut(channel, key) => table.come_back(&channel, key),
            // Who joined its successor in the meantime begins later than its last count. The address stays until it is
            // used: it may be the successor's.
            Lagging::ChannelLost(channel, last) => table.lag(&channel, Gap::Orphaned, last),
        }
        drop(table);
        self.pace(ctx);
    }
}
