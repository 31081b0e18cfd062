//! The content types of an application.
use super::SetupError;
use super::config::{Action, Config, ContentTypeConfig};
use crate::service::path::stripped;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Levels of relations that events may bring along.
const MOST_LEVELS: usize = 5;
/// Strapi's own users, and which of their attributes nobody is shown, whatever the config says.
const USERS: &str = "plugin::users-permissions.user";
pub const SECRETS_OF_USERS: [&str; 3] = ["password", "resetPasswordToken", "confirmationToken"];

/// A content type.
#[derive(Debug)]
pub struct ContentType {
    /// Its name, such as `api::article.article`.
    pub uid: String,
    /// What its events begin with, such as `article`.
    pub singular: String,
    /// The path of its service.
    pub service: String,
    /// Of which actions events tell.
    pub actions: Vec<Action>,
    /// Attributes that nobody is shown, with dots in components.
    pub private: BTreeSet<String>,
    /// Attributes that hold entries of other content types, and the uids of those.
    pub relations: BTreeMap<String, String>,
    /// The uids of the content types that its events may bring along: a role that may not find one is not shown it.
    pub reached: Vec<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct ContentTypes {
    by_uid: HashMap<String, Arc<ContentType>>,
    /// Levels of relations that events bring along.
    pub depth: usize,
}

impl ContentTypes {
    /// Those of a config, whose services are registered at these paths. Fails where two have one uid, where one has no name or no
    /// service, and where a relation leads to none of them; the error names the config key.
    pub fn new(config: &Config, has_service: impl Fn(&str) -> bool) -> Result<Self, SetupError> {
        for (key, path) in config.of_rights() {
            if !has_service(path) {
                return Err(SetupError::NoService { key: key.to_owned(), path: path.to_owned() });
            }
        }
        if config.populate_depth > MOST_LEVELS {
            return Err(SetupError::Depth(MOST_LEVELS));
        }
        let mut types: BTreeMap<String, ContentType> = BTreeMap::new();
        for (index, given) in config.content_types.iter().enumerate() {
            let read = content_type(given, config, &has_service).map_err(|wrong| wrong.of(index))?;
            let uid = read.uid.clone();
            if types.insert(uid.clone(), read).is_some() {
                return Err(SetupError::SameUid { index, uid });
            }
        }
        for (index, given) in config.content_types.iter().enumerate() {
            if let Some((field, uid)) = given.relations.iter().find(|(_, uid)| !types.contains_key(*uid)) {
                return Err(SetupError::Relation { index, field: field.clone(), uid: uid.clone() });
            }
        }
        let reached: Vec<_> = types.values().map(|one| reached(one, &types, config.populate_depth)).collect();
        let types = types.into_iter().zip(reached);
        let by_uid = types.map(|((uid, one), reached)| (uid, Arc::new(ContentType { reached, ..one }))).collect();
        Ok(ContentTypes { by_uid, depth: config.populate_depth })
    }

