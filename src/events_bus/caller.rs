//! The plugin whose request it is, by its token (`[backstage.auth]`).
use super::refusal::Refusal;
use crate::auth::{TokenError, bearer_token};
use crate::broker::Node;
use crate::protocol::backstage::AUTHENTICATOR;
use crate::types::{ANY_PLUGIN_USER, IdentityKind, PLUGIN_USER};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};

/// Who calls.
pub(super) enum Caller {
    /// This plugin.
    Plugin(String),
    /// A backend whose tokens name no plugin. All plugins of such backends share one secret, so that none is kept out.
    AnyPlugin,
}

impl Caller {
    /// Identifies a caller. Only services may use the bus, as in the original (`allow: ['service']`): no token, and one that is not
    /// valid, are 401, and that of a user is 403.
    pub async fn of(node: &Node, headers: &HeaderMap) -> Result<Self, Refusal> {
        let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            authorization.and_then(bearer_token).ok_or_else(|| Refusal::unauthenticated("Missing credentials"))?;
        let verified = node.authentication().verify(Some(AUTHENTICATOR), token).wait().await;
        let identity = verified.map_err(|error| refused(node, error))?.identity;
        match (identity.kind, identity.user.strip_prefix(PLUGIN_USER)) {
            (IdentityKind::Service, Some(plugin)) => Ok(Caller::Plugin(plugin.to_owned())),
            (IdentityKind::Service, None) if &*identity.user == ANY_PLUGIN_USER => Ok(Caller::AnyPlugin),
            _ => Err(Refusal::not_allowed("This endpoint does not allow 'user' credentials")),
        }
    }

    /// Fails unless this subscription is the caller's own: its id begins with the plugin's and a dot.
    pub fn check_own(&self, subscription: &str) -> Result<(), Refusal> {
        let plugin = subscription.split_once('.').map(|(plugin, _)| plugin);
        match (self, plugin) {
            (Caller::Plugin(own), Some(plugin)) if own == plugin => Ok(()),
            (Caller::AnyPlugin, Some(plugin)) if !plugin.is_empty() => Ok(()),
            (Caller::Plugin(own), _) => {
                Err(Refusal::not_allowed(format!("the ids of this plugin's subscriptions begin with `{own}.`")))
            }
            (Caller::AnyPlugin, _) => {
                Err(Refusal::not_allowed("the id of a subscription begins with that of its plugin and a dot"))
            }
        }
    }
}

fn refused(node: &Node, error: TokenError) -> Refusal {
    node.log_refused_token("a request to the events bus was refused", &error);
    match error {
        TokenError::Invalid(_) => Refusal::unauthenticated("The token is not valid"),
        TokenError::Expired => Refusal::unauthenticated("The token has expired"),
        TokenError::Unavailable => Refusal::unavailable("The token cannot be verified now"),
    }
}
