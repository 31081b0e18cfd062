//! The service itself: `create` logs in, `remove` logs out.
use super::Desk;
use super::config::Strategy;
use super::listeners::{Login, Occasion};
use super::strategies::Proved;
use crate::metrics::Metrics;
use crate::service::app::App;
use crate::service::connection::{AUTHENTICATION, Connection, USER};
use crate::service::definition::Service;
use crate::service::error::{ErrorClass, ServiceError, ServiceResult};
use crate::service::method::Method;
use crate::service::params::Params;
use crate::store::Id;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The authentication service.
pub(super) struct Authentication(pub Arc<Desk>);

impl Service for Authentication {
    fn methods(&self) -> Vec<Method> {
        vec![Method::Create, Method::Remove]
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        let proved = self.0.prove(&data, &params).await;
        count(params.app()?, &proved);
        let proved = proved?;
        self.0.log_in(&proved, &params).await?;
        Ok(proved.answer())
    }

    async fn remove(&self, id: Option<Id>, params: Params) -> ServiceResult {
        let shown = params.get(AUTHENTICATION);
        if id.is_some_and(|id| Some(id.key().as_str()) != shown["accessToken"].as_str()) {
            return Err(ServiceError::not_authenticated("Invalid access token"));
        }
        let proved = self.0.prove(shown, &params).await?;
        self.0.log_out(&proved, &params).await?;
        Ok(proved.answer())
    }
}

fn count(app: &App, proved: &Result<Proved, ServiceError>) {
    let result = match proved {
        Ok(proved) => proved.strategy.name(),
        Err(error) => match error.class {
            ErrorClass::NotAuthenticated => "refused",
            ErrorClass::TooManyRequests => "limited",
            _ => "failed",
        },
    };
    Metrics::count(&app.node().metrics().logins, result);
}

/// What a connection and a request have of a token.
pub(super) fn shown_token(token: &str) -> Value {
    json!({ "strategy": Strategy::Jwt.name(), "accessToken": token })
}

impl Desk {
    /// The connection of the call is the user's from now on, and ends with the token. The application is told.
    async fn log_in(&self, proved: &Proved, call: &Params) -> Result<(), ServiceError> {
        let app = call.app()?;
        if let Some(connection) = &call.connection {
            let before = self.users.id_of(&connection.get(USER));
            if before.is_some_and(|before| before != *proved.access.identity.user) {
                // What the one before had joined is not the next one's.
                app.leave_channels(connection).await;
            }
            connection.set_all(Map::from_iter([
                (AUTHENTICATION.to_owned(), shown_token(&proved.token)),
                (USER.to_owned(), proved.user.clone()),
            ]));
            app.identify(connection, Some(proved.access.identity.clone()));
        }
        self.tell(Occasion::Login, proved, call)
    }

    /// The connection of the call is nobody's any more, if the token is its own, and is in no channel. The application is told.
    async fn log_out(&self, proved: &Proved, call: &Params) -> Result<(), ServiceError> {
        let app = call.app()?;
        let own = |connection: &&Connection| connection.get(AUTHENTICATION)["accessToken"] == proved.token.as_str();
        if let Some(connection) = call.connection.as_ref().filter(own) {
            connection.forget(&[AUTHENTICATION, USER]);
            app.identify(connection, None);
            app.leave_channels(connection).await;
        }
        self.tell(Occasion::Logout, proved, call)
    }

    /// Of what clients do alone, as in the original.
    fn tell(&self, what: Occasion, proved: &Proved, call: &Params) -> Result<(), ServiceError> {
        let Some(provider) = call.provider.filter(|_| !self.listeners.is_empty()) else { return Ok(()) };
        let login = Login {
            user: proved.user.clone(),
            authentication: proved.authentication(),
            connection: call.connection.clone(),
            provider,
        };
        self.listeners.tell(what, call.app()?, &login);
        Ok(())
    }
}
