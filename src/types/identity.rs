//! Who a session is (decision 12).
use super::{Group, Json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// What kind of party a session stands for. In JSON its name in lower case: `"user"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityKind {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A person, by a token.
    User,
    /// Another service.
    Service,
    /// The holder of an API key.
    Key,
}

/// Who a session is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The `[auth]` block it was verified with: wires that share a block share a realm.
    pub realm: Arc<str>,
    /// What kind of party it is.
    pub kind: IdentityKind,
    /// The user; empty for nobody in particular. A guest of Backstage is anonymous and has a name, `user:default/guest`.
    pub user: Arc<str>,
    /// Roles and entity refs: what events can be addressed to.
    pub groups: BTreeSet<Group>,
    /// From the claim `scope`, separated by spaces.
    pub scopes: BTreeSet<String>,
    /// The claim `jti`.
    pub token_id: Option<Arc<str>>,
    /// When the token was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// When the identity ends, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// The claim `info`, shown to others in the same channels.
    pub info: Option<Json>,
    /// The claim `meta`, shown to handlers only.
    pub meta: Option<Json>,
}

impl Identity {
    /// Nobody in particular, shared by all who are nobody.
    pub fn nobody() -> Arc<Self> {
        static NOBODY: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::anonymous()));
        NOBODY.clone()
    }

    /// The same without these scopes.
    pub fn without(self: &Arc<Self>, scopes: &BTreeSet<String>) -> Arc<Self> {
        if self.scopes.is_disjoint(scopes) {
            return self.clone();
        }
        let left = self.scopes.difference(scopes).cloned().collect();
        Arc::new(Identity { scopes: left, ..(**self).clone() })
    }

    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Identity {
            realm: "".into(),
            kind: IdentityKind::Anonymous,
            user: "".into(),
            groups: BTreeSet::new(),
            scopes: BTreeSet::new(),
            token_id: None,
            issued_at: None,
            expires_at: None,
            info: None,
            meta: None,
        }
    }
}
