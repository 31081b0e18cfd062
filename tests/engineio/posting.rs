use super::client::send;
use super::house::{PATH, Plan, both};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn an_answer_says_ok_and_no_cache_keeps_it() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let reply = session.post("4nothing").await;
        assert_eq!((reply.told(), reply.header("content-type")), ((200, "ok"), Some("text/html")));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        // As browsers name it, and python's client.
        for content_type in ["text/plain;charset=UTF-8", "text/plain"] {
            let more = format!("Content-Type: {content_type}\r\n");
            let reply = house.send("POST", &session.query("polling"), &more, "4x").await.reply().await;
            assert_eq!(reply.told(), (200, "ok"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_close_packet_ends_the_session_and_its_poll() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        session.say("4nothing\x1e1").await;
        assert_eq!(poll.reply().await.told(), (200, "6"));
        session.is_gone().await;
        // Its own wish is none of the broker's closes.
        assert_eq!(house.metric("callboard_disconnects_total", "").await, 0.0);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_packet_ends_the_session_after_what_came_before() {
    both(Plan::new, async |house| {
        for wrong in ["abc", "", "4a\x1e", "7", "b!", "2", "2probe"] {
            let session = house.open().await;
            let poll = session.poll().await;
            assert_eq!(session.post(wrong).await.told(), (200, "ok"), "{wrong:?}");
            let last = poll.reply().await;
            assert!(last.status == 200 && last.body.ends_with('1'), "{wrong:?}: {last:?}");
            session.is_gone().await;
        }
        assert_eq!(house.metric("callboard_disconnects_total", "parse error").await, 5.0);
        assert_eq!(house.metric("callboard_disconnects_total", "transport error").await, 2.0);
    })
    .await;
}

#[tokio::test]
async fn text_that_is_not_utf8_ends_the_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let target = format!("{PATH}?{}", session.query("polling"));
        let reply = send(house.address, "POST", &target, "", b"4\xff").await.reply().await;
        assert_eq!(reply.told(), (200, "ok"));
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn packets_that_only_a_server_sends_are_ignored() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        session.say("0{}\x1e5\x1e6\x1e3").await;
        session.works().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_harms_nothing() {
    let plan = || {
        let mut plan = Plan::new();
        plan.engine.max_payload = 1000;
        plan
    };
    both(plan, async |house| {
        let session = house.open().await;
        let too_large = format!("4{}", "x".repeat(1000));
        assert_eq!(session.post(&too_large).await.told(), (413, ""));
        // Without a length it is read as far as it may be.
        let chunked = format!("{:x}\r\n{too_large}\r\n0\r\n\r\n", too_large.len());
        let target = format!("{PATH}?{}", session.query("polling"));
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        stream.write_all(format!("{head}{chunked}").as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
        session.say(&too_large[..1000]).await;
        assert_eq!(session.get().await.body.len(), 1000);
    })
    .await;
}

#[tokio::test]
async fn a_body_of_bytes_ends_the_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        let more = "Content-Type: application/octet-stream\r\n";
        let reply = house.send("POST", &session.query("polling"), more, "4a").await.reply().await;
        assert_eq!(reply.told(), (400, ""));
        assert_eq!(poll.reply().await.told(), (200, "1"));
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn a_second_post_ends_the_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let half = begun(&house, &session.query("polling")).await;
        assert_eq!(session.post("4x").await.told(), (400, ""));
        session.is_gone().await;
        drop(half);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_midst_of_a_post_has_lost_its_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        drop(begun(&house, &session.query("polling")).await);
        assert_eq!(poll.reply().await.told(), (200, "1"));
        session.is_gone().await;
    })
    .await;
}

/// A POST of which half has come.
async fn begun(house: &super::house::House, query: &str) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let target = format!("{PATH}?{query}");
    let head =
        format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // Told before the body is read, and so when the request is known.
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"4half").await.unwrap();
    stream
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_ends_its_session() {
    both(Plan::brisk, async |house| {
        let session = house.open().await;
        let mut stream = TcpStream::connect(house.address).await.expect("a connection");
        let head = format!(
            "POST {PATH}?{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n4",
            session.query("polling")
        );
        stream.write_all(head.as_bytes()).await.expect("it is open");
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&status), "HTTP/1.1 408");
        session.is_gone().await;
    })
    .await;
}
