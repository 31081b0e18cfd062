use super::*;
use std::net::{IpAddr, Ipv4Addr};

const OPEN: &str = "[server]\nhost = '0.0.0.0'\n";

fn everywhere() -> Overrides {
    Overrides { host: Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), ..Overrides::default() }
}

#[test]
fn the_embedded_config_serves_loopback() {
    let config = config::load(&Source::Shipped, [], &Overrides::default()).unwrap();
    assert!(config.auth.anonymous && config.server.host.is_loopback());
}

#[test]
fn the_embedded_config_does_not_leave_loopback_whatever_else_is_set() {
    let variables =
        variables(&[("CALLBOARD_SERVER__ALLOW_INSECURE", "true"), ("CALLBOARD_API__KEY", "q3l0Yc2bN8xTzVw1")]);
    let problems = problems_of(config::load(&Source::Shipped, variables, &everywhere()));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("--host server.host reaches beyond this machine"), "{problems:?}");
    assert!(problems[0].contains("--config FILE"), "{problems:?}");
}

#[test]
fn who_does_not_listen_may_read_it_all_the_same() {
    assert!(config::read(&Source::Shipped, [], &everywhere()).is_ok());
}

#[test]
fn beyond_loopback_the_api_needs_a_key() {
    let problems = problems_of(load(OPEN));
    assert!(problems[0].contains("api.key must be set, because `server.host = 0.0.0.0`"), "{problems:?}");
    assert!(load(&format!("{OPEN}[api]\nkey = 'q3l0Yc2bN8xTzVw1'\n")).is_ok());
    assert!(load_with(OPEN, &[("CALLBOARD_API__KEY", "q3l0Yc2bN8xTzVw1")], &Overrides::default()).is_ok());
}

#[test]
fn the_key_in_a_file_counts() {
    let key = file("q3l0Yc2bN8xTzVw1\n");
    assert!(load(&format!("{OPEN}[api]\nkey_file = '{}'\n", key.path().display())).is_ok());
}

#[test]
fn an_internal_address_counts_for_the_api() {
    assert!(load(&format!("{OPEN}internal_host = '127.0.0.1'\ninternal_port = 8001\n")).is_ok());
    let problems = problems_of(load("[server]\ninternal_host = '0.0.0.0'\ninternal_port = 8001\n"));
    assert!(problems[0].contains("api.key must be set, because `server.internal_host = 0.0.0.0`"), "{problems:?}");
}

#[test]
fn an_internal_port_alone_stays_at_the_public_address() {
    assert!(problems_of(load(&format!("{OPEN}internal_port = 8001\n")))[0].contains("api.key"));
}

#[test]
fn anonymous_clients_beyond_loopback_are_the_users_own_word() {
    let own = format!("{OPEN}[api]\nkey = 'q3l0Yc2bN8xTzVw1'\n[auth]\nanonymous = true\n");
    assert!(load(&own).unwrap().auth.anonymous);
    let config = load(&own).unwrap();
    let problems = config::check_exposure(&config, &config::Place::Unset).unwrap_err();
    assert!(problems.to_string().contains("`auth.anonymous`: must be set by your own config"), "{problems}");
}

#[test]
fn allow_insecure_waives_both() {
    let config = load(&format!("{OPEN}allow_insecure = true\n[auth]\nanonymous = true\n")).unwrap();
    assert!(config::check_exposure(&config, &config::Place::Unset).is_ok());
}

#[test]
fn an_ipv4_loopback_written_as_ipv6_is_loopback() {
    assert!(load("[server]\nhost = '::ffff:127.0.0.1'\n").is_ok());
    assert!(load("[server]\nhost = '::'\n").is_err());
}
