//! What handlers do on Redis takes effect in the order in which they do it, however late the bus is.
use crate::harness::Broker;
use crate::harness::cable::Cable;
use crate::harness::redis::Redis;
use crate::harness::socketio::Client;
use serde_json::json;
use std::time::Duration;

const LATE: Duration = Duration::from_millis(50);

#[tokio::test]
async fn who_is_emitted_to_and_then_sent_away_hears_it_first() {
    let redis = Redis::start();
    let cable = Cable::to(redis.port());
    let node = Broker::start_example_with("socketio_fixture", &["--redis", &cable.url()]);
    cable.delay_pushes(LATE);
    for round in 0..20 {
        let (mut client, _) = Client::connect(node.address(), &json!({})).await;
        assert_eq!(client.event().await[0], "auth");
        client.say(&format!(r#"42["message",{round}]"#)).await;
        client.say(r#"42["disconnect-me",false]"#).await;
        assert_eq!(client.event().await, json!(["message-back", round]));
        assert_eq!(client.next().await, "41");
    }
}

#[tokio::test]
async fn an_acknowledgement_comes_behind_what_was_emitted_before_it() {
    let redis = Redis::start();
    let cable = Cable::to(redis.port());
    let node = Broker::start_example_with("socketio_fixture", &["--redis", &cable.url()]);
    cable.delay_pushes(LATE);
    let (mut client, _) = Client::connect(node.address(), &json!({})).await;
    assert_eq!(client.event().await[0], "auth");
    for round in 0..20 {
        client.say(&format!(r#"427["message",{round}]"#)).await;
        assert_eq!(client.event().await, json!(["message-back", round]));
        assert_eq!(client.next().await, "437[]");
    }
}

#[tokio::test]
async fn a_room_is_joined_and_left_between_the_same_events_where_the_bus_is_faster_than_its_answers() {
    let redis = Redis::start();
    let cable = Cable::to(redis.port());
    let node = Broker::start_example_with("socketio_fixture", &["--redis", &cable.url()]);
    let (mut client, _) = Client::connect(node.address(), &json!({})).await;
    assert_eq!(client.event().await[0], "auth");
    cable.delay_answers(LATE);
    for round in 0..20 {
        let room = format!("room-{round}");
        let emit = async |client: &mut Client, event: &str| {
            let what = json!({"rooms": [room], "event": event, "args": [round]});
            client.say(&format!("42{}", json!(["all", what]))).await;
        };
        emit(&mut client, "before").await;
        client.say(&format!("42{}", json!(["join", [room]]))).await;
        emit(&mut client, "within").await;
        client.say(&format!("42{}", json!(["leave", [room]]))).await;
        emit(&mut client, "after").await;
        client.say(&format!(r#"42["message",{round}]"#)).await;
        assert_eq!(client.event().await, json!(["within", round]));
        assert_eq!(client.event().await, json!(["message-back", round]));
    }
}
