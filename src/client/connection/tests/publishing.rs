//! What becomes of publishes when a connection ends.
use super::*;
use crate::client::Error;
use bytestring::ByteString;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// A backend that is to connect, with so many publishes of 100 bytes and more.
fn backend(publishes: usize) -> Shared {
    let shared = client(Role::Backend("catalog".into()));
    shared.ask();
    (0..publishes).for_each(|number| shared.keep(publish(number), None));
    shared
}

fn publish(number: usize) -> ByteString {
    format!("{number:0100}").into()
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_the_socket_took_in_part_is_sent_again_and_flush_waits_for_it() {
    let shared = backend(4);
    let flush = shared.flushed();
    tokio::pin!(flush);
    // The registration, the first publish and part of the second fit.
    let (end, _) = talk(&shared, 250, async |peer, _| {
        sleep(Duration::from_secs(1)).await;
        assert!(flush.as_mut().now_or_never().is_none());
        drop(peer);
    })
    .await;
    lost(&end, "the connection was lost");
    assert_eq!((shared.counts().lost, shared.counts().kept), (0, 3));
    assert!(flush.as_mut().now_or_never().is_none(), "it goes on waiting for those that are kept");
    talk(&shared, 4096, async |mut peer, _| {
        next(&mut peer).await;
        for number in 1..4 {
            assert_eq!(next(&mut peer).await, Frame::Text(publish(number).into_bytes()));
        }
        flush.await.unwrap();
    })
    .await;
    assert_eq!((shared.counts().lost, shared.counts().kept), (0, 0));
}

/// A socket that buffers by itself, as that of TLS, and passes nothing on.
struct Hoards(DuplexStream);

impl AsyncRead for Hoards {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Hoards {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_the_socket_had_and_did_not_pass_on_is_lost_and_flush_says_so() {
    let shared = backend(2);
    let (client, peer) = tokio::io::duplex(4096);
    let (end, _) = talk_over(Hoards(client), peer, &shared, async |peer, shared| {
        let flush = shared.flushed();
        tokio::pin!(flush);
        assert!(flush.as_mut().now_or_never().is_none());
        sleep(Duration::from_secs(1)).await;
        shared.keep(publish(2), None);
        drop(peer);
        assert!(matches!(flush.await, Err(Error::Lost(2))));
    })
    .await;
    lost(&end, "the connection was lost");
    assert_eq!((shared.counts().lost, shared.counts().kept), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_has_not_begun_when_the_broker_closes_is_sent_to_the_next_one_alone() {
    let shared = backend(0);
    let (end, _) = talk(&shared, 4096, async |mut peer, shared| {
        next(&mut peer).await;
        let reason = CloseReason { code: CloseCode::Restart, description: None };
        peer.send(Message::Close(Some(reason))).await.unwrap();
        shared.keep(publish(0), None);
        let mut before_close = 0;
        while let Some(Ok(Frame::Text(_))) = peer.next().await {
            before_close += 1;
        }
        assert_eq!(before_close + shared.counts().kept, 1);
    })
    .await;
    lost(&end, "(1012)");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_when_the_last_handle_is_dropped_is_sent_before_the_client_leaves() {
    let shared = backend(100);
    let (end, _) = talk(&shared, 64, async |mut peer, shared| {
        shared.drop_all();
        next(&mut peer).await;
        for number in 0..100 {
            assert_eq!(next(&mut peer).await, Frame::Text(publish(number).into_bytes()));
        }
        assert_eq!(next(&mut peer).await, Frame::Close(Some(CloseCode::Normal.into())));
    })
    .await;
    assert_eq!((end, shared.counts().kept), (End::Left, 0));
    assert!(shared.wanted().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_nothing_that_was_published_after_it() {
    let shared = backend(1);
    let flush = shared.flushed();
    tokio::pin!(flush);
    assert!(flush.as_mut().now_or_never().is_none());
    (1..50).for_each(|number| shared.keep(publish(number), None));
    // The registration, the first publish and part of the second fit, and the broker reads nothing.
    let (end, _) = talk(&shared, 250, async |peer, shared| {
        flush.await.unwrap();
        assert_eq!(shared.counts().kept, 49);
        drop(peer);
    })
    .await;
    lost(&end, "the connection was lost");
}
