//! The thread that the clients of a manager share.
use super::peer::Peer;
use super::{manager_with, soon};
use std::cell::RefCell;
use std::future::ready;
use std::thread::{ThreadId, current};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Tells which thread it was on when that ends.
struct Tells(UnboundedSender<ThreadId>);

impl Drop for Tells {
    fn drop(&mut self) {
        // The test may have ended.
        let _ = self.0.send(current().id());
    }
}

thread_local! {
    static TELLS: RefCell<Option<Tells>> = const { RefCell::new(None) };
}

/// A token source that tells on which thread it is asked, and when that thread has ended.
fn source() -> (impl callboard::client::TokenSource, UnboundedReceiver<ThreadId>, UnboundedReceiver<ThreadId>) {
    let (asked, is_asked) = unbounded_channel();
    let (ended, has_ended) = unbounded_channel();
    let source = move || {
        TELLS.with_borrow_mut(|tells| _ = tells.get_or_insert_with(|| Tells(ended.clone())));
        ready(asked.send(current().id()).map(|()| "a token"))
    };
    (source, is_asked, has_ended)
}

#[tokio::test]
async fn the_clients_of_a_manager_share_a_thread_which_ends_after_the_manager_and_the_last_of_them() {
    let peer = Peer::new().await;
    let (source, mut asked, mut ended) = source();
    let manager = manager_with(&peer, source);
    let first = manager.for_plugin("catalog").get_client();
    first.connect().await.unwrap();
    let link = peer.accept_catalog().await;
    let thread = soon(asked.recv()).await.unwrap();
    drop(first);
    // No client is left, and the thread stays for the next one.
    link.rest().await;
    let second = manager.for_plugin("catalog").get_client();
    second.connect().await.unwrap();
    let link = peer.accept_catalog().await;
    assert_eq!(soon(asked.recv()).await.unwrap(), thread);
    drop(manager);
    assert!(ended.try_recv().is_err(), "the second client is there");
    drop(second);
    link.rest().await;
    assert_eq!(soon(ended.recv()).await.unwrap(), thread);
}

#[tokio::test]
async fn the_thread_ends_soon_though_what_is_kept_cannot_be_sent() {
    let peer = Peer::new().await;
    let (source, mut asked, mut ended) = source();
    let client = manager_with(&peer, source).for_plugin("catalog").get_client();
    client.publish("never sent", super::everyone()).unwrap();
    client.connect().await.unwrap();
    soon(asked.recv()).await.unwrap();
    drop(client);
    // It accepts and never answers.
    let _silent = peer.tcp().await;
    soon(ended.recv()).await.unwrap();
}
