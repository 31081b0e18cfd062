//! Writes for all sockets of a thread: one task that goes from one to the next costs less than a task to wake for each.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

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
    task: Task,
}

/// The task that flushes them.
#[derive(Default)]
enum Task {
    /// There is none.
    #[default]
    None,
    /// It waits until a socket is due.
    Asleep(Waker),
    Running,
}

/// Flushes a socket behind all that waits for this thread now: what else is published until then leaves with the same
/// write. Needs an actix runtime.
pub(super) fn flush_later(socket: Weak<dyn Flush>) {
    let task = DUE.with_borrow_mut(|due| {
        due.sockets.push_back(socket);
        std::mem::replace(&mut due.task, Task::Running)
    });
    match task {
        Task::None => drop(actix_rt::spawn(Flusher::default())),
        Task::Asleep(waker) => waker.wake(),
        Task::Running => {}
    }
}

/// Flushes what is due, and sleeps in between.
#[derive(Default)]
struct Flusher {
    has_waited: bool,
}

impl Future for Flusher {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_waited, true) {
            for _ in 0..BUDGET {
                let Some(socket) = DUE.with_borrow_mut(|due| due.sockets.pop_front()) else {
                    self.has_waited = false;
                    DUE.with_borrow_mut(|due| due.task = Task::Asleep(cx.waker().clone()));
                    return Poll::Pending;
                };
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
        // Its runtime ends, and the sockets with it; the thread may begin another. An error means that the thread ends, too.
        let _ = DUE.try_with(RefCell::take);
    }
}
