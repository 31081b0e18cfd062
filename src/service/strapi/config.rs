//! The section `[strapi]` of the config.
use crate::auth::strapi::{Keys, Secrets};
use crate::auth::{self, OneOrMany, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The section `[strapi]`: which services hold the roles, users and API tokens of a Strapi application, and which are its content
/// types. On where `roles` is set; all clients of the Socket.IO namespace `/` are let in by it then.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The path of the service of roles: `{id, name, type, permissions}`.
    pub roles: Option<String>,
    /// The path of the service of permissions, `{action, role}` and `{action, token}`, where roles and tokens do not hold their own.
    pub permissions: Option<String>,
    /// The path of the service of API tokens: `{id, name, type, accessKey, expiresAt, permissions}`. Unset: there are none.
    pub tokens: Option<String>,
    /// The path of the service of users: `{id, role, blocked, confirmed}`. Unset: no JWT is valid.
    pub users: Option<String>,
    /// The type or name of the role of clients without a token. Unset: they are refused.
    pub public_role: Option<String>,
    /// Refuse users who are not `confirmed`.
    pub email_confirmation: bool,
    /// What users' JWTs are signed with (HS256): `plugin::users-permissions.jwtSecret`.
    pub jwt_secret: OneOrMany<Secret>,
    /// Files that hold one such secret each; white space around it is dropped.
    pub jwt_secret_file: OneOrMany<PathBuf>,
    /// What API tokens are hashed with: `admin.apiToken.salt`.
    pub api_token_salt: OneOrMany<Secret>,
    /// Files that hold one such salt each; white space around it is dropped.
    pub api_token_salt_file: OneOrMany<PathBuf>,
    /// How many levels of relations events bring along, from 0 to 5.
    pub populate_depth: usize,
    /// After this time roles and tokens are read again, whether or not a service has told of a change; 0: never.
    #[serde(with = "humantime_serde")]
    pub refresh: Duration,
    /// The content types.
    #[serde(rename = "content_type")]
    pub content_types: Vec<ContentTypeConfig>,
}

/// A table `[[strapi.content_type]]`: a service whose documents are entries of a content type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentTypeConfig {
    /// Its name in Strapi, such as `api::article.article`. Events begin with what stands behind the last dot.
    pub uid: String,
    /// The path of its service.
    pub service: String,
    /// Of which actions events tell. Default: all.
    #[serde(default = "Action::all")]
    pub actions: Vec<Action>,
    /// Attributes that no client is shown; with dots in components, such as `seo.note`.
    #[serde(default)]
    pub private: Vec<String>,
    /// Attributes that hold ids of entries of other content types, and the uids of those: they are brought along.
    #[serde(default)]
    pub relations: BTreeMap<String, String>,
}

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Create,
    /// It has changed.
    Update,
    /// It is gone.
    Delete,
}

impl ContentTypeConfig {
    /// The content type of this uid, whose entries are the documents of the service at this path: with all actions, nothing private
    /// and no relations.
    pub fn new(uid: &str, service: &str) -> Self {
        ContentTypeConfig {
            uid: uid.to_owned(),
            service: service.to_owned(),
            actions: Action::all(),
            private: vec![],
            relations: BTreeMap::new(),
        }
    }
}

impl Action {
    fn all() -> Vec<Action> {
        vec![Action::Create, Action::Update, Action::Delete]
    }

    /// Its name in events and permissions.
    pub fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }

    /// What an event of a service stands for; none for those of a service's own.
    pub(super) fn of_event(event: &str) -> Option<Self> {
        match event {
            "created" => Some(Action::Create),
            "updated" | "patched" => Some(Action::Update),
            "removed" => Some(Action::Delete),
            _ => None,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            roles: None,
            permissions: None,
            tokens: None,
            users: None,
            public_role: None,
            email_confirmation: false,
            jwt_secret: OneOrMany::default(),
            jwt_secret_file: OneOrMany::default(),
            api_token_salt: OneOrMany::default(),
            api_token_salt_file: OneOrMany::default(),
            populate_depth: 1,
            refresh: Duration::from_secs(30),
            content_types: vec![],
        }
    }
}

impl Config {
    /// Whether the section says anything.
    pub fn is_on(&self) -> bool {
        self.roles.is_some()
    }

    /// The keys that it names. Fails where a file cannot be read and where a secret is empty; the error names the config key.
    pub fn keys(&self) -> Result<Keys, auth::Error> {
        Keys::new(&Secrets {
            jwt: &self.jwt_secret,
            jwt_files: &self.jwt_secret_file,
            salt: &self.api_token_salt,
            salt_files: &self.api_token_salt_file,
        })
    }

    /// The services that hold who may do what, with the config keys that name them: clients may not call them.
    pub(super) fn of_rights(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("strapi.roles", &self.roles),
            ("strapi.permissions", &self.permissions),
            ("strapi.tokens", &self.tokens),
            ("strapi.users", &self.users),
        ];
        all.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?.trim_matches('/'))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_read_as_applications_write_it_and_shows_no_secret() {
        let config: Config = toml::from_str(
            r#"
            roles = "roles"
            users = "users"
            public_role = "public"
            jwt_secret = "tOp"
            [[content_type]]
            uid = "api::article.article"
            service = "articles"
            private = ["secret"]
            relations = { author = "plugin::users-permissions.user" }
            "#,
        )
        .expect("a section");
        assert!(config.is_on() && !Config::default().is_on());
        assert_eq!(config.content_types[0].actions, Action::all());
        assert!(!format!("{config:?}").contains("tOp"));
        assert!(config.keys().expect("a secret").has_jwt());
        assert!(toml::from_str::<Config>("[[content_type]]\nuid = 'a.b'\nservice = 'b'\nactions = ['find']").is_err());
    }
}
