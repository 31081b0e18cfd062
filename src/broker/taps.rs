//! Taps: who watches the events of channels as they are delivered, without being a listener.
//!
//! A channel asks one atomic number whether anybody watches at all. For a watcher it counts, clones an `Arc` and wakes; the
//! encoding is the watcher's own. Nothing here waits for a watcher.
use super::Limits;
use crate::metrics::Metrics;
use crate::types::{ChannelName, Clock, Event, ReplyError};
use arc_swap::ArcSwap;
use futures_util::Stream;
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// What an event costs in a queue beside [`Event::bytes`]: the event itself, its channel's name, its place.
const ENTRY_BYTES: usize = 256;
/// Why all taps of a node end.
pub(super) const STOPPING: &str = "the broker is stopping";

/// The taps of a node. Cheap to clone.
#[derive(Clone)]
pub struct Taps(Arc<Inner>);

struct Inner {
    open: AtomicUsize,
    flows: ArcSwap<Vec<Arc<Flow>>>,
    most: usize,
    most_bytes: usize,
    clock: Clock,
    metrics: Metrics,
}

/// What a tap tells.
#[derive(Debug, Clone)]
pub enum Tapped {
    /// An event, and when it was delivered, in milliseconds since 1970.
    Event(Arc<Event>, u64),
    /// So many events were not shown since this was said last.
    Skipped(u64),
    /// Nothing happened; the tap stands.
    Quiet,
    /// Nothing comes after this, for this reason.
    Ended(&'static str),
}

/// One tap, as its channels and its watcher share it.
pub(super) struct Flow {
    /// None: all channels.
    channel: Option<ChannelName>,
    /// Events a second that are shown.
    rate: i64,
    /// How many of this second are left.
    left: AtomicI64,
    skipped: AtomicU64,
    queue: Mutex<Queue>,
    watcher: AtomicWaker,
    /// It has given its place back.
    is_closed: AtomicBool,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Tapped>,
    bytes: usize,
    is_ended: bool,
}

/// A watcher's end of a tap: what it tells, in order. Ends with [`Tapped::Ended`]; dropping it closes the tap.
pub struct Tap {
    flow: Arc<Flow>,
    taps: Taps,
}

impl Taps {
    /// None yet; as many as `limits.tails` may come, each with `limits.outbox` bytes of events that wait.
    pub(super) fn new(limits: &Limits, clock: Clock, metrics: Metrics) -> Self {
        let (most, most_bytes) = (limits.tails, limits.outbox);
        let (open, flows) = (AtomicUsize::new(0), ArcSwap::default());
        Taps(Arc::new(Inner { open, flows, most, most_bytes, clock, metrics }))
    }

    /// Whether anybody watches. All that a channel pays where nobody does.
    pub fn is_any(&self) -> bool {
        self.0.open.load(Ordering::Acquire) > 0
    }

    /// Shows an event to those who watch its channel.
    pub(super) fn show(&self, event: &Arc<Event>) {
        for flow in self.0.flows.load().iter().filter(|flow| flow.is_of(&event.channel)) {
            if flow.show(event, &self.0) == Shown::TooMuch {
                Metrics::count(&self.0.metrics.drops, "tail");
                self.close(flow, Some("the caller did not read fast enough"));
            }
        }
    }

    /// Opens a tap of one channel, or of all that this node has; `rate` events a second are shown. Its first item is
    /// [`Tapped::Quiet`]: every event that is delivered from now on is shown or counted. Fails with error 106 where there are as
    /// many as `limits.tails`.
    pub(super) fn open(&self, channel: Option<ChannelName>, rate: u32) -> Result<Tap, ReplyError> {
        if self.0.open.fetch_add(1, Ordering::AcqRel) >= self.0.most {
            self.0.open.fetch_sub(1, Ordering::AcqRel);
            self.0.metrics.reached("tails");
            return Err(ReplyError::LIMIT_EXCEEDED);
        }
        let flow = Arc::new(Flow {
            channel,
            rate: rate.into(),
            left: AtomicI64::new(rate.into()),
            skipped: AtomicU64::new(0),
            queue: Mutex::new(Queue { items: VecDeque::from([Tapped::Quiet]), ..Queue::default() }),
            watcher: AtomicWaker::new(),
            is_closed: AtomicBool::new(false),
        });
        self.0.flows.rcu(|flows| flows.iter().chain([&flow]).cloned().collect::<Vec<_>>());
        Ok(Tap { flow, taps: self.clone() })
    }

