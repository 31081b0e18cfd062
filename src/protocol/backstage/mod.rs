//! The wires of Backstage: signals for its pages, events for its plugins. Shared parts are here.
//!
//! Source: the contract of Backstage's events (its pull request 17997) and of its signals (`plugin-signals`).
pub mod events;
pub mod signals;

use crate::protocol::{Frame, FrameBuilder, Reply};
use crate::types::{Disconnect, Event};
use std::io::Write as _;
use std::time::Duration;

/// The name of the authenticator that verifies Backstage's tokens.
pub const AUTHENTICATOR: &str = "backstage";
/// Between two pings of the originals.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// What says that an event is not told as it was published, but was kept for whoever is told it now.
const REPLAYED: &[u8] = b",\"replayed\":true";

/// Ends the object of an event.
fn end_event(out: &mut FrameBuilder, is_replayed: bool) {
    // A buffer in memory takes all that is written.
    let _ = out.write_all(if is_replayed { REPLAYED } else { b"" });
    let _ = out.write_all(b"}");
}

/// What was kept for whoever has subscribed, in the words of the wire; nothing where it was no such reply, or nothing was kept.
fn kept(reply: &Reply, write: impl Fn(&Event) -> Frame) -> Option<Frame> {
    let Reply::Subscribed(subscribed) = reply else { return None };
    let frames: Vec<Frame> = subscribed.kept.iter().map(|event| write(event)).collect();
    (!frames.is_empty()).then(|| Frame::in_a_row(&frames))
}

/// The close code that tells a client of an end (RFC 6455, section 7.4). Its `SignalClient` comes back after every code but 1000
/// and 1001: to stay away is for those whose tokens were taken back.
fn close_code(reason: &Disconnect) -> u16 {
    const STAY_AWAY: u16 = 1000;
    const SERVICE_RESTART: u16 = 1012;
    const EXPIRED: u16 = 4401;
    match reason {
        reason if *reason == Disconnect::INVALID_TOKEN => STAY_AWAY,
        reason if *reason == Disconnect::SHUTDOWN => SERVICE_RESTART,
        reason if *reason == Disconnect::CONNECTION_EXPIRED => EXPIRED,
        reason => reason.code,
    }
}
