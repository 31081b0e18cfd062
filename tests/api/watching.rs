//! Health, readiness, metrics.
use super::client::Client;
use super::house::House;
use actix_web::test::TestRequest;
use serde_json::json;
use std::time::{Duration, Instant};

async fn metrics(house: &House) -> String {
    house.ask(TestRequest::get().uri("/metrics")).await.body
}

#[actix_web::test]
async fn a_broker_is_alive_and_ready_until_it_stops() {
    let house = House::new();
    let get = async |path: &str| house.ask(TestRequest::get().uri(path)).await;
    for path in ["/health", "/ready"] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})), "{path}");
        let head = house.ask(TestRequest::default().method(actix_web::http::Method::HEAD).uri(path)).await;
        assert_eq!(head.status, 200, "{path}");
    }
    house.broker.node().connections().drain();
    assert_eq!(get("/health").await.status, 200);
    let ready = get("/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json(), json!({"status": "unavailable", "reasons": ["the broker is stopping"]}));
}

#[actix_web::test]
async fn metrics_are_open_metrics_and_need_no_key() {
    let house = House::new();
    let answer = house.ask(TestRequest::get().uri("/metrics")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
}

#[actix_web::test]
async fn calls_and_publishes_are_counted() {
    let house = House::new();
    house.result("publish", json!({"channel": "news", "data": 1})).await;
    house.result("publish", json!({"channel": "plain:a", "data": 1})).await;
    house.post("publish", "{").await;
    let metrics = metrics(&house).await;
    for line in [
        r#"callboard_publishes_total{namespace=""} 1"#,
        r#"callboard_publishes_total{namespace="plain"} 1"#,
        "callboard_api_seconds_count 2",
        r#"callboard_refusals_total{reason="malformed"} 1"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
}

#[actix_web::test]
async fn a_gauge_returns_to_nothing_when_its_things_are_gone() {
    let house = House::new();
    let port = house.serve();
    let mut client = Client::connect(port, "").await;
    client.ask("subscribe", json!({"channel": "plain:a"})).await;
    let shown = metrics(&house).await;
    for line in ["callboard_sessions 1", "callboard_listeners 1", "callboard_channels 1"] {
        assert!(shown.lines().any(|found| found == line), "{line} in {shown}");
    }
    house.result("disconnect", json!({"client": client.id})).await;
    client.closed().await;
    drop(client);
    // The end of a connection is told by no event that the API shows, so look until it shows, or too long.
    let deadline = Instant::now() + Duration::from_secs(10);
    let gone = ["callboard_sessions 0", "callboard_listeners 0", "callboard_channels 0", "callboard_outbox_bytes 0"];
    loop {
        let shown = metrics(&house).await;
        let open =
            shown.lines().filter_map(|line| line.strip_prefix("callboard_connections{")).all(|l| l.ends_with(" 0"));
        if open && gone.iter().all(|line| shown.lines().any(|found| found == *line)) {
            return;
        }
        assert!(Instant::now() < deadline, "{shown}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
