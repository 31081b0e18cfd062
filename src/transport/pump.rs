//! Moves bytes between a socket of our own and its connection: reads on demand into a buffer that all connections of the
//! thread share, writes whatever waits in the outbox with one system call.
use crate::broker::{Cut, Node, Outbox, Worker};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use futures_util::Stream;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The most that one read brings or one write of small frames takes; what is left comes with the next.
const READ: usize = 64 * 1024;
/// A peer that was sent everything may take this long to close its side.
const LAST_WORDS: Duration = Duration::from_secs(5);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// A socket that can be ended while somebody waits for it.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Shuts it down in both directions: whoever reads or writes finds its end.
    fn shut(&self);

    /// The socket as it is given to another thread. Fails where it has ended.
    fn into_movable(self) -> io::Result<Movable>;
}

/// A socket on its way to another thread.
pub enum Movable {
    /// One that the other thread will wait for by itself.
    Plain(std::net::TcpStream),
    /// One for which the thread that it came to goes on waiting, and wakes whoever reads or writes it elsewhere: TLS, whose
    /// state cannot be taken apart, and what is relayed.
    Bound(Box<dyn Socket>),
}

impl Socket for TcpStream {
    fn shut(&self) {
        // An error means that it has ended by itself.
        let _ = rustix::net::shutdown(self.as_fd(), rustix::net::Shutdown::Both);
    }

    fn into_movable(self) -> io::Result<Movable> {
        self.into_std().map(Movable::Plain)
    }
}

impl Socket for TlsStream<TcpStream> {
    fn shut(&self) {
        self.get_ref().0.shut();
    }

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(Box::new(self)))
    }
}

impl Socket for Box<dyn Socket> {
    fn shut(&self) {
        (**self).shut();
    }

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(self))
    }
}

/// Ends a socket from outside.
pub struct Cutter<T>(pub Rc<RefCell<T>>);

impl<T: Socket> Cut for Cutter<T> {
    fn cut(&self) {
        // The reader and the writer borrow for the length of a poll only, and none of them cuts while it does.
        if let Ok(socket) = self.0.try_borrow() {
            socket.shut();
        }
    }
}

/// What comes in, as long as it is asked for.
pub struct Reader<T> {
    socket: Rc<RefCell<T>>,
    /// What the HTTP dispatcher had read already.
    early: Bytes,
}

impl<T: Socket> Reader<T> {
    /// Reads from `socket`, after what was read before: `early`.
    pub fn new(socket: Rc<RefCell<T>>, early: Bytes) -> Self {
        // Where nothing is left in it, it would keep the dispatcher's buffer all the same.
        let early = if early.is_empty() { Bytes::new() } else { early };
        Reader { socket, early }
    }
}

impl<T: Socket> Stream for Reader<T> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if !self.early.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.early))));
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut *self.socket.borrow_mut()).poll_read(cx, &mut buffer))?;
            Poll::Ready(match buffer.filled() {
                [] => None,
                read => Some(Ok(Bytes::copy_from_slice(read))),
            })
        })
    }
}

/// Writes what is in the outbox until it ends, then closes the sending side: the peer reads to the end, and the socket goes
/// when the peer has closed, or has had its time.
pub async fn write<T: Socket>(socket: Rc<RefCell<T>>, outbox: Rc<Outbox>) {
    let written = drain(&socket, outbox).await;
    close(socket, written).await;
}

/// As [`write`], where another outbox may take over from the first: if there is one in `next` when the first has ended.
pub async fn write_in_turn<T: Socket>(socket: Rc<RefCell<T>>, first: Rc<Outbox>, next: Rc<Cell<Option<Rc<Outbox>>>>) {
    let written = drain(&socket, first).await;
    match (next.take(), written) {
        (Some(next), Ok(())) => write(socket, next).await,
        (next, written) => {
            next.iter().for_each(|next| next.abandon());
            close(socket, written).await;
        }
    }
}

/// Writes what is in the outbox until it ends. It takes nothing any more afterwards.
async fn drain<T: Socket>(socket: &RefCell<T>, outbox: Rc<Outbox>) -> io::Result<()> {
    let mut gathered = false;
    let written = poll_fn(|cx| poll_write(socket, &outbox, &mut gathered, cx)).await;
    outbox.abandon();
    written
}

async fn close<T: Socket>(socket: Rc<RefCell<T>>, written: io::Result<()>) {
    if written.is_err() {
        return socket.borrow().shut();
    }
    let _ = poll_fn(|cx| Pin::new(&mut *socket.borrow_mut()).poll_shutdown(cx)).await;
    let reading = Rc::downgrade(&socket);
    drop(socket);
    if reading.strong_count() > 0 {
        tokio::time::sleep(LAST_WORDS).await;
    }
    if let Some(socket) = reading.upgrade() {
        socket.borrow().shut();
    }
}

fn poll_write<T: Socket>(
    socket: &RefCell<T>,
    outbox: &Outbox,
    gathered: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        if !ready!(outbox.poll_frames(cx)) {
            return Poll::Ready(Ok(()));
        }
        // Behind all that waits for this thread now: what else is published until then leaves with the same write.
        if !std::mem::replace(gathered, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let wrote = outbox.with_frames(|frames| write_some(&mut *socket.borrow_mut(), frames, cx));
        match ready!(wrote) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(bytes) => {
                outbox.consume(bytes);
                *gathered = false;
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// Writes the first frames with one system call. Small ones are gathered in the buffer of the thread: to copy a few hundred
/// bytes costs less than to have the kernel walk over a list of slices.
fn write_some<T: Socket>(
    socket: &mut T,
    frames: &mut dyn Iterator<Item = &Bytes>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let Some(first) = frames.next() else { return Poll::Ready(Ok(0)) };
    let Some(second) = frames.next().filter(|second| first.len() + second.len() <= READ) else {
        return Pin::new(socket).poll_write(cx, first);
    };
    SCRATCH.with_borrow_mut(|scratch| {
        let mut end = 0;
        for frame in [first, second].into_iter().chain(frames) {
            let Some(room) = scratch.get_mut(end..end + frame.len()) else { break };
            room.copy_from_slice(frame);
            end += frame.len();
        }
        Pin::new(socket).poll_write(cx, &scratch[..end])
    })
}

/// Ends a socket that nobody reads: writes these words, then lets the peer read them to the end.
pub async fn dismiss<T: Socket>(mut socket: T, words: Bytes) {
    let say = async {
        socket.write_all(&words).await?;
        socket.shutdown().await?;
        // What is unread when a socket goes takes the words with it.
        while poll_fn(|cx| poll_discard(&mut socket, cx)).await? > 0 {}
        io::Result::Ok(())
    };
    // Whatever comes of it, the socket ends here.
    let _ = tokio::time::timeout(LAST_WORDS, say).await;
}

fn poll_discard<T: Socket>(socket: &mut T, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(socket).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    })
}

/// An outbox that says this and ends.
pub fn last_words(node: &Node, words: Bytes) -> Rc<Outbox> {
    let worker = Worker::here(node);
    let outbox = Outbox::new(words.len(), worker.outbox_bytes().clone(), None);
    outbox.finish(Some(words));
    outbox
}
