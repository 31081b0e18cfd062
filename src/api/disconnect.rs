//! `disconnect`: ends sessions.
use super::method::Method;
use super::target::{Ordered, spared, target};
use crate::broker::Node;
use crate::types::{Disconnect as Reason, ReplyError};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest reason in bytes that fits into a close frame (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// Ends the sessions of a user, or one session.
#[derive(Deserialize, ToSchema)]
pub struct Disconnect {
    /// The user; may be left out where `client` names a session.
    user: Option<String>,
    /// Only the session of this id.
    client: Option<String>,
    /// The same as `client`.
    session: Option<String>,
    /// Sessions that stay.
    whitelist: Option<Vec<String>>,
    /// What the clients are told; left out: 3503 "force disconnect".
    disconnect: Option<Close>,
}

/// What a client is told.
#[derive(Deserialize, ToSchema)]
#[schema(as = DisconnectReason)]
pub struct Close {
    /// A code of the protocol, or one of your own: 4000 to 4499 ask the client to come back, 4500 to 4999 not to.
    code: Option<u16>,
    /// The reason in words, at most 123 bytes.
    reason: Option<String>,
}

impl Close {
    /// Fails with 107 where the code is neither named by the protocol nor an application's, or the reason is too long.
    fn reason(self) -> Result<Reason, ReplyError> {
        let code = self.code.unwrap_or_default();
        let named = Reason::NAMED.iter().find(|named| named.code == code);
        let known = named.map(|named| named.reason.clone());
        let reason = self.reason.filter(|reason| !reason.is_empty()).map(Into::into).or(known).unwrap_or_default();
        if named.is_none() && !(4000..=4999).contains(&code) {
            let why = "is neither a code of the protocol nor one from 4000 to 4999";
            return Err(ReplyError::bad_field("disconnect.code", why));
        }
        if reason.len() > MAX_REASON {
            let why = format_args!("is longer than {MAX_REASON} bytes");
            return Err(ReplyError::bad_field("disconnect.reason", why));
        }
        Ok(Reason { code, reason })
    }
}

impl Method for Disconnect {
    type Result = Ordered;
    const NAME: &'static str = "disconnect";
    const SUMMARY: &'static str = "Ends sessions";
    const REQUEST: &'static str = r#"{"user":"42","disconnect":{"code":4500,"reason":"banned"}}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Ordered, ReplyError> {
        let reason = self.disconnect.map_or(Ok(Reason::FORCE_DISCONNECT), Close::reason)?;
        let mut target = target(self.user, self.client, self.session);
        target.except = spared(self.whitelist);
        Ok(node.everywhere().disconnect(target, reason).await?.into())
    }
}
