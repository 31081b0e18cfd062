//! The service of the users, as logins call it.
use crate::service::app::App;
use crate::service::call::Outcome;
use crate::service::error::{ServiceError, ServiceResult};
use crate::service::handle::ServiceHandle;
use crate::service::method::Method;
use crate::service::params::Params;
use crate::store::Id;
use serde_json::{Map, Value, json};

/// Where the users are.
pub(in crate::service) struct Users {
    pub path: String,
    /// The field of their documents that has the id.
    pub id: String,
}

impl Users {
    fn service(&self, app: &App) -> Result<ServiceHandle, ServiceError> {
        app.service(&self.path)
    }

    /// The first user of this name, if there is one. Hooks run as for a call of Rust code.
    pub async fn named(&self, app: &App, (field, name): (&str, &str)) -> Result<Option<Value>, ServiceError> {
        let query = Map::from_iter([(field.to_owned(), name.into()), ("$limit".to_owned(), 1.into())]);
        let found = self.service(app)?.find(Params::query(query)).await?;
        let page = match found {
            Value::Object(mut page) => page.shift_remove("data").unwrap_or_default(),
            list => list,
        };
        Ok(match page {
            Value::Array(users) => users.into_iter().next(),
            _ => None,
        })
    }

    /// The user of this id. Hooks run as for a call of Rust code. Fails with `NotFound` where there is none.
    pub async fn of_id(&self, app: &App, id: &str) -> ServiceResult {
        self.service(app)?.get(id, Params::default()).await
    }

    /// The user as the client of this call is shown it: hooks run as for a call of that client, whose user it is.
    pub async fn shown(&self, app: &App, id: &str, user: &Value, call: &Params) -> ServiceResult {
        let Some(provider) = call.provider else { return Ok(user.clone()) };
        // Without the connection, which may still be another user's.
        let mut params = Params::default().with("user", user.clone());
        params.provider = Some(provider);
        params.headers = call.headers.clone();
        params.address = call.address;
        let asked = (Some(Id::from(id)), Value::Null);
        let shown = self.service(app)?.ask_for_client(Method::Get, asked, params);
        match shown.await? {
            Outcome::Value(user) => Ok(user),
            Outcome::Shown { body, .. } => {
                body.read().map_err(|_| ServiceError::general_error("The user cannot be read"))
            }
        }
    }

    /// The id in a user's document, as text.
    pub fn id_of(&self, user: &Value) -> Option<String> {
        Id::read(&user[&self.id]).ok().flatten().map(|id| id.key().to_string())
    }

    /// The stored hash of a user's password; none where there is none. Past all hooks, which must not see it.
    pub async fn hash_of(&self, app: &App, id: &str, field: &str) -> Result<Option<String>, ServiceError> {
        let stored = self.service(app)?.in_vault(Method::Get, id, Value::Null, Params::default()).await?;
        Ok(stored[field].as_str().map(str::to_owned))
    }

    /// Puts a newer hash in the place of an older one, unless that is gone. Past all hooks, and without an event: for all others the user
    /// is the same.
    pub async fn replace_hash(
        &self,
        app: &App,
        id: &str,
        field: &str,
        (older, newer): (String, String),
    ) -> Result<(), ServiceError> {
        let params = Params::query(Map::from_iter([(field.to_owned(), Value::from(older))]));
        let data = json!({ field: newer });
        match self.service(app)?.in_vault(Method::Patch, id, data, params).await {
            Ok(_) => Ok(()),
            // The user has set another password meanwhile.
            Err(error) if error.class == crate::service::ErrorClass::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
