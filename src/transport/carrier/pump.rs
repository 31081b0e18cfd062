//! Moves bytes between a socket that the broker owns and its connection: reads on demand into a buffer that all connections of the
//! thread share, and writes everything in the outbox with one system call.
use crate::broker::{Node, Worker};
use crate::delivery::{Flush, Outbox, Outgoing};
use crate::protocol::Frame;
use crate::transport::line::{Line, Socket};
use bytes::Bytes;
use futures_util::Stream;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, ReadBuf};

/// The most that one read brings or one write of small frames takes; what is left comes with the next.
const READ: usize = 64 * 1024;
/// A peer that was sent everything may take this long to close its side.
const LAST_WORDS: Duration = Duration::from_secs(5);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// What comes in, as long as it is asked for.
pub struct Reader<T> {
    line: Rc<Line<T>>,
    /// What the HTTP dispatcher had read already.
    early: Bytes,
}

impl<T: Socket> Reader<T> {
    /// Reads from the socket, after what was read before: `early`.
    pub fn new(line: Rc<Line<T>>, early: Bytes) -> Self {
        // Where nothing is left in it, it would keep the dispatcher's buffer all the same.
        let early = if early.is_empty() { Bytes::new() } else { early };
        Reader { line, early }
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
            ready!(Pin::new(&mut *self.line.socket.borrow_mut()).poll_read(cx, &mut buffer))?;
            Poll::Ready(match buffer.filled() {
                [] => None,
                read => Some(Ok(Bytes::copy_from_slice(read))),
            })
        })
    }
}

/// Writes what is in the outbox until it ends, then closes the sending side: the peer reads to the end, and the socket goes
/// when the peer has closed, or has had its time.
pub async fn write<T: Socket>(line: Rc<Line<T>>, outbox: Rc<Outbox>) {
    let written = drain(&line, outbox).await;
    close(line, written).await;
}

/// As [`write`], where another outbox may take over from the first: if there is one in `next` when the first has ended.
pub async fn write_in_turn<T: Socket>(line: Rc<Line<T>>, first: Rc<Outbox>, next: Rc<Cell<Option<Rc<Outbox>>>>) {
    let written = drain(&line, first).await;
    match (next.take(), written) {
        (Some(next), Ok(())) => write(line, next).await,
        (next, written) => {
            next.iter().for_each(|next| next.abandon());
            close(line, written).await;
        }
    }
}

/// Writes what is in the outbox until it ends. It takes nothing any more afterwards.
async fn drain<T: Socket>(line: &Rc<Line<T>>, outbox: Rc<Outbox>) -> io::Result<()> {
    line.outbox.replace(Rc::downgrade(&outbox));
    let written = poll_fn(|cx| poll_write(line, &outbox, cx)).await;
    outbox.abandon();
    written
}

async fn close<T: Socket>(line: Rc<Line<T>>, written: io::Result<()>) {
    if written.is_err() {
        return line.socket.borrow().shut();
    }
    // TLS may hold words that a peer which does not read never takes.
    let shutdown = poll_fn(|cx| Pin::new(&mut *line.socket.borrow_mut()).poll_shutdown(cx));
    if tokio::time::timeout(LAST_WORDS, shutdown).await.is_err() {
        return line.socket.borrow().shut();
    }
    let reading = Rc::downgrade(&line);
    drop(line);
    if reading.strong_count() > 0 {
        tokio::time::sleep(LAST_WORDS).await;
    }
    if let Some(line) = reading.upgrade() {
        line.socket.borrow().shut();
    }
}

impl<T: Socket> Flush for Line<T> {
    fn flush(self: Rc<Self>) {
        let Some(outbox) = self.outbox.borrow().upgrade() else { return };
        if let Some(plain) = self.socket.borrow().plain() {
            let wrote =
                outbox.with_frames(|frames, begun| write_gathered(frames, begun, |bytes| plain.try_write(bytes)));
            // An error shows again to the task, which is woken as long as something is left.
            if let Some(Ok(bytes)) = wrote {
                outbox.consume(bytes);
            }
        }
        outbox.flush_with(&self);
    }
}

fn poll_write<T: Socket>(line: &Rc<Line<T>>, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    loop {
        match outbox.poll_frames(cx) {
            Poll::Ready(true) => {}
            Poll::Ready(false) => return Poll::Ready(Ok(())),
            Poll::Pending => {
                // TLS says that it has written what it only keeps, where the socket below is full.
                ready!(Pin::new(&mut *line.socket.borrow_mut()).poll_flush(cx))?;
                outbox.flush_with(line);
                return Poll::Pending;
            }
        }
        let write = |bytes: &[u8]| Pin::new(&mut *line.socket.borrow_mut()).poll_write(cx, bytes);
        let wrote = outbox.with_frames(|frames, begun| write_gathered(frames, begun, write));
        match ready!(wrote.unwrap_or(Poll::Ready(Ok(0)))) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(bytes) => outbox.consume(bytes),
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// Writes the first frames with one call of `write`; none where there are no frames. So many bytes of the first are written
/// already. Small ones are gathered in the buffer of the thread: to copy a few hundred bytes costs less than to have the kernel
/// walk over a list of slices.
fn write_gathered<R>(
    frames: &mut dyn Iterator<Item = &Frame>,
    begun: usize,
    write: impl FnOnce(&[u8]) -> R,
) -> Option<R> {
    let mut slices = frames.map(|frame| &frame.websocket()[..]);
    let first = &slices.next()?[begun..];
    let Some(second) = slices.next().filter(|second| first.len() + second.len() <= READ) else {
        return Some(write(first));
    };
    SCRATCH.with_borrow_mut(|scratch| {
        let mut end = 0;
        for frame in [first, second].into_iter().chain(slices) {
            let Some(room) = scratch.get_mut(end..end + frame.len()) else { break };
            room.copy_from_slice(frame);
            end += frame.len();
        }
        Some(write(&scratch[..end]))
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
pub fn last_words(node: &Node, words: Frame) -> Rc<Outbox> {
    let worker = Worker::here(node);
    let outbox = Outbox::new(words.size(), worker.outbox_bytes().clone(), None);
    outbox.put(Outgoing::Last(Some(words)));
    outbox
}

#[cfg(test)]
mod tests;
