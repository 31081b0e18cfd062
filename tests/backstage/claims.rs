//! A path that two things claim does not start, whoever builds the broker.
use super::house::plan;
use callboard::server::Broker;

#[actix_rt::test]
async fn a_path_that_two_claim_is_an_error_that_names_both() {
    for (signals, events, says) in [
        ("/events", "/events", ["backstage.events_path", "backstage.signals_path"]),
        ("/api/publish", "/events", ["backstage.signals_path", "server.api_prefix"]),
        ("/connection/websocket", "/events", ["backstage.signals_path", "server.connection_prefix"]),
    ] {
        let mut config = plan().config;
        config.backstage.signals_path = signals.into();
        config.backstage.events_path = events.into();
        let error = Broker::builder(config).start().err().expect("it does not start").to_string();
        assert!(says.iter().all(|key| error.contains(key)), "{error}");
    }
}