    /// Ends all taps, because the broker stops.
    pub fn end_for_stop(&self) {
        self.0.flows.load().iter().for_each(|flow| self.close(flow, Some(STOPPING)));
    }

    /// Gives the place of a tap back, and tells its watcher why, if it is still there.
    pub(super) fn close(&self, flow: &Arc<Flow>, reason: Option<&'static str>) {
        if flow.is_closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.0.flows.rcu(|flows| flows.iter().filter(|other| !Arc::ptr_eq(other, flow)).cloned().collect::<Vec<_>>());
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(reason) = reason {
            let mut queue = flow.queue();
            queue.items.push_back(Tapped::Ended(reason));
            queue.is_ended = true;
            drop(queue);
            flow.watcher.wake();
        }
    }
}

/// What became of an event at a tap.
#[derive(PartialEq, Eq)]
enum Shown {
    /// It is queued or counted.
    Done,
    /// It does not fit beside what waits, which is given up with it.
    TooMuch,
}

impl Flow {
    fn is_of(&self, channel: &ChannelName) -> bool {
        self.channel.as_ref().is_none_or(|wanted| wanted == channel)
    }

    /// One that is not shown costs no lock.
    fn show(&self, event: &Arc<Event>, inner: &Inner) -> Shown {
        if self.left.load(Ordering::Relaxed) <= 0 || self.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return Shown::Done;
        }
        let time = inner.clock.now_in_millis();
        let bytes = cost(event);
        let mut queue = self.queue();
        if queue.is_ended {
            return Shown::Done;
        }
        // As in an outbox, one event passes whatever its size where nothing else waits.
        if queue.bytes > 0 && queue.bytes + bytes > inner.most_bytes {
            *queue = Queue::default();
            return Shown::TooMuch;
        }
        queue.bytes += bytes;
        queue.items.push_back(Tapped::Event(event.clone(), time));
        drop(queue);
        self.watcher.wake();
        Shown::Done
    }

    /// A second is over: says how many events were not shown in it, and begins the next. False once the tap has ended.
    pub(super) fn next_second(&self) -> bool {
        let skipped = self.skipped.swap(0, Ordering::Relaxed);
        self.left.store(self.rate, Ordering::Relaxed);
        if skipped > 0 {
            let mut queue = self.queue();
            match queue.items.back_mut() {
                // Nothing was shown in between, so that what waits stays bounded.
                Some(Tapped::Skipped(before)) => *before += skipped,
                _ => queue.items.push_back(Tapped::Skipped(skipped)),
            }
            drop(queue);
            self.watcher.wake();
        }
        !self.is_closed.load(Ordering::Acquire)
    }

    /// Says that the tap stands, where nothing else is about to be said.
    pub(super) fn beat(&self) {
        let mut queue = self.queue();
        if queue.items.is_empty() && !queue.is_ended {
            queue.items.push_back(Tapped::Quiet);
            drop(queue);
            self.watcher.wake();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // It is whole between any two of its changes, so a panic elsewhere has left nothing half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(event: &Event) -> usize {
    ENTRY_BYTES + event.bytes()
}

impl Tap {
    /// What is shared with the channels.
    pub(super) fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }
}

impl Stream for Tap {
    type Item = Tapped;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Tapped>> {
        // Before the look, or what comes between the two would wake nobody.
        self.flow.watcher.register(cx.waker());
        let mut queue = self.flow.queue();
        match queue.items.pop_front() {
            Some(item) => {
                if let Tapped::Event(event, _) = &item {
                    queue.bytes -= cost(event);
                }
                Poll::Ready(Some(item))
            }
            None if queue.is_ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.taps.close(&self.flow, None);
    }
}
