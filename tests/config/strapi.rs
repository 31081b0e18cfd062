//! The section `[strapi]`.
use super::*;

const ENDPOINT: &str = "[[socketio]]\n";

#[test]
fn it_is_good_with_secrets_and_an_endpoint() {
    let text = "[strapi]\nroles = 'roles'\nusers = 'users'\ntokens = 'tokens'\njwt_secret = 's'\napi_token_salt = ['t', 'u']\n\
                [[strapi.content_type]]\nuid = 'api::article.article'\nservice = 'articles'\nactions = ['create']\n\
                relations = { author = 'api::article.article' }\n";
    let config = load(&format!("{text}{ENDPOINT}")).expect("it is good");
    assert_eq!(config.strapi.content_types[0].service, "articles");
    assert!(!toml::to_string(&config).expect("text").contains("'s'"));
}

#[test]
fn what_has_no_effect_or_lets_nobody_in_is_a_problem() {
    for (text, wanted) in [
        ("users = 'users'\njwt_secret = 's'\n", "strapi.roles must be set"),
        ("roles = 'roles'\nusers = 'users'\n", "strapi.users no JWT could be verified"),
        ("roles = 'roles'\ntokens = 'tokens'\n", "strapi.tokens no API token could be found"),
        ("roles = 'roles'\npopulate_depth = 6\n", "strapi.populate_depth at most 5"),
        ("roles = 'roles'\njwt_secret = ''\n", "strapi.jwt_secret a secret must not be empty"),
        ("roles = 'roles'\nrefresh = '40000days'\n", "strapi.refresh must be at most"),
        ("roles = 'roles'\n[[strapi.content_type]]\nuid = 'a.b'\n", "strapi.content_type"),
        ("role = 'roles'\n", "strapi.role unknown key; did you mean `roles`?"),
    ] {
        let problems = problems_of(load(&format!("{ENDPOINT}[strapi]\n{text}")));
        assert!(problems.len() == 1 && problems[0].contains(wanted), "{text}: {problems:?}");
    }
}
