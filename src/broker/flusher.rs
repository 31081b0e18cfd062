//! Writes for all sockets of a thread: one task that goes from one to the next costs less than a task to wake for each.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

/// A socket for which something is queued.
pub trait Flush {
    /// Writes what the socket takes at once; what is left is somebody else's to wait for.
    fn flush(self: Rc<Self>);
}

/// Sockets written to in a row before others have their turn (decision 30).
const BUDGET: usize = 64;

thread_local! {
    static DUE: RefCell<Due> = RefCell::default();
}

/// The sockets that are to be flushed, in order. Each is in it once at most, so there are no more than connections.
#[derive(Default)]
struct Due {
    sockets: VecDeque<Weak<dyn Flush>>,
    is_running: bool,
}

/// Flushes a socket behind all that waits for this thread now: what else is published until then leaves with the same
/// write. Needs an actix runtime.
pub(super) fn flush_later(socket: Weak<dyn Flush>) {
    let was_running = DUE.with_borrow_mut(|due| {
        due.sockets.push_back(socket);
        std::mem::replace(&mut due.is_running, true)
    });
    if !was_running {
        actix_rt::spawn(Flusher { has_waited: false });
    }
}

/// Runs until no socket is due.
struct Flusher {
    has_waited: bool,
}

impl Future for Flusher {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_waited, true) {
            for _ in 0..BUDGET {
                let Some(socket) = DUE.with_borrow_mut(|due| due.sockets.pop_front()) else { return Poll::Ready(()) };
                // One that has ended meanwhile is gone.
                if let Some(socket) = socket.upgrade() {
                    socket.flush();
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        // Done, or dropped with its runtime, whose sockets end, too. An error means that the thread ends.
        let left = DUE.try_with(|due| {
            let mut due = due.borrow_mut();
            due.is_running = false;
            due.sockets.drain(..).collect::<Vec<_>>()
        });
        drop(left);
    }
}
