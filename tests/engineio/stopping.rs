use super::client::{POLLING, WEBSOCKET};
use super::house::{Kind, Plan};

#[tokio::test]
async fn a_broker_that_stops_tells_its_clients_whatever_carries_them() {
    // One worker, so that no request meets one that has stopped to accept.
    let mut plan = Plan::new();
    plan.config.server.workers = 1;
    let mut house = plan.start(Kind::Mounted);
    let mut socket = house.websocket(WEBSOCKET).await;
    socket.next().await;
    let waiting = house.open().await;
    let sid = waiting.query("polling");
    let poll = waiting.poll().await;
    let idle = house.open().await;
    idle.say("4for the next poll").await;
    let idle = idle.query("polling");
    house.until("callboard_outbox_bytes", "", 20.0).await;
    house.begin_to_stop();
    socket.was_closed(None).await;
    assert_eq!(poll.reply().await.told(), (200, "1"));
    assert_eq!(house.get(&sid).await.status, 400);
    assert_eq!(house.get(POLLING).await.status, 503);
    // What was queued is still delivered, and lets the broker go. Not in one body: clients see a close before what stands with it.
    assert_eq!(house.get(&idle).await.told(), (200, "4for the next poll"));
    assert_eq!(house.get(&idle).await.told(), (200, "1"));
    house.stop();
}
