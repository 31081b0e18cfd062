//! The inboxes of the threads that send commands and listen to channels. What the engine's thread receives together is handed
//! over together.
//!
//! An answer or an event by itself would wake its task from the engine's thread, and an actor's thread runs what is woken from
//! outside one at a time, each with all that follows from it: a reply to a client would be a write by itself. Handed out on
//! the thread that asked, all of a batch is there before anything follows from it. The other way round, a command that woke
//! the engine's thread at once would often leave alone, with those that follow from the same read behind it.
use super::envelope::Brought;
use super::link::Link;
use super::request::{Outcome, Waiting};
use crate::engine::Sink;
use crate::types::ChannelName;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Bytes of events that may be on their way to one inbox. Those beyond are lost to their channels, which are told.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What an event takes beside its payload, about.
const OVERHEAD: usize = 256;

/// What the engine's thread hands over to an inbox.
pub(super) enum Landed {
    /// An answer, to who waits for it.
    Answer(Waiting, Outcome),
    /// What the bus brings of a channel, and its bytes.
    Brought(Arc<ChannelSink>, Brought, usize),
    /// Events of the channel did not fit.
    Lost(Arc<ChannelSink>),
    /// A subscription stands; `again` where what was published before did not come.
    Stands { again: Option<Arc<ChannelSink>>, waiting: Vec<oneshot::Sender<()>> },
}

/// The sink of a channel, and the inbox of the thread that it is called on.
pub(super) struct ChannelSink {
    channel: ChannelName,
    sink: Arc<dyn Sink>,
    inbox: Option<Arc<ThreadInbox>>,
    /// It is to be told that it lost something, and has not been.
    is_behind: AtomicBool,
}

/// The inbox of a thread with a runtime: answers to what the thread asked, and events of its channels, are handed out there.
pub(super) struct ThreadInbox {
    inlet: mpsc::UnboundedSender<Mail>,
    /// Bytes of events on their way.
    bytes: AtomicUsize,
    /// Links that have got commands from here and do not know yet.
    due: Mutex<Vec<Arc<Link>>>,
}

/// What the task that empties an inbox is to do.
enum Mail {
    HandOut(Vec<Landed>),
    Wake,
}

thread_local! {
    static HERE: RefCell<Option<Arc<ThreadInbox>>> = const { RefCell::new(None) };
}

/// The inbox of this thread; none where it has no runtime.
pub(super) fn here() -> Option<Arc<ThreadInbox>> {
    HERE.with_borrow_mut(|here| {
        // That of a runtime that has ended is of no use.
        if here.as_ref().is_none_or(|inbox| inbox.inlet.is_closed()) {
            *here = Handle::try_current().ok().map(|runtime| ThreadInbox::start(&runtime));
        }
        here.clone()
    })
}

impl ThreadInbox {
    fn start(runtime: &Handle) -> Arc<Self> {
        // Bounded by the questions that are under way, by the bytes of events and by the channels.
        let (inlet, mut mail) = mpsc::unbounded_channel();
        let inbox = Arc::new(ThreadInbox { inlet, bytes: AtomicUsize::new(0), due: Mutex::default() });
        let weak = Arc::downgrade(&inbox);
        runtime.spawn(async move {
            while let Some(mail) = mail.recv().await {
                match mail {
                    Mail::HandOut(arrivals) => arrivals.into_iter().for_each(Landed::hand_out),
                    Mail::Wake => weak.upgrade().iter().for_each(|inbox| inbox.wake()),
                }
            }
        });
        inbox
    }

    /// Tells a link that it has got commands, behind what this thread is at: more may follow.
    pub fn wake_later(&self, link: &Arc<Link>) {
        let mut due = self.due();
        if due.iter().any(|known| Arc::ptr_eq(known, link)) {
            return;
        }
        due.push(link.clone());
        drop(due);
        if self.inlet.send(Mail::Wake).is_err() {
            self.wake();
        }
    }

    fn wake(&self) {
        let due = std::mem::take(&mut *self.due());
        due.iter().for_each(|link| link.queue.filled.notify_one());
    }

    fn due(&self) -> MutexGuard<'_, Vec<Arc<Link>>> {
        // A list is whole after each change.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChannelSink {
    /// To where it is called: what comes is handed out on that thread.
    pub fn here(channel: ChannelName, sink: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(ChannelSink { channel, sink, inbox: here(), is_behind: AtomicBool::new(false) })
    }

    pub fn channel(&self) -> &ChannelName {
        &self.channel
    }

    pub fn inbox(&self) -> Option<&Arc<ThreadInbox>> {
        self.inbox.as_ref()
    }
}

impl Landed {
    /// What the bus brings of a channel, in `bytes`. None where there is no room, and the channel is told already.
    fn brought(route: Arc<ChannelSink>, brought: Brought, bytes: usize) -> Option<Self> {
        let weight = bytes + OVERHEAD;
        let Some(inbox) = &route.inbox else { return Some(Landed::Brought(route, brought, weight)) };
        if inbox.bytes.fetch_add(weight, Ordering::Relaxed) < MOST_BYTES {
            return Some(Landed::Brought(route, brought, weight));
        }
        inbox.bytes.fetch_sub(weight, Ordering::Relaxed);
        // In its place among the events.
        let is_told = route.is_behind.swap(true, Ordering::AcqRel);
        (!is_told).then(|| Landed::Lost(route))
    }

