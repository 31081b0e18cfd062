//! What is revoked of the rights that tokens granted (decision 14).
use super::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is taken back, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revocation {
    /// The realm of the tokens.
    pub realm: Arc<str>,
    /// Tokens of this user; empty: of whoever has the token of the id.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub user: Arc<str>,
    /// The token of this id (`jti`), whenever it was issued; none: all of the user that were issued up to `at`, and those that
    /// do not say when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Arc<str>>,
    /// Only these scopes; none: the tokens as a whole.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// When it was taken back, in seconds since 1970.
    pub at: i64,
}

impl Revocation {
    /// Whether it is about no user and no token, and so about nobody.
    pub fn is_about_nobody(&self) -> bool {
        self.user.is_empty() && self.token_id.as_deref().is_none_or(str::is_empty)
    }

    /// Whether it is about the token of this identity. `upto` is the latest time of issue that it reaches.
    pub fn touches(&self, identity: &Identity, upto: i64) -> bool {
        let of_user = self.user.is_empty() || self.user == identity.user;
        let of_token = match &self.token_id {
            Some(id) => identity.token_id.as_ref() == Some(id),
            None => !self.user.is_empty() && identity.issued_at.is_none_or(|issued| issued <= upto),
        };
        self.realm == identity.realm && of_user && of_token
    }

    /// The same, a piece a scope: what can be kept, repeated and forgotten by itself.
    pub fn pieces(&self) -> impl Iterator<Item = Revocation> {
        let whole = self.scopes.is_empty().then(|| self.clone());
        let of_scope = |scope: &String| Revocation { scopes: BTreeSet::from([scope.clone()]), ..self.clone() };
        whole.into_iter().chain(self.scopes.iter().map(of_scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str, token_id: Option<&str>) -> Revocation {
        let token_id = token_id.map(Into::into);
        Revocation { realm: "".into(), user: user.into(), token_id, scopes: BTreeSet::new(), at: 100 }
    }

    fn identity(user: &str, token_id: Option<&str>, issued_at: Option<i64>) -> Identity {
        Identity { user: user.into(), token_id: token_id.map(Into::into), issued_at, ..Identity::anonymous() }
    }

    #[test]
    fn a_users_reaches_what_was_issued_before_or_does_not_say_when() {
        for (issued, reached) in [(Some(99), true), (Some(100), true), (Some(101), false), (None, true)] {
            assert_eq!(of("mia", None).touches(&identity("mia", Some("t"), issued), 100), reached, "{issued:?}");
            assert!(!of("mia", None).touches(&identity("leo", Some("t"), issued), 100));
        }
        assert!(!of("", None).touches(&identity("", None, None), 100), "anonymous sessions are no user");
    }

    #[test]
    fn a_tokens_reaches_that_token_whenever_it_was_issued_and_of_that_user_where_one_is_named() {
        for user in ["", "mia"] {
            assert!(of(user, Some("t")).touches(&identity("mia", Some("t"), Some(500)), 100));
            assert!(!of(user, Some("t")).touches(&identity("mia", Some("u"), None), 100));
            assert!(!of(user, Some("t")).touches(&identity("mia", None, None), 100));
        }
        assert!(!of("leo", Some("t")).touches(&identity("mia", Some("t"), None), 100));
        let elsewhere = Identity { realm: "other".into(), ..identity("mia", Some("t"), None) };
        assert!(!of("", Some("t")).touches(&elsewhere, 100));
    }

    #[test]
    fn it_falls_into_a_piece_a_scope() {
        assert_eq!(of("mia", None).pieces().collect::<Vec<_>>(), [of("mia", None)]);
        let scopes = ["a".to_owned(), "b".to_owned()];
        let both = Revocation { scopes: scopes.into(), ..of("mia", None) };
        let pieces: Vec<_> = both.pieces().map(|piece| piece.scopes.into_iter().collect::<String>()).collect();
        assert_eq!(pieces, ["a", "b"]);
    }
}
