//! The events bus from Rust code, and programs that mount something in its place.
use super::house::plan;
use callboard::server::{Broker, Config, Error};
use callboard::service::events_bus::{BusError, Polled};
use callboard::types::Json;
use std::time::Duration;
use tokio::time::timeout;

fn config() -> Config {
    let mut config = plan().config;
    config.backstage.bus = true;
    config
}

fn json(text: &'static str) -> Json {
    Json::parse(text.into()).expect("JSON")
}

#[actix_web::test]
async fn rust_code_publishes_and_subscribes_as_plugins_do() {
    let broker = Broker::builder(config()).start().expect("a good config");
    let bus = broker.events_bus().expect("it is on");
    assert_eq!(bus.publish("t", json("1")).await, Ok(false), "nobody is subscribed");
    let mut all = bus.subscribe("catalog.a", &["t", "u"]).await.expect("there is room");
    let other = bus.clone();
    let told = actix_rt::spawn(async move { all.next().await.map(|events| (events, all)) });
    tokio::task::yield_now().await;
    assert_eq!(other.publish("u", json(r#"{"n":2}"#)).await, Ok(true));
    let (events, mut all) =
        timeout(Duration::from_secs(20), told).await.expect("in time").expect("no panic").expect("events");
    assert_eq!(
        events.iter().map(|event| (&*event.topic, event.payload.as_str())).collect::<Vec<_>>(),
        [("u", r#"{"n":2}"#)]
    );
    assert_eq!(bus.publish_beside("t", json("3"), vec!["catalog.a".into()]).await, Ok(false));
    assert!(matches!(bus.poll("catalog.a").await, Ok(Polled::Waiting(_))));
    assert_eq!(bus.publish("t", json("4")).await, Ok(true));
    assert_eq!(all.next().await.expect("events").len(), 1);
    assert!(matches!(bus.publish("", json("5")).await, Err(BusError::Invalid(_))));
    assert!(matches!(bus.poll("catalog.b").await, Err(BusError::NoSubscription)));
    broker.drain().await;
    assert_eq!(all.next().await, Err(BusError::Stopping));
}

#[actix_web::test]
async fn where_it_is_off_there_is_none() {
    let broker = Broker::builder(plan().config).start().expect("a good config");
    assert!(broker.events_bus().is_none());
}

#[actix_web::test]
async fn a_path_that_the_program_has_taken_is_an_error_that_names_both() {
    let builder = Broker::builder(config()).wire("/api/events/bus/v1/own", vec![]);
    let Err(error @ Error::Claimed { .. }) = builder.start() else { panic!("both are served") };
    let told = error.to_string();
    assert!(told.contains("/api/events/bus/v1/own") && told.contains("backstage.bus_path"), "{told}");
}