    fn hand_out(self) {
        match self {
            Landed::Answer(waiting, outcome) => waiting.give(outcome),
            Landed::Brought(route, brought, weight) => {
                if let Some(inbox) = &route.inbox {
                    inbox.bytes.fetch_sub(weight, Ordering::Relaxed);
                }
                match brought {
                    Brought::Event(event, turn) => route.sink.event(event, turn),
                    Brought::Notice(joined, info) => route.sink.notice(joined, info),
                }
            }
            Landed::Lost(route) => {
                route.is_behind.store(false, Ordering::Release);
                route.sink.lost();
            }
            Landed::Stands { again, waiting } => {
                // Before who waits is answered: the gap is older than they are.
                if let Some(route) = again {
                    route.sink.resumed();
                }
                for waiting in waiting {
                    // Who waits may have given up.
                    let _ = waiting.send(());
                }
            }
        }
    }
}

/// What is to be handed over, by inbox.
#[derive(Default)]
pub(super) struct InboxBatches(Vec<(Arc<ThreadInbox>, Vec<Landed>)>);

impl InboxBatches {
    /// Adds something for an inbox. What has no inbox is handed out at once.
    pub fn add(&mut self, inbox: Option<&Arc<ThreadInbox>>, arrival: Landed) {
        match inbox {
            Some(inbox) => self.batch_for(inbox).push(arrival),
            None => arrival.hand_out(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what the bus brings of a channel, in `bytes`.
    pub fn bring(&mut self, route: Arc<ChannelSink>, brought: Brought, bytes: usize) {
        let mut arrivals = route.inbox.as_ref().map(|inbox| self.batch_for(inbox));
        match (&mut arrivals, Landed::brought(route, brought, bytes)) {
            (Some(arrivals), Some(arrival)) => arrivals.push(arrival),
            (None, Some(arrival)) => arrival.hand_out(),
            (_, None) => {}
        }
    }

    fn batch_for(&mut self, inbox: &Arc<ThreadInbox>) -> &mut Vec<Landed> {
        // As many inboxes as there are workers: few.
        let known = self.0.iter().position(|(known, _)| Arc::ptr_eq(known, inbox));
        let at = known.unwrap_or_else(|| {
            self.0.push((inbox.clone(), vec![]));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    pub fn go(self) {
        for (inbox, arrivals) in self.0 {
            if let Err(mpsc::error::SendError(Mail::HandOut(arrivals))) = inbox.inlet.send(Mail::HandOut(arrivals)) {
                arrivals.into_iter().for_each(Landed::hand_out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientInfo, Event, Json};

    /// Writes down what comes, in its order.
    #[derive(Default)]
    struct Notes(Mutex<Vec<&'static str>>);

    impl Notes {
        fn note(&self, what: &'static str) {
            self.0.lock().expect("no test panics with it").push(what);
        }

        fn take(&self) -> Vec<&'static str> {
            std::mem::take(&mut self.0.lock().expect("no test panics with it"))
        }
    }

    impl Sink for Notes {
        fn event(&self, _: Event, _: Option<u64>) {
            self.note("event");
        }

        fn notice(&self, _: bool, _: Arc<ClientInfo>) {}

        fn resumed(&self) {
            self.note("resumed");
        }

        fn lost(&self) {
            self.note("lost");
        }
    }

    fn event() -> Brought {
        let channel = ChannelName::user("news", 255).expect("a valid name");
        let event = Event { channel, data: Json::null(), tags: None, publisher: None, position: None, envelope: None };
        Brought::Event(event, None)
    }

    fn route() -> (Arc<Notes>, Arc<ChannelSink>) {
        let notes = Arc::<Notes>::default();
        (notes.clone(), ChannelSink::here(ChannelName::user("news", 255).expect("a valid name"), notes))
    }

    async fn carry(arrivals: impl IntoIterator<Item = Landed>) {
        let mut batches = InboxBatches::default();
        arrivals.into_iter().for_each(|arrival| batches.add(here().as_ref(), arrival));
        batches.go();
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_once_in_its_place_and_what_fits_again_comes() {
        let (notes, route) = route();
        let bring = |bytes| Landed::brought(route.clone(), event(), bytes);
        let arrivals: Vec<_> = [bring(0), bring(MOST_BYTES), bring(0), bring(0)].into_iter().flatten().collect();
        assert_eq!(arrivals.len(), 3, "the second loss is one with the first");
        carry(arrivals).await;
        assert_eq!(notes.take(), ["event", "event", "lost"]);
        carry(bring(0)).await;
        assert_eq!(notes.take(), ["event"]);
        assert_eq!(route.inbox().expect("a runtime").bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn that_a_subscription_stands_again_comes_behind_what_was_brought_before() {
        let (notes, route) = route();
        let (waiting, mut told) = oneshot::channel();
        let again = Landed::Stands { again: Some(route.clone()), waiting: vec![waiting] };
        carry(Landed::brought(route, event(), 0).into_iter().chain([again])).await;
        assert_eq!(notes.take(), ["event", "resumed"]);
        assert!(told.try_recv().is_ok());
    }

    #[test]
    fn what_belongs_to_a_thread_without_a_runtime_is_handed_out_at_once() {
        let (notes, route) = route();
        InboxBatches::default().bring(route, event(), MOST_BYTES);
        assert_eq!(notes.take(), ["event"]);
    }
}
