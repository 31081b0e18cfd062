//! Taking back what tokens granted: live sessions lose it, and who comes with such a token does not get it (decision 14).
//!
//! A node keeps what has been taken back in a table that every token is held against. Nodes that share an engine tell each
//! other at once, and keep it in the engine for those that start later; each looks there once a second, so that none depends
//! on having been told.
use super::words::Ask;
use super::{Everywhere, Reached};
use crate::auth::MAX_TOKEN;
use crate::broker::handler::LifecycleEvent;
use crate::broker::revocations::Learned;
use crate::broker::{Authentication, Target};
use crate::delivery::SessionOrder;
use crate::engine;
use crate::types::{ReplyError, Revocation};
use std::sync::Arc;
use std::time::Duration;

/// What of a user's authentication is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// All tokens issued so far.
    All,
    /// The token of this id (`jti`).
    Token(String),
    /// These scopes of the tokens issued so far.
    Scopes(Vec<String>),
}

/// Why something is not revoked, or not everywhere.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RevokeError {
    /// 107 where it is about nobody or nothing, 106 where `limits.revocations` are kept already: live sessions have lost it all
    /// the same, but who comes with the token is let in.
    #[error("{} ({})", .0.message, .0.code)]
    Refused(ReplyError),
    /// It is in force on this node. The engine did not keep it: nodes that start later do not know of it, nor those that are
    /// missing, until the engine can be reached again from here.
    #[error("revoked on this node, but not kept ({error}); missing: {}", names(.missing))]
    NotKept {
        /// The ids of nodes that could not be told.
        missing: Vec<String>,
        /// What the engine said.
        error: engine::Error,
    },
}

fn names(missing: &[String]) -> String {
    if missing.is_empty() { "no node that is known".to_owned() } else { missing.join(", ") }
}

impl From<RevokeError> for ReplyError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Refused(error) => error,
            error @ RevokeError::NotKept { .. } => {
                ReplyError { message: error.to_string().into(), ..ReplyError::INTERNAL }
            }
        }
    }
}

impl Authentication<'_> {
    /// A revocation of now, in the realm of `auth`. Fails with 107 where it is about no scope.
    pub fn revocation(self, user: &str, what: Revoke) -> Result<Revocation, ReplyError> {
        let (token_id, scopes) = match what {
            Revoke::All => (None, vec![]),
            Revoke::Token(id) => (Some(id.into()), vec![]),
            Revoke::Scopes(scopes) if scopes.is_empty() => {
                return Err(ReplyError::bad_field("scopes", "is empty: leave it out to revoke the tokens as a whole"));
            }
            Revoke::Scopes(scopes) => (None, scopes),
        };
        let realm = self.0.settings().authenticators.own().realm();
        Ok(Revocation { realm, user: user.into(), token_id, scopes: scopes.into_iter().collect(), at: self.0.now() })
    }

    /// Takes back what tokens granted to a user, on all nodes. See [`Everywhere::revoke`].
    pub async fn revoke(self, user: &str, what: Revoke) -> Result<Reached<()>, RevokeError> {
        let revocation = self.revocation(user, what).map_err(RevokeError::Refused)?;
        self.0.everywhere().revoke(revocation).await
    }

    /// Holds tokens against a revocation for this long, and takes it back from live sessions whose tokens say that they were
    /// issued up to `upto`.
    pub(super) fn enforce(self, revocation: &Revocation, ttl: Duration, upto: i64) -> Learned {
        let learned = self.revocations().learn(revocation, ttl, self.0.metrics());
        self.0
            .sessions()
            .recoverable()
            .forget(|identity| revocation.scopes.is_empty() && revocation.touches(identity, upto));
        self.0.sessions().apply_revocation(revocation, upto);
        let shared = Arc::new(revocation.clone());
        let order = SessionOrder::Revoke(shared.clone(), upto);
        match revocation.user.is_empty() {
            true => self.0.sessions().directory().everyone().iter().for_each(|session| session.order(order.clone())),
            false => {
                let of_user = Target { user: revocation.user.to_string(), ..Target::default() };
                self.0.sessions().directory().order(&of_user, &order);
            }
        }
        if learned != Learned::Known {
            self.0.handlers().tell(LifecycleEvent::Revoked(shared));
        }
        learned
    }
}

impl Everywhere<'_> {
    /// Takes back what tokens granted: who is in with such a token loses it at once, and who comes with one does not get it, for
    /// `auth.revocation_ttl`. Sessions of this node and of those that are not missing have been told when this answers; one that
    /// is missing does the same as soon as it can. Handlers are told on each node.
    pub async fn revoke(&self, revocation: Revocation) -> Result<Reached<()>, RevokeError> {
        check(&revocation).map_err(RevokeError::Refused)?;
        let node = self.node();
        let ttl = node.settings().authenticators.of_realm(&revocation.realm).revocation_ttl();
        // Whatever they say of their issue: they were there before.
        let learned = node.authentication().enforce(&revocation, ttl, i64::MAX);
        let ask = Ask::Revoke { revocation: revocation.clone(), seconds: ttl.as_secs() };
        if learned == Learned::Full {
            self.ask(ask).await;
            return Err(RevokeError::Refused(ReplyError::LIMIT_EXCEEDED));
        }
        let (kept, others) = futures_util::join!(node.engine().revoke(&revocation, ttl).wait(), self.ask(ask));
        let missing = others.missing;
        match kept {
            Ok(()) => Ok(Reached { value: (), missing }),
            Err(error) => {
                node.authentication().revocations().owe();
                let error = RevokeError::NotKept { missing, error };
                log::error!("{error}");
                Err(error)
            }
        }
    }
}

/// Fails with 107 where it is about nobody, names nothing, or is longer than any token could be.
fn check(revocation: &Revocation) -> Result<(), ReplyError> {
    let Revocation { realm, user, token_id, scopes, .. } = revocation;
    if revocation.is_about_nobody() {
        let why = "is missing, and so is \"token_id\": whose tokens are meant?";
        return Err(ReplyError::bad_field("user", why));
    }
    let no_scope = |scope: &String| scope.is_empty() || scope.contains(|c: char| c.is_ascii_whitespace());
    if scopes.iter().any(no_scope) {
        return Err(ReplyError::bad_field("scopes", "has a scope that is empty or has spaces"));
    }
    let texts = [("realm", &**realm), ("user", &**user), ("token_id", token_id.as_deref().unwrap_or_default())];
    let mut texts = texts.into_iter().chain(scopes.iter().map(|scope| ("scopes", scope.as_str())));
    match texts.find(|(_, text)| text.len() > MAX_TOKEN) {
        Some((field, _)) => Err(ReplyError::bad_field(field, "is longer than a token may be")),
        None => Ok(()),
    }
}
