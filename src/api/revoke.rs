//! `revoke`: takes back what tokens granted.
use super::method::Method;
use super::target::Ordered;
use crate::broker::{Node, Revoke as What};
use crate::types::ReplyError;
use serde::Deserialize;
use utoipa::ToSchema;

/// Takes back what tokens granted: to a user, or by one token.
#[derive(Deserialize, ToSchema)]
pub struct Revoke {
    /// Tokens of this user issued so far; with `token_id`, only that one.
    user: Option<String>,
    /// The token of this id (`jti`), whenever it was issued.
    token_id: Option<String>,
    /// Only these scopes; left out: the tokens as a whole.
    scopes: Option<Vec<String>>,
    /// The realm of the tokens; left out: that of `[auth]`.
    realm: Option<String>,
}

impl Method for Revoke {
    type Result = Ordered;
    const NAME: &'static str = "revoke";
    const SUMMARY: &'static str = "Takes back what tokens granted";
    const REQUEST: &'static str = r#"{"user":"42"}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Ordered, ReplyError> {
        let what = self.scopes.map_or(What::All, What::Scopes);
        let mut revocation = node.authentication().revocation(&self.user.unwrap_or_default(), what)?;
        revocation.token_id = self.token_id.filter(|id| !id.is_empty()).map(Into::into);
        if let Some(realm) = self.realm {
            revocation.realm = realm.into();
        }
        Ok(node.everywhere().revoke(revocation).await?.into())
    }
}
