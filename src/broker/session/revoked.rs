//! What happens to a session when part of its identity is revoked (decision 14).
use super::Session;
use crate::auth::SubscriptionGrant;
use crate::broker::revocations::TokenStatus;
use crate::types::{ChannelName, Disconnect, Fault, Identity, ReplyError, Revocation, Unsubscribed};
use actix::prelude::*;
use std::sync::Arc;

/// By what right a session listens to a channel.
#[derive(Clone, Debug, Default)]
pub(super) enum Right {
    /// The server wished so, or the channel's name.
    #[default]
    Other,
    /// The rule of the namespace.
    Rule,
    /// A subscription token.
    Token(Box<Identity>),
}

impl Session {
    /// What is left of an identity when all that has been taken back is off. An error where nothing is, or where it cannot be
    /// told yet.
    pub(super) fn unrevoked(&self, identity: Arc<Identity>) -> Result<Arc<Identity>, Fault> {
        match self.status(&identity) {
            TokenStatus::Good => Ok(identity),
            TokenStatus::Without(scopes) => Ok(identity.without(&scopes)),
            TokenStatus::Revoked => {
                self.node().log_refused_token(
                    "a connection token was refused",
                    &"it has been revoked; its user needs one issued later",
                );
                Err(Disconnect::INVALID_TOKEN.into())
            }
            TokenStatus::Unknown => Err(ReplyError::INTERNAL.into()),
        }
    }

    /// Ends the session of whom `unrevoked` has refused.
    pub(super) fn end_for(&mut self, fault: Fault, ctx: &mut Context<Self>) {
        let reason = match fault {
            Fault::Close(reason) => reason,
            Fault::Reply(_) => Disconnect::INTERNAL,
        };
        self.end(reason, ctx);
    }

    fn status(&self, identity: &Identity) -> TokenStatus {
        let leeway = self.authenticator().leeway();
        self.node().authentication().revocations().status(identity, leeway)
    }

    /// The right that a subscription token gives; none where it has been taken back, or that cannot be told yet. Its scopes
    /// grant nothing, so none are taken from it.
    pub(super) fn right_of(&self, grant: &SubscriptionGrant) -> Option<Right> {
        let identity = Identity {
            realm: self.authenticator().realm(),
            user: grant.user.clone(),
            token_id: grant.token_id.clone(),
            issued_at: grant.issued_at,
            expires_at: grant.expires_at,
            ..Identity::anonymous()
        };
        (self.status(&identity) == TokenStatus::Good).then(|| Right::Token(Box::new(identity)))
    }

    pub(super) fn apply_revocation(&mut self, revocation: &Revocation, upto: i64, ctx: &mut Context<Self>) {
        let is_whole = revocation.scopes.is_empty();
        match (revocation.touches(&self.identity, upto), is_whole) {
            (true, true) => {
                let kept = self.authenticator().revocation_ttl();
                self.node().authentication().revocations().warn_of_return(&self.identity, kept);
                self.node().sessions().listener_index().silence(self.id);
                self.end(Disconnect::INVALID_TOKEN, ctx);
            }
            (true, false) => self.renew(self.identity.without(&revocation.scopes)),
            (false, true) => self.end_subscriptions_of(revocation, upto),
            (false, false) => {}
        }
    }

    fn end_subscriptions_of(&mut self, revocation: &Revocation, upto: i64) {
        let of_token = self.subs.iter().filter(|(_, sub)| match &sub.right {
            Right::Token(token) => revocation.touches(token, upto),
            Right::Rule | Right::Other => false,
        });
        let of_token: Vec<ChannelName> = of_token.map(|(channel, _)| channel.clone()).collect();
        of_token.iter().for_each(|channel| self.unsubscribe_and_say(channel, Unsubscribed::SERVER));
    }
}
