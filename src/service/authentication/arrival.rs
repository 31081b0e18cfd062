//! Access tokens that come with a connection or with a request, and not by a call of the service.
use super::Desk;
use super::config::Strategy;
use super::listeners::{Login, Occasion};
use super::login::shown_token;
use super::strategies::refused;
use crate::auth::Access;
use crate::broker::Node;
use crate::broker::handler::{ConnectCall, EmitCall, Handle, HandlerFuture, answer};
use crate::delivery::Acknowledgement;
use crate::service::app::App;
use crate::service::connection::{AUTHENTICATION, Connection, USER};
use crate::service::error::{ErrorClass, ServiceError};
use crate::service::params::Provider;
use crate::types::{BoxFuture, Disconnect, Fault, Identity, ReplyError};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is known of a connection that begins with an access token: the user's document and the token. None where it is another token,
/// which says itself who its user is.
pub(in crate::service) fn recognize(
    desk: &Arc<Desk>,
    node: &Node,
    call: &ConnectCall,
    token: &str,
) -> Option<BoxFuture<Result<Map<String, Value>, Fault>>> {
    let app = App::of(node)?;
    if token.is_empty() || call.home.as_ref() != Some(app.home()) || !desk.config.allows(Strategy::Jwt) {
        return None;
    }
    let access = node.authentication().access(token).ok()?;
    let (desk, token) = (desk.clone(), token.to_owned());
    Some(Box::pin(async move {
        let user = desk.users.of_id(&app, &access.identity.user).await;
        let user = user.map_err(|error| match error.class {
            ErrorClass::NotFound => Fault::from(Disconnect::INVALID_TOKEN),
            _ => {
                log::warn!("the user of a token cannot be read: {error}");
                Fault::from(ReplyError::INTERNAL)
            }
        })?;
        Ok(Map::from_iter([(AUTHENTICATION.to_owned(), shown_token(&token)), (USER.to_owned(), user)]))
    }))
}

/// Tells the application of the logins of connections that began with an access token.
pub(in crate::service) struct Attendant(Arc<Desk>);

/// What tells the application, where that listens.
pub(in crate::service) fn attend(desk: &Arc<Desk>) -> Option<impl FnOnce() -> Attendant + Send + 'static> {
    let desk = desk.clone();
    (!desk.listeners.is_empty()).then_some(move || Attendant(desk))
}

impl Handle<EmitCall> for Attendant {
    fn handle(&mut self, call: EmitCall) -> HandlerFuture<Option<Acknowledgement>> {
        self.look_at(&call);
        answer(Ok(None))
    }
}

impl Attendant {
    fn look_at(&self, call: &EmitCall) {
        let is_back = call.session.home.as_ref().is_some_and(|home| home.is_resumed);
        let Some(app) = App::of(call.session.node()).filter(|_| !is_back) else { return };
        let connection = Connection::of(&call.session);
        let shown = connection.get(AUTHENTICATION);
        let Some(token) = shown["accessToken"].as_str() else { return };
        let Ok(access) = app.node().authentication().access(token) else { return };
        let strategy = Strategy::Jwt.name();
        let login = Login {
            user: connection.get(USER),
            authentication: json!({ "strategy": strategy, "accessToken": token, "payload": access.payload }),
            connection: Some(connection),
            provider: Provider::SocketIo,
        };
        self.0.listeners.tell(Occasion::Login, &app.for_caller(call.session.clone()), &login);
    }
}

/// Whose a request with an access token is.
pub(crate) struct Bearer {
    /// Whom the token stands for.
    pub identity: Arc<Identity>,
    /// The user's document.
    pub user: Value,
    /// What hooks see of the token.
    pub authentication: Value,
}

impl App {
    /// Whether requests and connections may show tokens of the authentication service.
    pub(crate) fn takes_access_tokens(&self) -> bool {
        self.desk().is_some_and(|desk| desk.config.allows(Strategy::Jwt))
    }

    /// Whose a request with this access token is. Fails with `NotAuthenticated` for one that is not good, or whose user is gone.
    pub(crate) async fn bearer(&self, token: &str) -> Result<Bearer, ServiceError> {
        let desk = self.desk().ok_or_else(|| ServiceError::not_authenticated("Not authenticated"))?;
        let Access { identity, .. } = self.node().authentication().access(token).map_err(refused)?;
        let user = desk.users.of_id(self, &identity.user).await.map_err(|error| match error.class {
            ErrorClass::NotFound => ServiceError::not_authenticated("Invalid access token"),
            _ => error,
        })?;
        Ok(Bearer { identity: Arc::new(identity), user, authentication: shown_token(token) })
    }
}
