use super::*;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

#[test]
fn an_empty_file_gives_the_closed_defaults() {
    let config = load("").unwrap();
    assert!(!config.auth.anonymous && config.namespaces.is_empty());
    assert_eq!(config.server.port, 8000);
}

#[test]
fn a_variable_counts_before_the_file_and_a_flag_before_both() {
    let text = "[server]\nport = 1\nworkers = 1\nping_interval = '30s'\n";
    let variables = [("CALLBOARD_SERVER__PORT", "2"), ("CALLBOARD_SERVER__WORKERS", "2")];
    let flags = Overrides { port: Some(3), ..Overrides::default() };
    let config = load_with(text, &variables, &flags).unwrap();
    assert_eq!((config.server.port, config.server.workers), (3, 2));
    assert_eq!(config.server.ping_interval, Duration::from_secs(30));
}

#[test]
fn a_flag_sets_the_host() {
    let flags = Overrides { host: Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))), ..Overrides::default() };
    assert_eq!(load_with("", &[], &flags).unwrap().server.host.to_string(), "127.0.0.2");
}

#[test]
fn a_variable_is_read_as_its_key_wants_it() {
    let variables = [
        ("CALLBOARD_API__KEY", "12345"),
        ("CALLBOARD_AUTH__HMAC_SECRET", r#"["new", "old"]"#),
        ("CALLBOARD_AUTH__ORIGINS", "https://a.example, https://b.example"),
        ("CALLBOARD_AUTH__ANONYMOUS", "true"),
        ("CALLBOARD_LIMITS__HANDLER_TIMEOUT", "7s"),
        ("CALLBOARD_LIMITS__FRAME", "1_000"),
    ];
    let config = load_with("", &variables, &Overrides::default()).unwrap();
    assert_eq!(config.api.key.iter().map(|key| key.expose()).collect::<Vec<_>>(), ["12345"]);
    assert_eq!(config.auth.hmac_secret.iter().map(|key| key.expose()).collect::<Vec<_>>(), ["new", "old"]);
    assert_eq!(config.auth.origins, ["https://a.example", "https://b.example"]);
    assert!(config.auth.anonymous);
    assert_eq!((config.limits.handler_timeout, config.limits.frame), (Duration::from_secs(7), 1000));
}

#[test]
fn the_key_without_a_section_has_a_variable_too() {
    let variables = [("CALLBOARD_ENGINE", "redis"), ("CALLBOARD_REDIS__URL", "redis://127.0.0.1:7000/1")];
    let config = load_with("engine = 'memory'", &variables, &Overrides::default()).unwrap();
    assert_eq!(config.engine, callboard::engine::Kind::Redis);
    assert_eq!(config.redis.url.to_string(), "redis://127.0.0.1:7000/1");
}

#[test]
fn variables_that_others_set_for_a_service_of_this_name_are_let_be() {
    let variables =
        [("CALLBOARD_PORT", "tcp://10.0.0.1:8000"), ("CALLBOARD_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin")];
    assert_eq!(load_with("", &variables, &Overrides::default()).unwrap().server.port, 8000);
}

#[test]
fn a_secret_comes_from_a_file() {
    let secret = file("  topsecret\n");
    let text = format!("[api]\nkey_file = '{}'\n", secret.path().display());
    assert!(!load(&text).unwrap().api.key_file.is_empty());
}
