//! Rules of the config for callers over HTTP.
use super::house::{House, config, request, with_json};
use actix_web::test::TestRequest;
use callboard::auth::{ConnectionToken, Issuer};
use callboard::server::{Broker, Config};
use callboard::service::ServiceConfig;
use callboard::types::Json;
use serde_json::json;

fn declared() -> Config {
    let service = "path = 'messages'\nstore = 'memory'\npaginate = false\n\
                   [allow]\nfind = { query = { company_id = 'connection.user.company_id' } }\n\
                   create = \"connection.user != null && connection.provider == 'rest' && has(hook.params.headers.origin) == false\"\n\
                   patch = { query = { company_id = 'connection.user.company_id' } }\n";
    let mut config = config();
    config.auth.hmac_secret =
        toml::from_str::<callboard::auth::Config>("hmac_secret = 'a secret'").expect("a config").hmac_secret;
    config.services = vec![toml::from_str::<ServiceConfig>(service).expect("a service")];
    config
}

fn as_user(config: &Config, company: u64, asked: TestRequest) -> TestRequest {
    let info = Json::parse(format!("{{\"company_id\":{company}}}").into()).expect("JSON");
    let token = ConnectionToken { user: "42".into(), info: Some(info), ..ConnectionToken::default() };
    let token = Issuer::new(&config.auth).expect("a key").issue_connection(&token).expect("a token");
    asked.insert_header(("Authorization", format!("Bearer {token}")))
}

#[actix_web::test]
async fn rules_see_the_user_of_a_token_and_narrow_what_a_request_reaches() {
    let config = declared();
    let house = House(Broker::builder(config.clone()).start().expect("a good config"));
    let refused = house.send("POST", "/messages", "{}").await.error();
    assert_eq!(refused, (403, "Forbidden".into(), "You do not have the correct permissions.".into()));
    for company in [1, 2] {
        let body = format!("{{\"company_id\":{company}}}");
        let created = house.ask(as_user(&config, company, with_json(request("POST", "/messages"), body))).await;
        assert_eq!(created.status, 201);
    }
    for url in ["/messages", "/messages?$or[0][company_id][$gt]=0", "/messages?$or[0][id]=x&$and[0][company_id][$ne]=9"]
    {
        let found = house.ask(as_user(&config, 1, request("GET", url))).await.json();
        assert!(found.as_array().is_some_and(|all| all.iter().all(|one| one["company_id"] == 1)), "{url}: {found}");
    }
    let found = house.ask(as_user(&config, 2, request("GET", "/messages"))).await.json();
    assert_eq!(found, json!([{"company_id": 2, "id": 1}]));
    assert_eq!(house.request("GET", "/messages").await.status, 403);
    assert_eq!(house.ask(as_user(&config, 1, request("GET", "/messages/0"))).await.status, 403, "nobody may get");
    let theirs = with_json(request("PATCH", "/messages/1"), "{\"text\":\"a\"}");
    assert_eq!(house.ask(as_user(&config, 1, theirs)).await.status, 404);
}
