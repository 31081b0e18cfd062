//! What makes no sense in the section `[strapi]`.
use super::sense::Found;
use crate::server::Config;
use crate::service::strapi;

/// Levels of relations that events may bring along.
const MOST_LEVELS: usize = 5;

impl Found {
    /// Whether the services are there that it names, their program finds out when it starts.
    pub(super) fn of_strapi(&mut self, config: &Config) {
        let strapi = &config.strapi;
        let says_more = strapi.users.is_some() || strapi.tokens.is_some() || !strapi.content_types.is_empty();
        let message = "must be set to the path of the service of roles: without it the rest of [strapi] has no effect";
        self.add(!strapi.is_on() && says_more, "strapi.roles", message);
        let message = format!("at most {MOST_LEVELS} levels are brought along");
        self.add(strapi.populate_depth > MOST_LEVELS, "strapi.populate_depth", message);
    }
}

/// Kinds of tokens that are to be accepted, and of which none could be: key, reason.
pub(super) fn keyless(strapi: &strapi::Config) -> Vec<(&'static str, String)> {
    let has_jwt = !strapi.jwt_secret.is_empty() || !strapi.jwt_secret_file.is_empty();
    let has_salt = !strapi.api_token_salt.is_empty() || !strapi.api_token_salt_file.is_empty();
    let users = "no JWT could be verified: set `jwt_secret` or `jwt_secret_file`";
    let tokens = "no API token could be found: set `api_token_salt` or `api_token_salt_file`";
    let without = [
        (strapi.users.is_some() && !has_jwt, "strapi.users", users),
        (strapi.tokens.is_some() && !has_salt, "strapi.tokens", tokens),
    ];
    without.into_iter().filter(|(wrong, ..)| *wrong).map(|(_, key, reason)| (key, reason.to_owned())).collect()
}
