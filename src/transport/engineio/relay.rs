//! A WebSocket of an app, connected to the thread of its session. An app's socket cannot leave its thread, so its bytes go through a pipe
//! in both directions, at the cost of the pipe's buffers.
use crate::delivery::Cut;
use crate::transport::cut::SocketCut;
use crate::transport::line::{Movable, Socket};
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::StreamExt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What each direction may hold.
const PIPE: usize = 8 * 1024;

/// The end that goes to the session.
struct SessionEnd {
    pipe: DuplexStream,
    cut: CancellationToken,
}

/// The end that is the body of the app's response. When it is dropped, the socket has ended.
pub(super) struct RelayBody {
    pipe: ReadHalf<DuplexStream>,
    _over: DropGuard,
}

/// Relays what comes in by `payload`; gives the socket for the session, and the body of the response. `cut` ends the socket
/// while its peer does not read.
pub(super) fn relay(payload: Payload, cut: Option<SocketCut>) -> (Movable, RelayBody) {
    let (near, far) = tokio::io::duplex(PIPE);
    let (pipe, feed) = tokio::io::split(near);
    let (is_cut, is_over) = (CancellationToken::new(), CancellationToken::new());
    let body = RelayBody { pipe, _over: is_over.clone().drop_guard() };
    let end = SessionEnd { pipe: far, cut: is_cut.clone() };
    actix_rt::spawn(async move {
        tokio::select! {
            () = is_cut.cancelled() => cut.iter().for_each(Cut::cut),
            () = is_over.cancelled() => {}
            () = bring(payload, feed) => {}
        }
    });
    (Movable::Bound(Box::new(end)), body)
}

async fn bring(mut payload: Payload, mut feed: WriteHalf<DuplexStream>) {
    while let Some(Ok(bytes)) = payload.next().await {
        if feed.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The session finds the end of what its client sends; the other direction may go on.
    let _ = feed.shutdown().await;
    // The pipe stays until the session has let go of it.
    std::future::pending::<()>().await;
}

impl Socket for SessionEnd {
    fn shut(&self) {
        self.cut.cancel();
    }

    fn into_movable(self) -> io::Result<Movable> {
        Ok(Movable::Bound(Box::new(self)))
    }
}

impl AsyncRead for SessionEnd {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SessionEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

impl MessageBody for RelayBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut scratch = [0; PIPE];
        let mut buffer = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.pipe).poll_read(cx, &mut buffer))?;
        let read = buffer.filled();
        Poll::Ready((!read.is_empty()).then(|| Ok(Bytes::copy_from_slice(read))))
    }
}
