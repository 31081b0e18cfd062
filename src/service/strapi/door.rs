//! Letting clients in: who they are by what they say when they connect.
//!
//! Source: `strapi-plugin-io` 2 (`middleware/handshake.js`, `services/strategies.js`): `auth: {strategy, token}`, and the texts of its
//! errors.
use super::entry;
use super::members::Owner;
use super::rights::{Principal, Rights, id_in};
use super::state::State;
use crate::broker::Node;
use crate::broker::handler::{Door, SessionView};
use crate::service::{ErrorClass, Params};
use crate::store::Id;
use crate::types::{BoxFuture, Fault, Group, Identity, IdentityKind, Json, ReplyError};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The realm of the identities.
pub const REALM: &str = "strapi";
/// The strategy of those who name none.
const JWT: &str = "jwt";

/// Why a client is refused, in the words of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The JWT is none of ours, or has ended.
    InvalidToken,
    /// Nobody has this API token, or the user of a JWT may not come in.
    InvalidCredentials,
    /// The API token has ended.
    TokenExpired,
    /// There is no role for the client.
    NoRoom,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let message = match refusal {
            Refusal::InvalidToken => "Invalid token.",
            Refusal::InvalidCredentials => "Invalid credentials",
            Refusal::TokenExpired => "Token expired",
            Refusal::NoRoom => "No valid room found",
        };
        // The original has no data beside the message.
        ReplyError { message: message.into(), data: Some(Json::null()), ..ReplyError::UNAUTHORIZED }.into()
    }
}

/// What a client says when it connects. What is of another type than is meant is looked at all the same: it must not count as nothing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    strategy: Value,
    token: Value,
}

/// What becomes of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has this role.
    Has(Principal),
    /// It has none.
    WithoutRole,
    /// It may not come in.
    Out,
}

/// How a user stands by its document.
pub fn standing(user: &Value, needs_confirmation: bool) -> Standing {
    let is = |field: &str| user[field] == Value::Bool(true);
    if is("blocked") || needs_confirmation && !is("confirmed") {
        return Standing::Out;
    }
    id_in(&user["role"]).map_or(Standing::WithoutRole, |id| Standing::Has(Principal::Role(id)))
}

/// The door of the namespace in which a Strapi application has its clients.
pub struct StrapiDoor(pub Arc<State>);

impl Door for StrapiDoor {
    fn admit(&self, node: &Node, said: Option<&Json>) -> BoxFuture<Result<Identity, Fault>> {
        let (state, node) = (self.0.clone(), node.clone());
        let said: Said = said.and_then(|said| said.read().ok()).unwrap_or_default();
        Box::pin(async move {
            state.is_ready(node.limits().handler_timeout).await?;
            state.admitted(&node, said).await
        })
    }

    fn entered(&self, session: &SessionView) {
        let Some(principal) = session.identity.groups.iter().find_map(Principal::of_group) else { return };
        self.0.entered(session, owner(&session.identity), principal);
    }

    fn left(&self, session: &SessionView) {
        self.0.members.leave(session.id);
    }
}

fn owner(identity: &Identity) -> Owner {
    match (identity.kind, &identity.token_id) {
        (IdentityKind::User, _) => Owner::User(identity.user.as_ref().into()),
        (IdentityKind::Key, Some(token)) => Owner::Token(token.as_ref().into()),
        _ => Owner::Public,
    }
}

impl State {
    async fn admitted(&self, node: &Node, said: Said) -> Result<Identity, Fault> {
        if is_nothing(&said.token) {
            return self.public();
        }
        let is_jwt = is_nothing(&said.strategy) || said.strategy == JWT;
        match is_jwt {
            true => self.user(node, said.token.as_str()).await,
            false => self.api_token(said.token.as_str(), node.now()),
        }
    }

    fn public(&self) -> Result<Identity, Fault> {
        let rights = self.rights.load();
        let role = rights.public.as_ref().ok_or(Refusal::NoRoom)?;
        Ok(Identity { realm: REALM.into(), groups: groups(&rights, role)?, ..Identity::anonymous() })
    }

