//! The ways to prove who one is.
use super::Desk;
use super::config::Strategy;
use crate::auth::{Access, AccessError, MAX_PASSWORD, Verified};
use crate::service::app::App;
use crate::service::error::ServiceError;
use crate::service::params::Params;
use serde_json::{Map, Value, json};

/// The words for a login that is not right, whatever is wrong with it.
const INVALID: &str = "Invalid login";

/// Somebody who has proved to be a user.
pub(super) struct Proved {
    pub strategy: Strategy,
    pub token: String,
    pub access: Access,
    /// The user's document as Rust code sees it, without the password.
    pub user: Value,
    /// The same as the client is shown it.
    pub shown: Value,
}

impl Proved {
    /// What the client is answered.
    pub fn answer(&self) -> Value {
        json!({ "accessToken": self.token, "authentication": self.authentication(), "user": self.shown })
    }

    /// The member `authentication` of the answer.
    pub fn authentication(&self) -> Value {
        let mut authentication = Map::from_iter([("strategy".to_owned(), self.strategy.name().into())]);
        if self.strategy == Strategy::Jwt {
            authentication.insert("accessToken".into(), self.token.as_str().into());
        }
        authentication.insert("payload".into(), self.access.payload.clone());
        authentication.into()
    }
}

impl Desk {
    /// Has somebody prove who one is, by the strategy that the data of a login names.
    pub(super) async fn prove(&self, data: &Value, call: &Params) -> Result<Proved, ServiceError> {
        let app = call.app()?;
        match self.strategy(data)? {
            Strategy::Local => self.by_password(app, data, call).await,
            Strategy::Jwt => {
                let token = match &data["accessToken"] {
                    Value::String(token) if !token.is_empty() => token,
                    Value::Null | Value::Bool(false) | Value::String(_) => {
                        return Err(ServiceError::not_authenticated("No access token"));
                    }
                    _ => return Err(ServiceError::not_authenticated("jwt must be a string")),
                };
                self.by_token(app, token, call).await
            }
        }
    }

    fn strategy(&self, data: &Value) -> Result<Strategy, ServiceError> {
        let named = match &data["strategy"] {
            Value::Null | Value::Bool(false) => None,
            Value::String(name) if name.is_empty() => None,
            named => Some(named.as_str().unwrap_or_default()),
        };
        let allowed = |name| self.config.strategies.iter().copied().find(|strategy| strategy.name() == name);
        let why = match named.map(allowed) {
            Some(Some(strategy)) => return Ok(strategy),
            Some(None) => "strategy not allowed in authStrategies",
            None => "no `strategy` set",
        };
        Err(ServiceError::not_authenticated(format!("Invalid authentication information ({why})")))
    }

    async fn by_password(&self, app: &App, data: &Value, call: &Params) -> Result<Proved, ServiceError> {
        let invalid = || ServiceError::not_authenticated(INVALID);
        // A text and nothing else: of an object the original makes a query, which may match any user.
        let text = |field: &str| data[field].as_str().filter(|text| (1..=MAX_PASSWORD).contains(&text.len()));
        let name = text(&self.config.username).ok_or_else(invalid)?;
        let password = text(&self.config.password).ok_or_else(invalid)?;
        let metrics = app.node().metrics();
        if call.provider.is_some() {
            self.guard.admit_address(call.address, 1, metrics)?;
        }
        self.guard.admit_account(name, metrics)?;
        let user = self.users.named(app, (&self.config.username, name)).await?;
        let id = user.as_ref().and_then(|user| self.users.id_of(user));
        let hash = match &id {
            Some(id) => self.users.hash_of(app, id, &self.config.password).await?,
            None => None,
        };
        let verified = self.guard.verify(password.to_owned(), hash.clone(), call.address, metrics).await?;
        let (Some(user), Some(id), Some(hash)) = (user, id, hash.filter(|_| verified != Verified::Wrong)) else {
            return Err(invalid());
        };
        self.guard.give_back(name);
        if verified == Verified::Outdated {
            self.renew_hash((app, call), &id, password, hash).await;
        }
        let shown = self.users.shown(app, &id, &user, call).await?;
        let settings = app.node().settings();
        let tokens =
            settings.authenticators.access().ok_or_else(|| ServiceError::unavailable("No token is signed now"))?;
        let (token, access) = tokens.issue(&id, app.node().now()).map_err(|error| {
            log::error!("a login has no token: {error}");
            ServiceError::general_error("The token could not be signed")
        })?;
        Ok(Proved { strategy: Strategy::Local, token, access, user, shown })
    }

    /// The login succeeds whatever becomes of this.
    async fn renew_hash(&self, (app, call): (&App, &Params), id: &str, password: &str, older: String) {
        let metrics = app.node().metrics();
        let renewed = async {
            let newer = self.guard.hash(password.to_owned(), call.address, metrics).await?;
            self.users.replace_hash(app, id, &self.config.password, (older, newer)).await
        };
        if let Err(error) = renewed.await {
            let line = format_args!("the old hash of a password was not replaced at a login: {error}");
            metrics.log_some(log::Level::Warn, "authentication", line);
        }
    }

    /// The user of an access token, whose document is read anew.
    pub(super) async fn by_token(&self, app: &App, token: &str, call: &Params) -> Result<Proved, ServiceError> {
        let access = app.node().authentication().access(token).map_err(refused)?;
        let id = access.identity.user.clone();
        let user = self.users.of_id(app, &id).await?;
        let shown = self.users.shown(app, &id, &user, call).await?;
        Ok(Proved { strategy: Strategy::Jwt, token: token.to_owned(), access, user, shown })
    }
}

/// Why a token proves nothing, in the form that the original gives it.
pub(super) fn refused(error: AccessError) -> ServiceError {
    let mut data = Map::from_iter([("name".to_owned(), Value::from(error.name()))]);
    data.extend(error.expired_at().map(|at| ("expiredAt".to_owned(), Value::from(at))));
    match error {
        AccessError::Unavailable => ServiceError::unavailable(error.to_string()),
        error => ServiceError::not_authenticated(error.to_string()).with_data(data),
    }
}
