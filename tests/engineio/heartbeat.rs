use super::client::WEBSOCKET;
use super::house::{Plan, both};
use std::time::{Duration, Instant};

/// By how much a test may be late without that the broker was early.
const INTERVAL: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(200);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(150);

fn is_about(time: Duration, wanted: Duration) {
    assert!(time + Duration::from_millis(5) >= wanted && time < wanted + SLACK, "{time:?} instead of {wanted:?}");
}

#[tokio::test]
async fn a_ping_comes_one_interval_after_the_beginning_and_after_each_pong() {
    both(Plan::brisk, async |house| {
        let mut since = Instant::now();
        let mut socket = house.websocket(WEBSOCKET).await;
        socket.next().await;
        for _ in 0..3 {
            socket.hears("2").await;
            is_about(since.elapsed(), INTERVAL);
            since = Instant::now();
            socket.say("3").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_websocket_that_does_not_answer_is_closed_in_time() {
    both(Plan::brisk, async |house| {
        let since = Instant::now();
        let mut socket = house.websocket(WEBSOCKET).await;
        socket.next().await;
        socket.hears("2").await;
        assert_eq!(socket.next().await, None);
        is_about(since.elapsed(), INTERVAL + TIMEOUT);
        assert_eq!(house.metric("callboard_disconnects_total", "ping timeout").await, 1.0);
    })
    .await;
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_puts_the_ping_off() {
    both(Plan::brisk, async |house| {
        let mut socket = house.websocket(WEBSOCKET).await;
        socket.next().await;
        tokio::time::sleep(INTERVAL / 2).await;
        let since = Instant::now();
        socket.say("3").await;
        socket.hears("2").await;
        is_about(since.elapsed(), INTERVAL);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_polls_is_asked_and_told_of_its_end_alike() {
    both(Plan::brisk, async |house| {
        let since = Instant::now();
        let session = house.open().await;
        assert_eq!(session.get().await.told(), (200, "2"));
        is_about(since.elapsed(), INTERVAL);
        // The end is counted from when the ping was due, which a client may hear of later: so from the pong.
        let since = Instant::now();
        session.say("3").await;
        assert_eq!(session.get().await.told(), (200, "2"));
        assert_eq!(session.get().await.told(), (200, "1"));
        is_about(since.elapsed(), INTERVAL + TIMEOUT);
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_poll_is_gone_after_interval_and_timeout() {
    both(Plan::brisk, async |house| {
        let since = Instant::now();
        let session = house.open().await;
        house.until("callboard_connections", "engineio-polling", 0.0).await;
        is_about(since.elapsed(), INTERVAL + TIMEOUT);
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn the_answer_may_take_longer_than_the_interval() {
    let plan = || {
        let mut plan = Plan::brisk();
        (plan.engine.ping_interval, plan.engine.ping_timeout) = (TIMEOUT, INTERVAL);
        plan
    };
    both(plan, async |house| {
        let since = Instant::now();
        let mut socket = house.websocket(WEBSOCKET).await;
        socket.next().await;
        socket.hears("2").await;
        assert_eq!(socket.next().await, None);
        is_about(since.elapsed(), TIMEOUT + INTERVAL);
    })
    .await;
}

#[tokio::test]
async fn a_poll_after_the_deadline_is_refused_each_time() {
    both(Plan::brisk, async |house| {
        for _ in 0..10 {
            let session = house.open().await;
            tokio::time::sleep(INTERVAL + TIMEOUT).await;
            session.is_gone().await;
        }
    })
    .await;
}
