//! The field of a service's documents that has a password: hashed on its way in, never on its way out, and never asked about.
//!
//! This is done around the method itself, inside all hooks: no way to the service leads past it, and no author of hooks can forget it.
use super::authentication::Guard;
use super::error::ServiceError;
use super::hooks::HookContext;
use super::params::Params;
use crate::auth::MAX_PASSWORD;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Passwords that one call may set: each takes tens of milliseconds of a core.
const MOST_PASSWORDS: usize = 32;

/// The field of a service that has a password, by what the service does with it.
pub(super) enum Keeping {
    /// It stores it, hashed.
    Stored(String),
    /// It looks at it, as the authentication service does.
    Shown(String),
}

impl Keeping {
    /// The name of the field.
    pub fn name(&self) -> &str {
        match self {
            Keeping::Stored(name) | Keeping::Shown(name) => name,
        }
    }
}

/// Whether a document may have a field of this name that a query could ask about.
pub(super) fn is_field(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('$') && !name.contains('.')
}

/// The field that has the password.
pub(super) struct PasswordField {
    name: String,
    is_stored: bool,
    guard: Arc<Guard>,
}

impl PasswordField {
    /// The field that a service keeps so.
    pub fn new(keeping: Keeping, guard: Arc<Guard>) -> Self {
        match keeping {
            Keeping::Stored(name) => PasswordField { name, is_stored: true, guard },
            Keeping::Shown(name) => PasswordField { name, is_stored: false, guard },
        }
    }

    /// Fails with `BadRequest` for a query that asks about the password: in a condition, wherever it stands, in `$select` or `$sort`. From
    /// the answers to such queries a hash could be read bit by bit.
    pub fn check_query(&self, query: &Value) -> Result<(), ServiceError> {
        let Some(members) = query.as_object() else { return Ok(()) };
        for (name, value) in members {
            match name.as_str() {
                "$or" | "$and" => {
                    value.as_array().into_iter().flatten().try_for_each(|query| self.check_query(query))?;
                }
                "$select" => match value {
                    Value::Array(names) => names.iter().try_for_each(|name| self.check_name(name.as_str()))?,
                    Value::Object(names) => names.keys().try_for_each(|name| self.check_name(Some(name)))?,
                    name => self.check_name(name.as_str())?,
                },
                "$sort" => match value {
                    Value::Object(names) => names.keys().try_for_each(|name| self.check_name(Some(name)))?,
                    Value::Array(names) => names.iter().try_for_each(|name| self.check_name(name.as_str()))?,
                    name => self.check_name(name.as_str())?,
                },
                name => self.check_name(Some(name))?,
            }
        }
        Ok(())
    }

    /// Fails where a path begins with the field.
    fn check_name(&self, path: Option<&str>) -> Result<(), ServiceError> {
        match path.and_then(|path| path.split('.').next()) == Some(&self.name) {
            true => Err(ServiceError::bad_request(format!("The field '{}' can not be queried", self.name))),
            false => Ok(()),
        }
    }

    /// Puts hashes in the place of the passwords of new data, an object or an array of them. Fails with `BadRequest` for a password that
    /// is no text, empty or too long, and with `TooManyRequests` for one too many.
    pub async fn hash_in(&self, data: &mut Value, params: &Params) -> Result<(), ServiceError> {
        let mut found: Vec<&mut Value> = match data {
            Value::Array(items) => items.iter_mut().filter_map(|item| item.get_mut(&self.name)).collect(),
            Value::Object(members) => members.get_mut(&self.name).into_iter().collect(),
            _ => vec![],
        };
        if found.is_empty() || !self.is_stored {
            return Ok(());
        }
        if found.len() > MOST_PASSWORDS {
            let message = format!("No more than {MOST_PASSWORDS} passwords may be set at once");
            return Err(ServiceError::bad_request(message));
        }
        found.iter().try_for_each(|password| self.check(password))?;
        let app = params.app()?;
        let metrics = app.node().metrics();
        if params.provider.is_some() {
            self.guard.admit_address(params.address, u32::try_from(found.len()).unwrap_or(u32::MAX), metrics)?;
        }
        for password in &mut found {
            if let Value::String(plain) = &mut **password {
                **password = self.guard.hash(std::mem::take(plain), params.address, metrics).await?.into();
            }
        }
        Ok(())
    }

    fn check(&self, password: &Value) -> Result<(), ServiceError> {
        let why = match password.as_str() {
            None => "must be a text",
            Some("") => "must not be empty",
            Some(text) if text.len() > MAX_PASSWORD => "is too long: 1024 bytes are allowed",
            Some(_) => return Ok(()),
        };
        let message = format!("The field '{}' {why}", self.name);
        let errors = Map::from_iter([(self.name.clone(), Value::from(why))]);
        Err(ServiceError::bad_request(message).with_errors(errors))
    }

    /// Takes the password out of a document, of each in an array, and of each in a page.
    pub fn strip(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.strip_document(item)),
            document => {
                self.strip_document(document);
                if let Some(Value::Array(items)) = document.get_mut("data") {
                    items.iter_mut().for_each(|item| self.strip_document(item));
                }
            }
        }
    }

    fn strip_document(&self, document: &mut Value) {
        if let Value::Object(members) = document {
            members.shift_remove(&self.name);
        }
    }

    /// Takes the password out of all that a call has brought.
    pub fn strip_call(&self, context: &mut HookContext) {
        let HookContext { data, result, dispatch, .. } = context;
        [Some(data), result.as_mut(), dispatch.as_mut()].into_iter().flatten().for_each(|value| self.strip(value));
    }
}

#[cfg(test)]
mod tests {
    use super::super::authentication::AuthenticationConfig;
    use super::*;
    use serde_json::json;

    fn field() -> PasswordField {
        PasswordField::new(Keeping::Stored("password".into()), Arc::new(Guard::new(&AuthenticationConfig::default())))
    }

    #[test]
    fn no_query_asks_about_the_password_wherever_that_stands() {
        for query in [
            json!({"password": "x"}),
            json!({"password": {"$gt": "$argon2id"}}),
            json!({"password": {"$ne": null}}),
            json!({"password.0": "$"}),
            json!({"$select": ["id", "password"]}),
            json!({"$select": "password"}),
            json!({"$select": ["password.x"]}),
            json!({"$select": {"password": 1}}),
            json!({"$sort": {"email": 1, "password": -1}}),
            json!({"$sort": {"password.0": 1}}),
            json!({"$sort": ["password"]}),
            json!({"$or": [{"email": "a"}, {"password": {"$lt": "x"}}]}),
            json!({"$and": [{"$or": [{"$and": [{"password": {"$in": ["x"]}}]}]}]}),
        ] {
            let refused = field().check_query(&query).expect_err(&query.to_string());
            assert_eq!((refused.class.code(), &*refused.message), (400, "The field 'password' can not be queried"));
        }
        for good in [json!({}), json!({"passwords": 1, "a.password": 1, "$select": ["id"]}), json!(null)] {
            assert_eq!(field().check_query(&good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_password_is_taken_out_of_documents_lists_and_pages() {
        let stripped = |mut value: Value| {
            field().strip(&mut value);
            value
        };
        let (user, shown) = (json!({"id": 1, "password": "x", "b": 2}), json!({"id": 1, "b": 2}));
        assert_eq!(stripped(user.clone()).to_string(), shown.to_string());
        assert_eq!(stripped(json!([user, 1, user])), json!([shown, 1, shown]));
        assert_eq!(stripped(json!({"total": 1, "data": [user]})), json!({"total": 1, "data": [shown]}));
        assert_eq!(stripped(json!("password")), "password");
    }
}
