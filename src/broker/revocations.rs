//! What has been revoked, kept as long as the revoked tokens could be valid.
use crate::metrics::Metrics;
use crate::types::{Clock, Identity, Revocation};
use foldhash::quality::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at which marks have ended.
const SWEEP: Duration = Duration::from_secs(60);
/// Stands for "for ever" where a time must be added to another.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The revocations that a node knows. A table behind a lock that is held for a look-up only, and not looked into at all as
/// long as it is empty.
pub struct Revocations {
    table: Mutex<Table>,
    count: AtomicUsize,
    limit: usize,
    clock: Clock,
    /// Whether what the engine keeps has been read.
    is_read: AtomicBool,
    /// The engine has not taken all that is known here.
    owes: AtomicBool,
    has_warned: AtomicBool,
}

#[derive(Default)]
struct Table {
    marks: HashMap<Key, Mark, RandomState>,
    swept: Option<Instant>,
}

/// Whose token; the scope is none for the token as a whole.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    realm: Arc<str>,
    user: Arc<str>,
    token_id: Option<Arc<str>>,
    scope: Option<String>,
}

/// How far it reaches, and how long it is kept.
#[derive(Clone, Copy)]
struct Mark {
    /// Tokens issued later are good; of a token's id none is.
    at: i64,
    until: Instant,
}

/// What a token is worth.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// What it says.
    Good,
    /// That, but for these scopes.
    Without(BTreeSet<String>),
    /// Nothing.
    Revoked,
    /// It cannot be told yet: what the engine keeps has not been read.
    Unknown,
}

/// What a revocation was to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It says more than was known.
    New,
    /// All of it was known.
    Known,
    /// Not all of it fits.
    Full,
}

impl Revocations {
    /// An empty table for this many.
    pub fn new(limit: usize, clock: Clock) -> Self {
        Revocations {
            table: Mutex::default(),
            count: AtomicUsize::new(0),
            limit,
            clock,
            is_read: AtomicBool::new(false),
            owes: AtomicBool::new(false),
            has_warned: AtomicBool::new(false),
        }
    }

    /// Takes a revocation in, for this long.
    pub fn learn(&self, revocation: &Revocation, ttl: Duration, metrics: &Metrics) -> Learned {
        let now = Instant::now();
        let mark = Mark { at: revocation.at, until: now + ttl.min(FAR) };
        let mut table = self.table();
        table.sweep(now, self.limit);
        let mut learned = Learned::Known;
        for key in revocation.pieces().map(Key::from) {
            let is_full = table.marks.len() >= self.limit;
            match table.marks.get_mut(&key) {
                Some(known) => {
                    if known.at < mark.at {
                        learned = Learned::New;
                    }
                    *known = Mark { at: known.at.max(mark.at), until: known.until.max(mark.until) };
                }
                None if is_full => {
                    Metrics::count(&metrics.refusals, "revocations");
                    learned = Learned::Full;
                    break;
                }
                None => {
                    learned = Learned::New;
                    table.marks.insert(key, mark);
                }
            }
        }
        self.count.store(table.marks.len(), Ordering::Release);
        metrics.store("revocations", table.marks.len());
        learned
    }

    /// Whether all of a revocation is known.
    pub fn knows(&self, revocation: &Revocation) -> bool {
        let table = self.table();
        let known = |key: Key| table.marks.get(&key).is_some_and(|mark| mark.at >= revocation.at);
        revocation.pieces().map(Key::from).all(known)
    }

