//! The token that a client shows.
use super::peer::Peer;
use super::{brisk, manager, manager_with};
use callboard::client::{ClientOptions, NoToken};
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A source that numbers its tokens, and how many it gave.
fn numbered() -> (impl callboard::client::TokenSource, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let counts = given.clone();
    (move || ready(Ok::<_, String>(format!("token {}", counts.fetch_add(1, Ordering::Relaxed) + 1))), given)
}

#[tokio::test]
async fn a_token_is_asked_for_before_each_attempt() {
    let peer = Peer::new().await;
    let (source, given) = numbered();
    let client = manager_with(&peer, source).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    for (number, status) in [(1, "401 Unauthorized"), (2, "401 Unauthorized"), (3, "404 Not Found")] {
        let head = peer.refuse(status).await;
        assert!(head.contains(&format!("Bearer token {number}\r\n")), "{head}");
    }
    let link = peer.accept_catalog().await;
    assert_eq!(link.authorization.as_deref(), Some("Bearer token 4"));
    link.close(4401).await;
    assert_eq!(peer.accept_catalog().await.authorization.as_deref(), Some("Bearer token 5"));
    assert!(given.load(Ordering::Relaxed) >= 5);
}

#[tokio::test]
async fn a_source_that_fails_panics_hangs_or_gives_no_header_is_asked_again() {
    let peer = Peer::new().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let source = move || {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        assert_ne!(number, 0, "a panic before the future is there, which the test wants");
        async move {
            match number {
                1 => panic!("a panic in the future, which the test wants"),
                2 => Err("no key yet"),
                3 => std::future::pending().await,
                4 => Ok("two\r\nlines: here".to_owned()),
                _ => Ok("  a good one\n".to_owned()),
            }
        }
    };
    let options = ClientOptions { patience: Duration::from_millis(50), ..brisk() };
    let client = manager_with(&peer, source).with_options(options).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    assert_eq!(peer.accept_catalog().await.authorization.as_deref(), Some("Bearer a good one"));
}

#[tokio::test]
async fn a_frontend_may_come_without_a_token() {
    let peer = Peer::new().await;
    let client = manager_with(&peer, NoToken).frontend();
    client.subscribe("catalog", |_: u32| {}, None).unwrap();
    assert_eq!(peer.accept().await.authorization, None);
}

#[tokio::test]
async fn what_is_shown_of_a_client_has_no_token_in_it() {
    let peer = Peer::new().await;
    let manager = manager(&peer);
    let plugin = manager.for_plugin("catalog");
    let shown = format!("{manager:?} {plugin:?} {:?} {:?}", plugin.get_client(), manager.frontend());
    assert!(shown.contains("/events") && shown.contains("catalog") && !shown.contains("a token"), "{shown}");
}
