//! Who makes a request that is no session: by its token, or nobody in particular.
use super::Node;
use super::revocations::TokenStatus;
use crate::auth::TokenError;
use crate::types::{Answer, Identity};
use std::sync::Arc;

impl Node {
    /// Who a connection token stands for now. Fails as a session with this token would.
    pub async fn bearer(&self, token: &str) -> Result<Arc<Identity>, TokenError> {
        // Nothing of the settings is held while a key set is fetched.
        let authenticator = self.settings().authenticator.clone();
        let grant = match authenticator.verify_connection_at(token, self.now()) {
            Answer::Ready(grant) => grant?,
            Answer::Later(grant) => grant.await?,
        };
        let identity = Arc::new(grant.identity);
        match self.revocations().status(&identity, authenticator.leeway()) {
            TokenStatus::Good => Ok(identity),
            TokenStatus::Without(scopes) => Ok(identity.without(&scopes)),
            TokenStatus::Revoked => Err(TokenError::Invalid("it has been revoked")),
            TokenStatus::Unknown => Err(TokenError::Unavailable),
        }
    }
}
