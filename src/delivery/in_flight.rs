//! Commands of a client in progress that are not answered. They are counted, so that their number is bounded.
use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// The publishes of one connection that want no answer. Telling its session of each outcome would cost a message to an actor.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    room: AtomicWaker,
}

/// One publish under way; given back when dropped, on whichever thread.
#[derive(Debug)]
pub struct InFlightPlace(Arc<Inner>);

impl InFlight {
    /// Takes a place.
    pub fn place(&self) -> InFlightPlace {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        InFlightPlace(self.0.clone())
    }

    /// Ready while fewer than `limit` are under way.
    pub fn poll_room(&self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.count.load(Ordering::Acquire) < limit {
            return Poll::Ready(());
        }
        self.0.room.register(cx.waker());
        // One may have come back between the look and the registration.
        match self.0.count.load(Ordering::Acquire) < limit {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for InFlightPlace {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Release);
        self.0.room.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;

    #[tokio::test]
    async fn who_has_too_many_under_way_waits_until_one_is_back() {
        let in_flight = InFlight::default();
        let (first, _second) = (in_flight.place(), in_flight.place());
        let waiting = in_flight.clone();
        let waiting = tokio::spawn(async move { poll_fn(|cx| waiting.poll_room(2, cx)).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.expect("there is room again");
    }
}
