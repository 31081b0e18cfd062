use super::*;
use crate::delivery::WhenFull;
use crate::transport::line::Movable;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream};

/// A socket that says it has written what it only keeps until it is flushed, as TLS does while the one below it is full.
struct Keeping {
    below: DuplexStream,
    kept: Vec<u8>,
}

impl AsyncRead for Keeping {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.below).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Keeping {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.kept.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Keeping { below, kept } = &mut *self;
        while !kept.is_empty() {
            let written = ready!(Pin::new(&mut *below).poll_write(cx, kept))?;
            kept.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.below).poll_shutdown(cx)
    }
}

impl Socket for Keeping {
    fn shut(&self) {}

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(Box::new(self)))
    }
}

/// An outbox that is written to a socket of which its peer takes 4 bytes at a time, and the peer.
fn kept() -> (Rc<Outbox>, Rc<Line<Keeping>>, DuplexStream) {
    tokio::time::pause();
    let (below, peer) = tokio::io::duplex(4);
    (Outbox::new(100, Arc::default(), None), Line::new(Keeping { below, kept: vec![] }), peer)
}

fn push(bytes: &'static [u8]) -> Outgoing {
    Outgoing::Push(Frame::without_message(Bytes::from_static(bytes)), WhenFull::Disconnect)
}

#[actix_rt::test]
async fn what_a_socket_keeps_leaves_as_soon_as_its_peer_reads_on() {
    let (outbox, line, mut peer) = kept();
    actix_rt::spawn(write(line, outbox.clone()));
    let mut read = [0; 12];
    for _ in 0..2 {
        outbox.put(push(b"12 bytes now"));
        let whole = tokio::time::timeout(LAST_WORDS, peer.read_exact(&mut read)).await;
        whole.expect("nothing else is needed for it to leave").expect("it is open");
        assert_eq!(&read, b"12 bytes now");
    }
}

#[actix_rt::test]
async fn a_peer_that_reads_no_more_does_not_keep_a_socket_that_has_ended() {
    let (outbox, line, _deaf) = kept();
    let ended = actix_rt::spawn(write(line, outbox.clone()));
    outbox.put(push(b"12 bytes now"));
    outbox.put(Outgoing::Last(None));
    tokio::time::timeout(LAST_WORDS * 2, ended).await.expect("it is given up").expect("nothing panics");
}
