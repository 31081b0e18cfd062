//! A listener's view, and the deliveries that wait for it to decide.
use super::{Body, Delivery, Loss};
use crate::filter::{Look, Shown, View};
use crate::metrics::Metrics;
use crate::types::{BoxFuture, ChannelName, Event};
use futures_util::FutureExt;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// The bounds of a view that does not decide at once.
#[derive(Debug, Clone, Copy)]
pub struct ViewBounds {
    /// Deliveries of one listener that wait.
    pub queue: usize,
    /// For how long a view may look at one event.
    pub time: Duration,
}

/// A view, and in their order the deliveries that wait for it, or behind one that does.
pub struct Viewed {
    view: Rc<dyn View>,
    bounds: ViewBounds,
    metrics: Metrics,
    waiting: VecDeque<Waiting>,
    /// Told when the view has decided; none until the listener is in a hub.
    decided: Option<Rc<dyn Fn()>>,
}

enum Waiting {
    Decided(Arc<Delivery>, Shown),
    Undecided(Arc<Delivery>, Task),
    /// The listener is told of a loss here.
    Lag(ChannelName, Loss),
}

/// What comes next for the listener.
pub(super) enum Next {
    Show(Arc<Delivery>, Shown),
    /// The view did not decide in time, or panicked: nobody knows whether the listener may see this.
    Missed(Arc<Delivery>),
    Lag(ChannelName, Loss),
}

/// What becomes of a delivery now.
pub(super) enum Turn {
    Now(Shown),
    Waits,
    /// More wait than may, or the view panicked.
    Lost,
}

/// A look that is under way, and is ended when this is dropped: its listener is gone or cut.
struct Task {
    /// Empty while it is under way; then what was decided, or none where that failed.
    slot: Rc<Cell<Option<Option<Shown>>>>,
    task: AbortHandle,
}

impl Viewed {
    /// Nothing waits yet.
    pub fn new(view: Rc<dyn View>, bounds: ViewBounds, metrics: Metrics) -> Box<Self> {
        Box::new(Viewed { view, bounds, metrics, waiting: VecDeque::new(), decided: None })
    }

    /// `decided` is called whenever the view has decided about one that waits.
    pub fn on_decided(&mut self, decided: Rc<dyn Fn()>) {
        self.decided = Some(decided);
    }

    /// Looks at a delivery that its listener wants. Looks at deliveries behind one that waits begin at once, too.
    pub(super) fn look(&mut self, delivery: &Arc<Delivery>) -> Turn {
        let look = match &delivery.body {
            Body::Event(event) => look(&*self.view, event, &self.metrics),
            Body::Notice(_) | Body::Instruction(_) => Some(Look::Now(Shown::Pass)),
        };
        let Some(look) = look else { return Turn::Lost };
        match look {
            Look::Now(shown) if self.waiting.is_empty() || shown == Shown::Drop => return Turn::Now(shown),
            _ if self.waiting.len() >= self.bounds.queue => {
                self.metrics.reached("view_queue");
                return Turn::Lost;
            }
            Look::Now(shown) => self.waiting.push_back(Waiting::Decided(delivery.clone(), shown)),
            Look::Later(look) => {
                let task = self.begin(look);
                self.waiting.push_back(Waiting::Undecided(delivery.clone(), task));
            }
        }
        Turn::Waits
    }

    /// Whether something waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The listener is told of a loss behind what waits. Losses next to each other are one.
    pub(super) fn lose(&mut self, channel: &ChannelName, loss: Loss) {
        match self.waiting.back_mut() {
            Some(Waiting::Lag(_, earlier)) => *earlier = earlier.and(loss),
            _ => self.waiting.push_back(Waiting::Lag(channel.clone(), loss)),
        }
    }

    /// Ends all looks: nothing of what waits is of use any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Has [`Viewed::on_decided`] called soon, but not now: the hub is in the middle of a delivery.
    pub(super) fn wake(&self) {
        if let Some(decided) = self.decided.clone() {
            tokio::task::spawn_local(async move { decided() });
        }
    }

    /// The next one whose turn has come.
    pub(super) fn next(&mut self) -> Option<Next> {
        let decided = match self.waiting.front()? {
            Waiting::Undecided(_, task) => task.slot.take()?,
            Waiting::Decided(..) | Waiting::Lag(..) => None,
        };
        Some(match (self.waiting.pop_front()?, decided) {
            (Waiting::Undecided(delivery, _), Some(shown)) => Next::Show(delivery, shown),
            (Waiting::Undecided(delivery, _), None) => Next::Missed(delivery),
            (Waiting::Decided(delivery, shown), _) => Next::Show(delivery, shown),
            (Waiting::Lag(channel, loss), _) => Next::Lag(channel, loss),
        })
    }

    fn begin(&self, look: BoxFuture<Shown>) -> Task {
        let (slot, decided) = (Rc::new(Cell::new(None)), self.decided.clone());
        let look = decide(look, self.bounds.time, self.metrics.clone());
        let filled = slot.clone();
        let task = tokio::task::spawn_local(async move {
            filled.set(Some(look.await));
            if let Some(decided) = decided {
                decided();
            }
        });
        Task { slot, task: task.abort_handle() }
    }
}

/// Looks at an event; none where the view panics, which is the fault of the application and must not end a worker.
pub fn look(view: &dyn View, event: &Event, metrics: &Metrics) -> Option<Look> {
    catch_unwind(AssertUnwindSafe(|| view.look(event))).map_err(|_panic| panicked(metrics)).ok()
}

fn panicked(metrics: &Metrics) {
    // Once for each event and listener, if the view is wrong: as bounded as what a client can cause.
    metrics.log_some(log::Level::Error, "view", format_args!("a view panicked"));
    Metrics::count(&metrics.handler_failures, "panic");
}

/// What a look decides; none where it takes longer than `time`, or panics.
pub async fn decide(look: BoxFuture<Shown>, time: Duration, metrics: Metrics) -> Option<Shown> {
    match tokio::time::timeout(time, AssertUnwindSafe(look).catch_unwind()).await {
        Ok(Ok(shown)) => Some(shown),
        Ok(Err(_panic)) => {
            panicked(&metrics);
            None
        }
        Err(_late) => {
            metrics.reached("view_timeout");
            None
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.task.abort();
    }
}
