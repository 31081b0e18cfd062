//! Verifying and revoking the tokens of clients.
use super::revocations::TokenStatus;
use super::{Node, Revocations};
use crate::auth::{Access, AccessError, ConnectionGrant, TokenError};
use crate::types::{Answer, Identity};
use std::sync::Arc;

/// The tokens of a node's clients: which are good, and what has been taken back of them.
#[derive(Clone, Copy)]
pub struct Authentication<'a>(pub(super) &'a Node);

impl Node {
    /// The tokens of its clients.
    pub fn authentication(&self) -> Authentication<'_> {
        Authentication(self)
    }
}

impl<'a> Authentication<'a> {
    /// What has been revoked.
    pub fn revocations(self) -> &'a Revocations {
        &self.0.tables().revocations
    }

    /// Who a connection token of the section `[auth]` stands for now, for a request that is no session. Fails as a session with this
    /// token would.
    pub async fn identify(self, token: &str) -> Result<Arc<Identity>, TokenError> {
        let leeway = self.0.settings().authenticators.of(None).leeway();
        let identity = Arc::new(self.verify(None, token).wait().await?.identity);
        Ok(match self.revocations().status(&identity, leeway) {
            TokenStatus::Without(scopes) => identity.without(&scopes),
            // Looked at when the token was verified.
            TokenStatus::Good | TokenStatus::Revoked | TokenStatus::Unknown => identity,
        })
    }

    /// Whom an access token of the authentication service stands for now. Fails where there is no such service, too.
    pub fn access(self, token: &str) -> Result<Access, AccessError> {
        let settings = self.0.settings();
        let tokens = settings.authenticators.access().ok_or(AccessError::Signature)?;
        let access = tokens.verify(token, self.0.now())?;
        match self.revocations().status(&access.identity, settings.authenticators.own().leeway()) {
            TokenStatus::Good => Ok(access),
            TokenStatus::Without(scopes) => {
                let identity = Arc::new(access.identity).without(&scopes);
                Ok(Access { identity: (*identity).clone(), payload: access.payload })
            }
            TokenStatus::Revoked => Err(AccessError::Revoked),
            TokenStatus::Unknown => Err(AccessError::Unavailable),
        }
    }

    /// What a client without a token is granted before there is a session. Fails where the authenticator of this name lets none in.
    pub fn admit_guest(self, authenticator: Option<&str>) -> Answer<ConnectionGrant, TokenError> {
        match self.0.settings().authenticators.of(authenticator).guest() {
            Some(guest) => {
                let grant = ConnectionGrant { identity: (*guest).clone(), subs: vec![] };
                // A guest who has a name can be sent away by it.
                Answer::Ready(self.unrevoked(grant, 0))
            }
            None => Answer::err(TokenError::Invalid("there is none")),
        }
    }

    /// Verifies a connection token with the authenticator of this name, before there is a session: what it grants, unless that has
    /// been revoked. `Ready` unless the authenticator's key set must be fetched for it.
    pub fn verify(self, authenticator: Option<&str>, token: &str) -> Answer<ConnectionGrant, TokenError> {
        let authenticator = self.0.settings().authenticators.of(authenticator).clone();
        let (node, leeway) = (self.0.clone(), authenticator.leeway());
        let verified = authenticator.verify_connection_at(token, self.0.now());
        verified.then(move |grant| node.authentication().unrevoked(grant?, leeway))
    }

    /// A grant, unless its identity has been revoked.
    fn unrevoked(self, grant: ConnectionGrant, leeway: i64) -> Result<ConnectionGrant, TokenError> {
        match self.revocations().status(&grant.identity, leeway) {
            // What is left of it is for its session to see, which looks again.
            TokenStatus::Good | TokenStatus::Without(_) => Ok(grant),
            TokenStatus::Revoked => Err(TokenError::Invalid("it has been revoked")),
            TokenStatus::Unknown => Err(TokenError::Unavailable),
        }
    }
}
