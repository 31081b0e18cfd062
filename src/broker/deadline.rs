//! One queue of deadlines per worker (decision 31) for heartbeats, timeouts and expiries, which have no timers of their own.
use actix::WeakRecipient;
use actix::prelude::*;
use futures_util::future::poll_fn;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

/// Deadlines that fall due in one go before the thread turns to something else (decision 30).
const BUDGET: usize = 256;

/// The queue takes no times above two years; what is set for later falls due after this one.
const FAR: Duration = Duration::from_secs(600 * 24 * 3600);

/// What has fallen due; the receiver knows what its kinds mean.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub enum Due {
    /// It is time for the next heartbeat, or its answer is late.
    Heartbeat,
    /// The session's identity ends.
    Identity,
    /// The subscription to this channel ends.
    Subscription(crate::types::ChannelName),
    /// The last words have had their time.
    Linger,
    /// Something of the receiver's own, by a number that it chose.
    Own(u64),
}

/// A deadline that can be taken back.
#[derive(Debug)]
pub struct DeadlineKey(Key);

/// The deadlines of one worker, at a grain of a millisecond. Stays on its thread.
pub struct Deadlines {
    queue: RefCell<DelayQueue<(WeakRecipient<Due>, Due)>>,
}

impl Deadlines {
    /// An empty queue, driven by a task on the current thread for as long as the queue is there.
    pub fn start() -> Rc<Self> {
        let deadlines = Rc::new(Deadlines { queue: RefCell::new(DelayQueue::new()) });
        actix_rt::spawn(drive(Rc::downgrade(&deadlines)));
        deadlines
    }

    /// Sends `due` to `who` after this time, at most 600 days, unless `who` is gone by then.
    pub fn after(&self, time: Duration, who: WeakRecipient<Due>, due: Due) -> DeadlineKey {
        DeadlineKey(self.queue.borrow_mut().insert((who, due), time.min(FAR)))
    }

    /// Takes a deadline back; nothing happens if it has fallen due.
    pub fn cancel(&self, key: DeadlineKey) {
        self.queue.borrow_mut().try_remove(&key.0);
    }

    fn poll_due(&self, cx: &mut TaskContext<'_>) -> Poll<()> {
        for _ in 0..BUDGET {
            let Poll::Ready(Some(expired)) = self.queue.borrow_mut().poll_expired(cx) else {
                return Poll::Pending;
            };
            let (who, due) = expired.into_inner();
            if let Some(who) = who.upgrade() {
                who.do_send(due);
            }
        }
        Poll::Ready(())
    }
}

async fn drive(deadlines: Weak<Deadlines>) {
    // The weak handle is looked at again at least this often, so that the task ends with its queue.
    const LOOK: Duration = Duration::from_secs(60);
    while deadlines.strong_count() > 0 {
        let due = poll_fn(|cx| deadlines.upgrade().map_or(Poll::Ready(()), |deadlines| deadlines.poll_due(cx)));
        if tokio::time::timeout(LOOK, due).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sleeper;

    impl Actor for Sleeper {
        type Context = Context<Self>;
    }

    impl Handler<Due> for Sleeper {
        type Result = ();

        fn handle(&mut self, _: Due, _: &mut Self::Context) {}
    }

    #[actix_rt::test]
    async fn the_longest_times_are_taken() {
        let (deadlines, sleeper) = (Deadlines::start(), Sleeper.start());
        for time in [Duration::from_secs(3 * 365 * 24 * 3600), Duration::MAX] {
            let key = deadlines.after(time, sleeper.downgrade().recipient(), Due::Heartbeat);
            deadlines.cancel(key);
        }
    }
}
