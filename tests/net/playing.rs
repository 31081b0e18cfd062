//! How a story goes on, whatever is played in it.
use super::house::{House, pass, turns};
use std::time::Duration;

/// The last words of a connection may take this long, and an empty channel stays for a while.
const END: Duration = Duration::from_secs(30);

/// Plays a story.
pub trait Playing {
    /// Has all who are awake read what they were sent; whether anybody was sent anything.
    fn read(&mut self) -> bool;

    /// Lets everything come to rest, and all who are awake read.
    async fn calm(&mut self) {
        let mut quiet = 0;
        while quiet < 3 {
            turns(20).await;
            quiet = if self.read() { 0 } else { quiet + 1 };
        }
    }

    /// Time goes on second by second, so that whoever is awake answers heartbeats in time.
    async fn seconds(&mut self, count: u8) {
        for _ in 0..count {
            pass(Duration::from_secs(1)).await;
            self.read();
            turns(5).await;
            self.read();
        }
    }
}

/// Everybody has left, and the house is empty.
pub async fn empties(house: &House) {
    // A channel whose hub has no room for the word that it ends tries again.
    for _ in 0..10 {
        pass(END).await;
    }
    for gauge in ["callboard_sessions", "callboard_listeners", "callboard_channels", "callboard_outbox_bytes"] {
        assert_eq!(house.gauge(gauge), 0.0, "{gauge} when everybody has left");
    }
    assert_eq!(house.broker.node().connections().count(), 0, "connections when everybody has left");
}
