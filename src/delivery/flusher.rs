//! Writes for all sockets of a thread: one task for all costs less than waking one task per socket.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// The sockets that are to be flushed, in order. No more than connections: a socket is told once until it has written.
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
                flush(&socket);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn flush(socket: &Weak<dyn Flush>) {
    // One that has ended meanwhile is gone.
    let Some(socket) = socket.upgrade() else { return };
    // A panic stops nobody else. The socket's own client is found out by its heartbeat.
    if catch_unwind(AssertUnwindSafe(|| socket.flush())).is_err() {
        log::error!("a socket could not be written to: its flush panicked");
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        // Its runtime ends: whatever is due next begins another, which finds what still waits. An error means that the
        // thread ends, too.
        let _ = DUE.try_with(|due| due.borrow_mut().task = Task::None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[derive(Default)]
    struct Socket {
        flushed: Cell<usize>,
        breaks: bool,
    }

    impl Flush for Socket {
        fn flush(self: Rc<Self>) {
            assert!(!self.breaks, "the flush of this socket breaks");
            self.flushed.set(self.flushed.get() + 1);
        }
    }

    fn due(socket: &Rc<Socket>) {
        let socket: Weak<Socket> = Rc::downgrade(socket);
        flush_later(socket);
    }

    /// Until everything that waits now has had its turn a few times.
    async fn turns() {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn it_waits_behind_what_the_thread_has_to_do_and_then_flushes_all_that_is_due() {
        actix_rt::System::new().block_on(async {
            let sockets: Vec<Rc<Socket>> = (0..BUDGET * 2).map(|_| Rc::default()).collect();
            sockets.iter().for_each(due);
            let first = sockets[0].clone();
            let seen = actix_rt::spawn(async move { first.flushed.get() }).await.expect("nothing panics here");
            assert_eq!(seen, 0, "what waited for the thread already may still add to it");
            turns().await;
            assert!(sockets.iter().all(|socket| socket.flushed.get() == 1));
            due(&sockets[0]);
            turns().await;
            assert_eq!(sockets[0].flushed.get(), 2, "it wakes again");
        });
    }

    #[test]
    fn another_runtime_of_the_thread_has_a_flusher_of_its_own() {
        let socket = Rc::<Socket>::default();
        actix_rt::System::new().block_on(async { due(&socket) });
        actix_rt::System::new().block_on(async {
            due(&socket);
            turns().await;
        });
        assert_eq!(socket.flushed.get(), 2, "what the first had no time for is not forgotten");
    }

    #[test]
    fn a_flush_that_panics_keeps_no_other_socket_from_being_flushed() {
        actix_rt::System::new().block_on(async {
            let (good, broken) = (Rc::<Socket>::default(), Rc::new(Socket { breaks: true, ..Socket::default() }));
            due(&broken);
            due(&good);
            turns().await;
            assert_eq!(good.flushed.get(), 1);
        });
    }
}