    /// What the token of this identity is worth, if the clock of who issued it may be ahead by `leeway` seconds.
    pub fn status(&self, identity: &Identity, leeway: i64) -> TokenStatus {
        if identity.user.is_empty() && identity.token_id.is_none() {
            // Nobody in particular: there is nothing to revoke it by.
            return TokenStatus::Good;
        }
        if !self.is_read() {
            return TokenStatus::Unknown;
        }
        if self.count.load(Ordering::Acquire) == 0 {
            return TokenStatus::Good;
        }
        let now = Instant::now();
        let table = self.table();
        if let Some(mark) = table.mark(identity, None, leeway, now) {
            self.warn_of_return(identity, mark.until.saturating_duration_since(now));
            return TokenStatus::Revoked;
        }
        let gone = identity.scopes.iter().filter(|scope| table.mark(identity, Some(scope), leeway, now).is_some());
        let gone: BTreeSet<String> = gone.cloned().collect();
        match gone.is_empty() {
            true => TokenStatus::Good,
            false => TokenStatus::Without(gone),
        }
    }

    /// All that is known, each with the time for which it is kept.
    pub fn all(&self) -> Vec<(Revocation, Duration)> {
        let now = Instant::now();
        let table = self.table();
        let left = table.marks.iter().map(|(key, mark)| (key, mark, mark.until.saturating_duration_since(now)));
        left.filter(|(_, _, left)| !left.is_zero()).map(|(key, mark, left)| (key.revocation(mark.at), left)).collect()
    }

    /// Whether what the engine keeps has been read.
    pub fn is_read(&self) -> bool {
        self.is_read.load(Ordering::Acquire)
    }

    /// What the engine keeps has been read.
    pub fn has_been_read(&self) {
        self.is_read.store(true, Ordering::Release);
    }

    /// The engine did not take something that is known here.
    pub fn owe(&self) {
        self.owes.store(true, Ordering::Release);
    }

    /// Whether the engine did not take something; from now on it counts as taken.
    pub fn settle(&self) -> bool {
        self.owes.swap(false, Ordering::AcqRel)
    }

    /// A token that is good for longer than its revocation is kept will be good again: said once.
    pub fn warn_of_return(&self, identity: &Identity, kept: Duration) {
        let until = self.clock.now().saturating_add(i64::try_from(kept.as_secs()).unwrap_or(i64::MAX));
        let outlives = identity.expires_at.is_none_or(|end| end > until);
        if outlives && !self.has_warned.swap(true, Ordering::Relaxed) {
            log::warn!(
                "a revoked token is valid for longer than auth.revocation_ttl: after that time it is accepted again"
            );
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Table {
    /// The mark that an identity's token bears, for this scope or as a whole.
    fn mark(&self, identity: &Identity, scope: Option<&String>, leeway: i64, now: Instant) -> Option<Mark> {
        let (user, id) = (&identity.user, &identity.token_id);
        let of = |user: &Arc<str>, token_id: Option<&Arc<str>>| {
            let key = Key {
                realm: identity.realm.clone(),
                user: user.clone(),
                token_id: token_id.cloned(),
                scope: scope.cloned(),
            };
            self.marks.get(&key).filter(|mark| mark.until > now).copied()
        };
        let early = |mark: &Mark| identity.issued_at.is_none_or(|issued| issued <= mark.at.saturating_add(leeway));
        let of_user = if user.is_empty() { None } else { of(user, None).filter(early) };
        let nobody: Arc<str> = "".into();
        let of_token = || id.as_ref().and_then(|id| of(user, Some(id)).or_else(|| of(&nobody, Some(id))));
        of_user.or_else(of_token)
    }

    fn sweep(&mut self, now: Instant, limit: usize) {
        if self.marks.len() >= limit || self.swept.is_none_or(|swept| now >= swept + SWEEP) {
            self.marks.retain(|_, mark| mark.until > now);
            self.swept = Some(now);
        }
    }
}

impl Key {
    fn revocation(&self, at: i64) -> Revocation {
        let Key { realm, user, token_id, scope } = self.clone();
        Revocation { realm, user, token_id, scopes: scope.into_iter().collect(), at }
    }
}

impl From<Revocation> for Key {
    /// Of a piece, which has one scope at most.
    fn from(piece: Revocation) -> Self {
        let Revocation { realm, user, token_id, scopes, .. } = piece;
        Key { realm, user, token_id, scope: scopes.into_iter().next() }
    }
}
