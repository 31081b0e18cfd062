//! Heartbeats that are WebSocket pings.
use super::toy_wire::PingedToyWire;
use crate::engineio::house::{House, Plan, both};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

const PATIENCE: Duration = Duration::from_secs(20);

fn plan() -> Plan {
    let mut plan = Plan::new();
    plan.extend = |builder| builder.wire("/pinged", vec![&PingedToyWire]);
    plan
}

/// Opens a WebSocket by hand and says hello; what comes is answered by nobody.
async fn mute(house: &House) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).await.expect("a connection");
    let head = "GET /pinged HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("written");
    let hello = br#"{"id":1,"do":"hello"}"#;
    // A mask of zeros leaves a payload as it is (RFC 6455, section 5.3).
    let frame = [&[0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0][..], hello].concat();
    stream.write_all(&frame).await.expect("written");
    stream
}

#[tokio::test]
async fn who_does_not_answer_a_ping_is_closed_and_the_others_are_pinged_on() {
    both(plan, async |house: House| {
        let stream = TcpStream::connect(house.address).await.expect("a connection");
        let url = format!("ws://{}/pinged", house.address);
        let (mut lively, _) = client_async(url, stream).await.expect("the handshake");
        lively.send(Message::text(r#"{"id":1,"do":"hello"}"#)).await.expect("it is open");
        let (tell, mut pinged) = mpsc::unbounded_channel();
        // The library answers pings by itself, while somebody reads.
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = lively.next().await {
                if matches!(message, Message::Ping(_)) && tell.send(()).is_err() {
                    return;
                }
            }
        });
        // Two that die, one after the other: the first must not stop the rounds of the others.
        for _ in 0..2 {
            let mut mute = mute(&house).await;
            let mut said = vec![];
            timeout(PATIENCE, mute.read_to_end(&mut said)).await.expect("it is closed").expect("read");
            let close = said.windows(4).find(|bytes| bytes[0] == 0x88).expect("a close");
            assert_eq!(u16::from_be_bytes([close[2], close[3]]), 3012);
            assert!(said.windows(2).any(|bytes| bytes == [0x89, 0]), "it was pinged");
        }
        while pinged.try_recv().is_ok() {}
        for _ in 0..3 {
            timeout(PATIENCE, pinged.recv()).await.expect("a ping comes").expect("it is open");
        }
        reading.abort();
    })
    .await;
}
