//! Sections `[strapi]` that make no sense: each refusal begins with the key to change.
use super::house::{config, documents, plan};
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::strapi::ContentTypeConfig;

fn refusal(config: Config, plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder) -> String {
    match plan(Broker::builder(config)).start() {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[actix_rt::test]
async fn a_service_that_is_not_there_is_named_with_its_key() {
    let refused = refusal(config(), |builder| builder);
    assert_eq!(refused, "strapi.roles: no service is registered at \"roles\"");
    let refused = refusal(config(), |builder| plan(builder).content_type("api::note.note", "notes"));
    assert_eq!(refused, "strapi.content_type[2].service: no service is registered at \"notes\"");
}

#[actix_rt::test]
async fn a_service_that_holds_tokens_is_no_content_type() {
    let refused = refusal(config(), |builder| plan(builder).content_type("admin::api-token", "api-tokens"));
    assert!(refused.starts_with("strapi.content_type[2].uid"), "{refused}");
    let refused = refusal(config(), |builder| plan(builder).content_type("admin::api.token", "api-tokens"));
    assert!(refused.starts_with("strapi.content_type[2].service: \"api-tokens\" holds"), "{refused}");
}

#[actix_rt::test]
async fn a_relation_that_leads_nowhere_is_named() {
    let mut config = config();
    let mut note = ContentTypeConfig::new("api::note.note", "notes");
    note.relations.insert("tag".into(), "api::tag.tag".into());
    config.strapi.content_types.push(note);
    let refused = refusal(config, |builder| plan(builder).service("notes", documents()));
    assert!(
        refused.starts_with("strapi.content_type[2].relations.tag: no content type is called \"api::tag.tag\""),
        "{refused}"
    );
}
