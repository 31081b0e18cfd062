//! How connections of Backstage's wires end: the client of signals stays away after 1000 and 1001 alone.
use super::house::{House, Kind, api, both, listener, page, plan};
use super::tokens::{service, user, user_for};
use serde_json::json;

#[tokio::test]
async fn a_stop_of_a_mounted_broker_closes_with_1012() {
    let mut house = plan().start(Kind::Mounted);
    let mut mia = page(&house, &user("user:default/mia", &[])).await;
    let mut catalog = listener(&house, &service("catalog")).await;
    house.begin_to_stop();
    assert_eq!((mia.closes().await, catalog.closes().await), (1012, 1012));
}

#[test]
fn a_stop_of_the_binary_closes_with_1012() {
    let config = "[api]\nkey = \"an api key of the tests\"\n[backstage]\nsignals = true\nguests = true\n";
    let broker = crate::harness::Broker::start(config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let (mut guest, _) = super::house::open(broker.address(), "/api/signals", &[]).await.expect("it is let in");
        let stopped = tokio::task::spawn_blocking(move || broker.stop());
        assert_eq!(guest.closes().await, 1012);
        assert!(stopped.await.expect("it stops").success());
    });
}

#[tokio::test]
async fn the_end_of_a_token_closes_with_4401_at_once() {
    both(plan, async |house: House| {
        let begun = std::time::Instant::now();
        let mut mia = page(&house, &user_for(2, "user:default/mia", &[])).await;
        let mut joe = listener(&house, &user_for(2, "user:default/joe", &[])).await;
        assert_eq!((mia.closes().await, joe.closes().await), (4401, 4401));
        assert!(begun.elapsed().as_secs() < 15, "there is no command for a new one, so nothing is waited for");
    })
    .await;
}

#[tokio::test]
async fn only_a_revocation_closes_with_1000() {
    both(plan, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        let mut joe = page(&house, &user("user:default/joe", &[])).await;
        let revoked = api(&house, "revoke", json!({"user": "user:default/mia", "realm": "backstage"})).await;
        assert!(revoked["error"].is_null(), "{revoked}");
        assert_eq!(mia.closes().await, 1000);
        let disconnected = api(&house, "disconnect", json!({"user": "user:default/joe"})).await;
        assert!(disconnected["error"].is_null(), "{disconnected}");
        assert_eq!(joe.closes().await, 3503);
        let token = user("user:default/mia", &[]);
        let again = super::house::open(house.address, "/api/signals", &[("sec-websocket-protocol", &token)]).await;
        assert_eq!(again.err().expect("it was revoked").status(), 401);
    })
    .await;
}
