//! One connection to a broker that the tests play, on a clock that jumps.
mod callbacks;
mod publishing;

use super::*;
use crate::client::settings::{Role, Settings};
use crate::client::subscriptions::{Key, Subscribed};
use crate::client::{ClientOptions, NoToken};
use futures_util::{FutureExt, SinkExt};
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};

/// Bytes of the largest message that the client takes.
const MOST: usize = 1024;

/// The broker's side.
type Peer = Framed<DuplexStream, Codec>;

fn key(plugin: &str) -> Key {
    Key { plugin: plugin.into(), topic: None }
}

fn client(role: Role) -> Shared {
    let options = ClientOptions { max_message: MOST, ..ClientOptions::default() };
    Shared::new(role, Arc::new(Settings { url: "ws://broker/events".into(), token: Arc::new(NoToken), options }))
}

/// A conversation of a client with a broker that does this, and that has so many bytes of buffer: how it ended, and how long it took.
async fn talk(shared: &Shared, buffer: usize, broker: impl AsyncFnOnce(Peer, &Shared)) -> (End, Duration) {
    let (client, peer) = tokio::io::duplex(buffer);
    talk_over(client, peer, shared, broker).await
}

async fn talk_over<T>(
    client: T,
    peer: DuplexStream,
    shared: &Shared,
    broker: impl AsyncFnOnce(Peer, &Shared),
) -> (End, Duration)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let era = shared.wanted().await.expect("it is wanted");
    shared.opened();
    let client = Framed::new(client, Codec::new().client_mode());
    let begun = Instant::now();
    let both = async { tokio::join!(converse(client, shared, era), broker(Framed::new(peer, Codec::new()), shared)) };
    let (end, ()) = timeout(Duration::from_secs(3600), both).await.expect("it ends");
    (end, begun.elapsed())
}

/// The conversation of a frontend that subscribed to `catalog`: how it ended, how long it took, and what the client heard.
async fn conversation(buffer: usize, broker: impl AsyncFnOnce(Peer, &Shared)) -> (End, Duration, Vec<String>) {
    let shared = client(Role::Frontend);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = heard.clone();
    let callback = move |data: &RawValue| {
        hears.lock().unwrap().push(data.get().to_owned());
        Ok(())
    };
    shared.subscribe(key("catalog"), Subscribed::new(callback)).unwrap();
    let (end, took) = talk(&shared, buffer, broker).await;
    let heard = heard.lock().unwrap().clone();
    (end, took, heard)
}

async fn next(peer: &mut Peer) -> Frame {
    peer.next().await.expect("a frame").expect("of WebSocket")
}

fn lost(end: &End, reason: &str) {
    assert!(matches!(end, End::Lost(lost) if lost.contains(reason)), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_silent_for_75_s_is_left() {
    let (end, took, _) = conversation(4096, async |mut peer, _| {
        next(&mut peer).await;
        sleep(Duration::from_secs(74)).await;
        peer.send(Message::Pong(Bytes::new())).await.unwrap();
        assert!(peer.next().await.is_none(), "the socket is dropped");
    })
    .await;
    lost(&end, "the broker was silent for 75s");
    assert_eq!(took.as_secs(), 74 + 75);
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_keep_a_connection() {
    let (end, took, _) = conversation(4096, async |mut peer, _| {
        next(&mut peer).await;
        for number in 0..10 {
            sleep(Duration::from_secs(30)).await;
            peer.send(Message::Ping(vec![number].into())).await.unwrap();
            assert_eq!(next(&mut peer).await, Frame::Pong(vec![number].into()));
        }
    })
    .await;
    lost(&end, "the connection was lost");
    assert_eq!(took.as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_reads_nothing_does_not_keep_the_client_from_leaving() {
    let (end, took, _) = conversation(16, async |peer, shared| {
        sleep(Duration::from_secs(1)).await;
        shared.drop_all();
        sleep(Duration::from_secs(60)).await;
        drop(peer);
    })
    .await;
    assert_eq!(end, End::Left);
    assert!(took.as_secs() <= 61, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_comes_while_the_client_leaves_makes_it_come_back() {
    let (end, ..) = conversation(16, async |mut peer, shared| {
        // The first frame does not fit: the client is in the middle of it when its last subscription goes and another comes.
        sleep(Duration::from_secs(1)).await;
        shared.unsubscribe(&key("catalog"));
        assert!(!shared.is_connected(), "it is to leave");
        tokio::task::yield_now().await;
        shared.subscribe(key("scaffolder"), Subscribed::new(|_| Ok(()))).unwrap();
        assert!(!shared.is_connected() && shared.connected().now_or_never().is_none(), "it is leaving");
        while let Some(Ok(_)) = peer.next().await {}
        assert!(shared.wanted().await.is_some(), "there is to be a connection");
    })
    .await;
    assert_eq!(end, End::Left);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_parts_is_put_together_and_one_over_the_bound_ends_the_connection() {
    let (end, _, heard) = conversation(4096, async |mut peer, shared| {
        next(&mut peer).await;
        let parts = [
            Item::FirstText(r#"{"command":"publish","#.into()),
            Item::Continue(r#""pluginId":"catalog","#.into()),
            Item::Last(r#""data":1.0}"#.into()),
            Item::FirstBinary(r#"{"command":"publish","pluginId":"catalog","data":2"#.into()),
            Item::Last("}".into()),
            Item::FirstText("x".repeat(MOST).into()),
            Item::Last("x".into()),
        ];
        for part in parts {
            peer.send(Message::Continuation(part)).await.unwrap();
            // Control frames may come between the parts of a message (RFC 6455, section 5.4).
            peer.send(Message::Ping(Bytes::new())).await.unwrap();
        }
        while let Some(Ok(_)) = peer.next().await {}
        assert_eq!(shared.counts().unreadable, 1, "a binary message, in parts or whole, is none of the wire");
    })
    .await;
    assert_eq!(heard, ["1.0"]);
    lost(&end, "a message has more than 1024 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_with_its_code() {
    for (code, is_revoked) in [(1000, true), (1001, false), (1012, false), (4401, false)] {
        let (end, ..) = conversation(4096, async |mut peer, _| {
            next(&mut peer).await;
            let reason = CloseReason { code: CloseCode::from(code), description: Some("why".into()) };
            peer.send(Message::Close(Some(reason))).await.unwrap();
            assert_eq!(next(&mut peer).await, Frame::Close(Some(CloseCode::from(code).into())));
        })
        .await;
        match is_revoked {
            true => assert_eq!(end, End::Revoked("why".into())),
            false => lost(&end, &format!("\"why\" ({code})")),
        }
    }
}
