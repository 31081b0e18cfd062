use super::client::{Socket, WEBSOCKET};
use super::house::{House, Kind, Plan, both};
use futures_util::SinkExt;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, Utf8Bytes};

/// A WebSocket whose open packet was read.
async fn opened(house: &House) -> Socket {
    let mut socket = house.websocket(WEBSOCKET).await;
    socket.next().await;
    socket
}

#[tokio::test]
async fn messages_of_text_and_bytes_come_back_in_order() {
    both(Plan::new, async |house| {
        let mut socket = opened(&house).await;
        socket.say("4a").await;
        socket.say_bytes(&[1, 2, 255]).await;
        socket.say("bAQID/w==").await;
        socket.say("4both").await;
        socket.hears("4a").await;
        assert_eq!(socket.next().await, Some(Message::binary(vec![1, 2, 255])));
        assert_eq!(socket.next().await, Some(Message::binary(vec![1, 2, 3, 255])));
        socket.hears("4both").await;
        assert_eq!(socket.next().await, Some(Message::binary(vec![1, 2, 3])));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_packet_closes_it_without_a_status() {
    both(Plan::new, async |house| {
        for wrong in ["7", "abc", "", "b!", "2", "2probe", "1"] {
            let mut socket = opened(&house).await;
            socket.say(wrong).await;
            socket.was_closed(None).await;
        }
        house.until("callboard_connections", "engineio-websocket", 0.0).await;
    })
    .await;
}

#[tokio::test]
async fn packets_that_only_a_server_sends_are_ignored() {
    both(Plan::new, async |house| {
        let mut socket = opened(&house).await;
        for ignored in ["0{}", "5", "6", "3"] {
            socket.say(ignored).await;
        }
        socket.say("4still here").await;
        socket.hears("4still here").await;
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_rules_of_websocket_is_told_the_code_for_it() {
    let plan = || {
        let mut plan = Plan::new();
        plan.engine.max_payload = 1000;
        plan
    };
    both(plan, async |house| {
        let mut socket = opened(&house).await;
        socket.say(&format!("4{}", "x".repeat(1000))).await;
        socket.was_closed(Some(1009)).await;
        let mut socket = opened(&house).await;
        let broken = Frame::message(vec![b'4', 0xff], OpCode::Data(Data::Text), true);
        socket.0.send(Message::Frame(broken)).await.unwrap();
        socket.was_closed(Some(1007)).await;
        let mut socket = opened(&house).await;
        // A part of a message that has not begun.
        let broken = Frame::message(vec![b'4'], OpCode::Data(Data::Continue), true);
        socket.0.send(Message::Frame(broken)).await.unwrap();
        socket.was_closed(Some(1002)).await;
        assert_eq!(house.metric("callboard_disconnects_total", "transport error").await, 3.0);
    })
    .await;
}

#[tokio::test]
async fn fragments_are_one_message_and_pings_between_them_are_answered() {
    both(Plan::new, async |house| {
        let mut socket = opened(&house).await;
        let part = |bytes: &'static [u8], opcode, last| Message::Frame(Frame::message(bytes, opcode, last));
        socket.0.send(part(b"4frag", OpCode::Data(Data::Text), false)).await.unwrap();
        socket.0.send(Message::Ping(vec![7].into())).await.unwrap();
        assert_eq!(socket.next().await, Some(Message::Pong(vec![7].into())));
        socket.0.send(part(b"ments", OpCode::Data(Data::Continue), true)).await.unwrap();
        socket.hears("4fragments").await;
        socket.0.send(part(&[1], OpCode::Data(Data::Binary), false)).await.unwrap();
        socket.0.send(part(&[2], OpCode::Data(Data::Continue), true)).await.unwrap();
        assert_eq!(socket.next().await, Some(Message::binary(vec![1, 2])));
    })
    .await;
}

#[tokio::test]
async fn a_socket_of_the_brokers_own_ends_when_both_have_closed() {
    let house = Plan::new().start(Kind::Own);
    let since = Instant::now();
    let mut by_client = opened(&house).await;
    by_client.0.close(None).await.unwrap();
    assert_eq!(by_client.next().await, None);
    by_client.ends().await;
    let mut by_broker = opened(&house).await;
    by_broker.say("1").await;
    assert_eq!(by_broker.next().await, None);
    by_broker.ends().await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_gone() {
    both(Plan::new, async |house| {
        let mut socket = opened(&house).await;
        let goodbye = CloseFrame { code: 1000.into(), reason: Utf8Bytes::from_static("") };
        socket.0.close(Some(goodbye)).await.unwrap();
        assert_eq!(socket.next().await, None);
        house.until("callboard_connections", "engineio-websocket", 0.0).await;
        assert_eq!(house.metric("callboard_disconnects_total", "").await, 0.0);
    })
    .await;
}
