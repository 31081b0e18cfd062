//! A client that is cut off at any step leaves nothing behind, and nobody else notices.
use super::house::{Client, House, Kind, api, backend, both, listener, page, plan, signal, until_subscribed};
use super::tokens::{service, user};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

/// Cuts the connection without a word.
fn cut(client: Client) {
    let stream = client.0.into_inner();
    drop(stream);
}

/// Waits until so many sessions are left.
async fn until_left(house: &House, count: u64) {
    let begun = std::time::Instant::now();
    loop {
        let info = api(house, "info", json!({})).await["result"]["nodes"][0].clone();
        if info["num_clients"] == count {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "still {info}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn steps() -> Vec<Value> {
    vec![
        json!({"command": "register", "pluginId": "catalog"}),
        json!({"command": "subscribe", "pluginId": "catalog", "topic": "t"}),
        json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": "cut"}),
        json!({"command": "unsubscribe", "pluginId": "catalog", "topic": "t"}),
    ]
}

#[tokio::test]
async fn a_backend_that_is_cut_off_at_any_step_leaves_nothing_behind() {
    both(plan, async |house: House| {
        let mut mia = listener(&house, &user("user:default/mia", &[])).await;
        mia.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        mia.settled().await;
        for settles in [false, true] {
            for count in 0..=steps().len() {
                let mut catalog = listener(&house, &service("catalog")).await;
                for step in steps().into_iter().take(count) {
                    catalog.say(step).await;
                }
                if settles {
                    catalog.settled().await;
                }
                cut(catalog);
            }
        }
        until_left(&house, 1).await;
        until_subscribed(&house, 1).await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "data": "last"})).await;
        // What a cut backend had published before the cut comes or not; nothing comes twice.
        let mut early = 0;
        while mia.hears().await["data"] != "last" {
            early += 1;
        }
        assert!((2..=4).contains(&early), "{early} of 4 publishes, and those that were done for certain");
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_cut_off_in_its_handshake_or_after_it_leaves_nothing_behind() {
    let house = plan().start(Kind::Own);
    let token = user("user:default/mia", &[]);
    let head = format!(
        "GET /api/signals HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: {token}\r\n\r\n"
    );
    let address = house.address;
    let begun = tokio::task::spawn_blocking(move || {
        for end in [10, head.len() / 2, head.len() - 2, head.len()] {
            let mut stream = std::net::TcpStream::connect(address).expect("a connection");
            stream.write_all(&head.as_bytes()[..end]).expect("written");
        }
    });
    begun.await.expect("all are cut");
    for count in 0..3 {
        let mut mia = page(&house, &token).await;
        for channel in 0..count {
            mia.say(json!({"action": "subscribe", "channel": channel.to_string()})).await;
        }
        cut(mia);
    }
    until_left(&house, 0).await;
    until_subscribed(&house, 0).await;
    let mut mia = page(&house, &token).await;
    mia.say(json!({"action": "subscribe", "channel": "c"})).await;
    until_subscribed(&house, 1).await;
    signal(&house, json!({"channel": "c", "message": 1})).await;
    assert_eq!(mia.hears().await["message"], 1);
}