    async fn user(&self, node: &Node, token: Option<&str>) -> Result<Identity, Fault> {
        let told = token.ok_or(Refusal::InvalidToken)?;
        let told = self.keys.user(told, node.now()).map_err(|error| {
            log::debug!("a JWT of Strapi's was refused: {error}");
            Refusal::InvalidToken
        })?;
        let id = Id::read(&told.id).ok().flatten().ok_or(Refusal::InvalidCredentials)?;
        let mut user = self.user_document(node, id).await?.ok_or(Refusal::InvalidCredentials)?;
        let role = match standing(&user, self.config.email_confirmation) {
            Standing::Has(role) => role,
            Standing::WithoutRole => return Err(Refusal::NoRoom.into()),
            Standing::Out => return Err(Refusal::InvalidCredentials.into()),
        };
        let id = id_in(&user).ok_or(Refusal::InvalidCredentials)?;
        entry::without_secrets(&mut user);
        Ok(Identity {
            realm: REALM.into(),
            kind: IdentityKind::User,
            user: id.as_str().into(),
            groups: groups(&self.rights.load(), &role)?,
            issued_at: told.issued_at,
            expires_at: told.expires_at,
            meta: Json::write(&user).ok(),
            ..Identity::anonymous()
        })
    }

    fn api_token(&self, token: Option<&str>, now: i64) -> Result<Identity, Fault> {
        let token = token.ok_or(Refusal::InvalidCredentials)?;
        let rights = self.rights.load();
        let at = self.keys.find(token, rights.hashes().map(|(_, hash)| hash)).ok_or(Refusal::InvalidCredentials)?;
        let (principal, _) = rights.hashes().nth(at).ok_or(Refusal::InvalidCredentials)?;
        let ends = rights.token_ends(principal);
        if ends.is_some_and(|ends| ends <= now.saturating_mul(1000)) {
            return Err(Refusal::TokenExpired.into());
        }
        Ok(Identity {
            realm: REALM.into(),
            kind: IdentityKind::Key,
            user: format!("api-token:{}", principal.id()).into(),
            groups: groups(&rights, principal)?,
            token_id: Some(principal.id().as_str().into()),
            // Whole seconds: it is told nothing in the rest of its last one.
            expires_at: ends.map(|ends| ends.div_euclid(1000).saturating_add(1)),
            ..Identity::anonymous()
        })
    }

    /// The document of a user; none where there is none. Fails where its service does.
    pub(super) async fn user_document(&self, node: &Node, id: Id) -> Result<Option<Value>, ReplyError> {
        let Some(path) = &self.config.users else { return Ok(None) };
        let service = crate::service::App::of(node).and_then(|app| app.service(path).ok());
        let service = service.ok_or(ReplyError::INTERNAL)?;
        match service.get(id, Params::default()).await {
            Ok(user) if user.is_object() => Ok(Some(user)),
            Ok(_) => Ok(None),
            Err(error) if error.class == ErrorClass::NotFound => Ok(None),
            Err(error) => {
                let line = format_args!("a user cannot be read (strapi.users): {error}");
                node.metrics().log_some(log::Level::Error, "strapi", line);
                Err(ReplyError::INTERNAL)
            }
        }
    }
}

/// The groups in which the sessions of a role or token begin: that of its events, and the room that it has in Strapi.
fn groups(rights: &Rights, principal: &Principal) -> Result<BTreeSet<Group>, Refusal> {
    let room = rights.room(principal).ok_or(Refusal::NoRoom)?;
    Ok(BTreeSet::from([principal.group(), room.clone()]))
}

/// What JavaScript takes for false.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_user_stands_by_what_its_document_says() {
        let role = |id: &str| Standing::Has(Principal::Role(id.into()));
        assert_eq!(standing(&json!({"role": 3}), false), role("3"));
        assert_eq!(standing(&json!({"role": {"id": "a", "name": "x"}, "blocked": false}), false), role("a"));
        assert_eq!(standing(&json!({"role": 3, "blocked": true}), false), Standing::Out);
        assert_eq!(standing(&json!({"role": 3}), true), Standing::Out);
        assert_eq!(standing(&json!({"role": 3, "confirmed": true}), true), role("3"));
        assert_eq!(standing(&json!({"role": null}), false), Standing::WithoutRole);
    }

    #[test]
    fn what_is_no_text_is_not_taken_for_no_token() {
        assert!([json!(null), json!(""), json!(0), json!(false)].iter().all(is_nothing));
        assert!(![json!(5), json!({}), json!([]), json!(true), json!(" ")].iter().any(is_nothing));
    }
}
