//! The sessions of an endpoint, on all workers.
use super::session::{EngineSession, Offer, Order, Poll, PollAnswer, Post};
use crate::broker::ConnectionPlace;
use actix::Addr;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::oneshot;

/// Random bytes of an id, and characters of its text.
const RANDOM: usize = 15;
const LENGTH: usize = 20;

/// The id of a session: whoever has it can speak for its client.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sid([u8; LENGTH]);

impl Sid {
    /// One that nobody can guess: of the generator that the operating system seeds.
    pub fn random() -> Self {
        let mut text = [0; LENGTH];
        let written = URL_SAFE_NO_PAD.encode_slice(rand::random::<[u8; RANDOM]>(), &mut text);
        debug_assert_eq!(written, Ok(LENGTH));
        Sid(text)
    }

    /// None for what has not the length of an id.
    pub fn parse(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Sid)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// One session, as the requests of its client see it.
pub(super) struct Entry {
    sid: Sid,
    session: Addr<EngineSession>,
    is_upgraded: AtomicBool,
    is_posting: AtomicBool,
    /// Held as long as the session, or a request of its client, is there.
    _place: ConnectionPlace,
}

/// All sessions of an endpoint. Bounded: each of them holds a place among the connections that there may be.
#[derive(Default)]
pub(super) struct Sessions(RwLock<HashMap<Sid, Arc<Entry>>>);

impl Sessions {
    pub fn add(&self, sid: Sid, session: Addr<EngineSession>, is_upgraded: bool, place: ConnectionPlace) -> Arc<Entry> {
        let (is_upgraded, is_posting) = (AtomicBool::new(is_upgraded), AtomicBool::new(false));
        let entry = Arc::new(Entry { sid, session, is_upgraded, is_posting, _place: place });
        self.write().insert(sid, entry.clone());
        entry
    }

    pub fn find(&self, sid: &str) -> Option<Arc<Entry>> {
        let sid = Sid::parse(sid)?;
        self.read().get(&sid).filter(|entry| entry.session.connected()).cloned()
    }

    pub fn remove(&self, entry: &Entry) {
        self.write().remove(&entry.sid);
    }

    pub fn everyone(&self) -> Vec<Arc<Entry>> {
        self.read().values().cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Sid, Arc<Entry>>> {
        // Every change is a single call, so the table is whole even where somebody panicked.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Sid, Arc<Entry>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whether it has left polling for good.
    pub fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    pub fn set_upgraded(&self) {
        self.is_upgraded.store(true, Ordering::Release);
    }

    /// Waits for packets; none where the session is gone.
    pub async fn poll(&self) -> Option<PollAnswer> {
        let (answer, answered) = oneshot::channel();
        // A session that has more to do than its mailbox holds is none that can answer.
        self.session.try_send(Poll { answer }).ok()?;
        answered.await.ok()
    }

    /// Hands in packets; none where the session is gone.
    pub async fn post(&self, body: Bytes) -> Option<PollAnswer> {
        let (answer, answered) = oneshot::channel();
        self.session.try_send(Post { body, answer }).ok()?;
        answered.await.ok()
    }

    /// Hands over the socket of an upgrade; it is closed where the session is gone.
    pub fn offer(&self, offer: Offer) {
        if self.session.try_send(offer).is_err() {
            log::debug!("an upgrade arrived after its session had ended");
        }
    }

    /// Ends the session, for the reason that the order stands for.
    pub fn order(&self, order: Order) {
        // Bounded: after the first of them the session is gone.
        self.session.do_send(order);
    }

    /// Begins to read a POST; none while another one is under way.
    pub fn begin_post(self: &Arc<Self>) -> Option<PostUnderWay> {
        let was_posting = self.is_posting.swap(true, Ordering::AcqRel);
        (!was_posting).then(|| PostUnderWay { entry: self.clone(), is_read: false })
    }
}

/// The one POST that a session may have under way. A client that goes away in the midst of it has lost its connection.
pub(super) struct PostUnderWay {
    entry: Arc<Entry>,
    is_read: bool,
}

impl PostUnderWay {
    /// All that is wanted of it has been read.
    pub fn set_read(&mut self) {
        self.is_read = true;
    }
}

impl Drop for PostUnderWay {
    fn drop(&mut self) {
        self.entry.is_posting.store(false, Ordering::Release);
        if !self.is_read {
            self.entry.order(Order::Fail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_characters_of_an_address_and_never_the_same() {
        let (one, other) = (Sid::random(), Sid::random());
        assert_eq!(one.as_str().len(), LENGTH);
        assert!(one.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{}", one.as_str());
        assert_ne!(one.as_str(), other.as_str());
        assert!(Sid::parse(one.as_str()) == Some(one) && Sid::parse("short").is_none());
    }
}
