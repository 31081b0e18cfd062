//! An API without a key: open to programs on this machine, closed to pages of others.
use super::house::{House, config};
use actix_web::test::TestRequest;
use callboard::server::Config;

fn keyless() -> Config {
    let mut config = Config { api: Default::default(), ..config() };
    config.server.allow_insecure = true;
    config
}

fn publish() -> TestRequest {
    let request = TestRequest::post().uri("/api/publish").insert_header(("Host", "localhost:8000"));
    request.set_payload(r#"{"channel":"news","data":1}"#)
}

#[actix_web::test]
async fn a_program_needs_no_key_but_the_content_type() {
    let house = House::with(keyless());
    let json = publish().insert_header(("Content-Type", "application/json; charset=utf-8"));
    assert_eq!(house.ask(json).await.status, 200);
    assert_eq!(house.ask(publish()).await.status, 415);
    for simple in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(house.ask(publish().insert_header(("Content-Type", simple))).await.status, 415, "{simple}");
    }
}

#[actix_web::test]
async fn a_page_must_be_of_the_same_host_or_listed() {
    let mut config = keyless();
    config.auth.origins = vec!["https://app.test".to_owned()];
    let house = House::with(config);
    for (origin, status) in [
        ("http://localhost:8000", 200),
        ("https://app.test", 200),
        ("http://localhost:3000", 403),
        ("https://foreign.test", 403),
        ("null", 403),
        ("", 403),
    ] {
        let request = publish().insert_header(("Content-Type", "application/json"));
        assert_eq!(house.ask(request.insert_header(("Origin", origin))).await.status, status, "{origin:?}");
    }
    let metrics = house.ask(TestRequest::get().uri("/metrics")).await.body;
    assert!(metrics.contains(r#"callboard_refusals_total{reason="origin"} 4"#), "{metrics}");
}

#[actix_web::test]
async fn a_mounted_broker_without_a_key_does_not_start_and_says_what_to_set() {
    let config = Config { api: Default::default(), ..config() };
    let refused = callboard::server::Broker::builder(config).start().err().expect("a refusal");
    assert!(refused.to_string().contains("api.key"), "{refused}");
}

#[actix_web::test]
async fn a_mounted_broker_with_a_secret_that_can_be_guessed_does_not_start_unless_that_is_allowed() {
    for (key, wrong) in
        [("api.key", "[api]\nkey = 'changeme'\n"), ("auth.hmac_secret", "[auth]\nhmac_secret = 'short'\n")]
    {
        let mut broken: Config = toml::from_str(wrong).unwrap();
        match key {
            "api.key" => broken.auth = config().auth,
            _ => broken.api = config().api,
        }
        let start = |config: Config| callboard::server::Broker::builder(config).start();
        let refused = start(broken.clone()).err().expect("a refusal").to_string();
        assert!(refused.starts_with(key) && refused.contains("server.allow_insecure"), "{refused}");
        assert!(!refused.contains("changeme") && !refused.contains("'short'"), "{refused}");
        broken.server.allow_insecure = true;
        let broker = start(broken.clone()).expect("it is allowed");
        broken.server.allow_insecure = false;
        assert!(broker.reload(&broken).is_ok(), "what was allowed at the start holds");
    }
    let broker = callboard::server::Broker::builder(config()).start().unwrap();
    let mut weak = config();
    weak.api = toml::from_str("key = 'changeme'").unwrap();
    assert!(broker.reload(&weak).is_err(), "a reload is held to it, too");
}
