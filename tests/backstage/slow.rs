//! A page that does not read is cut, and nobody else waits for it (invariant 24).
use super::house::{Client, House, Kind, open, page, plan, signal, until_subscribed};
use super::tokens::user;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A page whose kernel takes little that it has not read.
async fn lazy(house: &House) -> Client {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("its size");
    let stream = socket.connect(house.address).await.expect("a connection");
    let mut request = format!("ws://{}/api/signals", house.address).into_client_request().expect("a request");
    let token = user("user:default/lazy", &[]).parse().expect("a header");
    request.headers_mut().insert("sec-websocket-protocol", token);
    Client(client_async(request, stream).await.expect("it is let in").0)
}

#[tokio::test]
async fn a_page_that_does_not_read_is_cut_and_the_others_get_all() {
    let mut plan = plan();
    plan.config.limits.outbox = 64 * 1024;
    let house = plan.start(Kind::Own);
    let (mut lazy, mut mia) = (lazy(&house).await, page(&house, &user("user:default/mia", &[])).await);
    for page in [&mut lazy, &mut mia] {
        page.say(json!({"action": "subscribe", "channel": "c"})).await;
    }
    until_subscribed(&house, 2).await;
    let filler = "x".repeat(50_000);
    // More than its outbox and the kernel's buffers hold together.
    for n in 0..200 {
        signal(&house, json!({"channel": "c", "message": {"n": n, "filler": filler}})).await;
        assert_eq!(mia.hears().await["message"]["n"], n);
    }
    until_subscribed(&house, 1).await;
    // Cut without a word: a close would wait behind what it does not read.
    assert_eq!(lazy.closes().await, 1006);
    let again = [("sec-websocket-protocol", &*user("user:default/lazy", &[]))];
    assert!(open(house.address, "/api/signals", &again).await.is_ok());
}