    /// The one of this uid.
    pub fn of(&self, uid: &str) -> Option<&Arc<ContentType>> {
        self.by_uid.get(uid)
    }

    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<ContentType>> {
        self.by_uid.values()
    }
}

/// What is wrong with a content type.
enum Wrong {
    Uid(String),
    NoService(String),
    OfRights(String),
}

impl Wrong {
    fn of(self, index: usize) -> SetupError {
        let key = format!("strapi.content_type[{index}].service");
        match self {
            Wrong::Uid(uid) => SetupError::Uid { index, uid },
            Wrong::NoService(path) => SetupError::NoService { key, path },
            Wrong::OfRights(path) => SetupError::OfRights { key, path },
        }
    }
}

fn content_type(
    given: &ContentTypeConfig,
    config: &Config,
    has_service: impl Fn(&str) -> bool,
) -> Result<ContentType, Wrong> {
    let singular = given.uid.rsplit('.').next().filter(|name| !name.is_empty() && name.len() < given.uid.len());
    let singular = singular.ok_or_else(|| Wrong::Uid(given.uid.clone()))?.to_owned();
    let service = stripped(&given.service).to_owned();
    if !has_service(&service) {
        return Err(Wrong::NoService(service));
    }
    let secret = [&config.tokens, &config.permissions, &config.roles].into_iter().flatten();
    if secret.into_iter().any(|path| stripped(path) == service) {
        return Err(Wrong::OfRights(service));
    }
    let mut private: BTreeSet<String> = given.private.iter().cloned().collect();
    if given.uid == USERS || config.users.as_deref().is_some_and(|users| stripped(users) == service) {
        private.extend(SECRETS_OF_USERS.map(str::to_owned));
    }
    let mut actions = given.actions.clone();
    actions.dedup();
    let (uid, relations) = (given.uid.clone(), given.relations.clone());
    Ok(ContentType { uid, singular, service, actions, private, relations, reached: vec![] })
}

/// The uids that are reached from a content type in so many steps.
fn reached(from: &ContentType, all: &BTreeMap<String, ContentType>, depth: usize) -> Vec<String> {
    let (mut reached, mut last) = (BTreeSet::new(), vec![from]);
    for _ in 0..depth {
        let next: BTreeSet<&String> = last.iter().flat_map(|one| one.relations.values()).collect();
        last = next.iter().filter_map(|uid| all.get(*uid)).collect();
        reached.extend(next.into_iter().cloned());
    }
    reached.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(toml: &str) -> Result<ContentTypes, SetupError> {
        let config: Config = toml::from_str(toml).expect("a section");
        ContentTypes::new(&config, |path| ["roles", "articles", "users"].contains(&path))
    }

    fn error(toml: &str) -> String {
        types(toml).expect_err(toml).to_string()
    }

    #[test]
    fn a_content_type_is_called_by_the_end_of_its_uid_and_users_keep_their_secrets() {
        let types = types(
            "roles = 'roles'\nusers = 'users'\npopulate_depth = 2\n\
             [[content_type]]\nuid = 'api::article.article'\nservice = '/articles/'\nrelations = { by = 'api::user.user' }\n\
             [[content_type]]\nuid = 'api::user.user'\nservice = 'users'\nactions = []\nrelations = { best = 'api::article.article' }",
        )
        .expect("content types");
        let (article, user) = (types.of("api::article.article").unwrap(), types.of("api::user.user").unwrap());
        assert_eq!((article.singular.as_str(), article.service.as_str()), ("article", "articles"));
        assert_eq!(article.reached, ["api::article.article", "api::user.user"]);
        assert!(user.private.contains("password") && user.actions.is_empty() && article.private.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_an_error_that_names_its_key() {
        let article = "[[content_type]]\nuid = 'api::article.article'\nservice = 'articles'\n";
        let missing = "[[content_type]]\nuid = 'api::note.note'\nservice = 'notes'\n";
        let told = error(&format!("roles = 'roles'\n{article}{missing}"));
        assert!(told.starts_with("strapi.content_type[1].service") && told.contains("\"notes\""), "{told}");
        assert!(error("roles = 'roles'\ntokens = 'tokens'").starts_with("strapi.tokens"));
        assert!(error(&format!("roles = 'roles'\n{article}{article}")).contains("api::article.article"));
        assert!(error("roles = 'roles'\n[[content_type]]\nuid = 'article'\nservice = 'articles'").contains("uid"));
        let lost = format!("roles = 'roles'\n{article}relations = {{ author = 'api::author.author' }}");
        assert!(error(&lost).contains("author"), "{}", error(&lost));
        assert!(error("roles = 'roles'\n[[content_type]]\nuid = 'a.role'\nservice = 'roles'").contains("strapi"));
        assert!(error("roles = 'roles'\npopulate_depth = 6").contains("populate_depth"));
    }
}
