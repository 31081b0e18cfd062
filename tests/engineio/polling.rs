use super::house::{Plan, both};

#[tokio::test]
async fn messages_of_text_and_bytes_come_back_in_order() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        session.say("4a\x1ebAQID/w==\x1e4é😀\x1e4both").await;
        let mut heard = String::new();
        while !heard.ends_with("bAQID") {
            let reply = session.get().await;
            assert_eq!(reply.status, 200);
            heard = format!("{heard}{}{}", if heard.is_empty() { "" } else { "\x1e" }, reply.body);
        }
        assert_eq!(heard, "4a\x1ebAQID/w==\x1e4é😀\x1e4both\x1ebAQID");
    })
    .await;
}

#[tokio::test]
async fn a_poll_waits_and_what_comes_at_once_comes_with_one_answer() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        session.say("4many 5").await;
        assert_eq!(poll.reply().await.told(), (200, "40\x1e41\x1e42\x1e43\x1e44"));
        // Without a poll, all of it waits for the next one.
        session.say("4a").await;
        session.say("4b").await;
        house.until("callboard_outbox_bytes", "", 8.0).await;
        assert_eq!(session.get().await.told(), (200, "4a\x1e4b"));
    })
    .await;
}

#[tokio::test]
async fn a_poll_that_the_close_of_its_client_has_overtaken_is_ended_like_one_that_waited() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let close = session.push("1").await;
        assert_eq!(session.get().await.told(), (200, "6"));
        assert_eq!(close.reply().await.told(), (200, "ok"));
        session.is_gone().await;
        // Where no poll comes the session goes all the same, and gives back its place.
        let other = house.open().await;
        other.say("1").await;
        other.is_gone().await;
        house.until("callboard_connections", "engineio-polling", 0.0).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_poll_ends_both_and_the_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let first = session.poll().await;
        assert_eq!(session.get().await.told(), (400, ""));
        assert_eq!(first.reply().await.told(), (200, "1"));
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn a_poll_that_is_given_up_ends_the_session() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        session.say("4first").await;
        assert_eq!(poll.reply().await.body, "4first");
        drop(session.poll().await);
        house.until("callboard_polls_aborted_total", "", 1.0).await;
        session.is_gone().await;
        assert_eq!(house.metric("callboard_connections", "engineio-polling").await, 0.0);
    })
    .await;
}

#[tokio::test]
async fn other_methods_are_refused_and_harm_nothing() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        for method in ["PUT", "DELETE", "PATCH"] {
            let reply = house.send(method, &session.query("polling"), "", "").await.reply().await;
            assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")), "{method}");
        }
        session.works().await;
    })
    .await;
}

#[tokio::test]
async fn a_get_that_names_the_other_transport_is_a_bad_request_and_harms_nothing() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let reply = house.get(&session.query("websocket")).await;
        assert_eq!(reply.told(), (400, r#"{"code":3,"message":"Bad request"}"#));
        session.works().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_client_is_sent_past_the_bound_ends_its_session() {
    let plan = || {
        let mut plan = Plan::new();
        plan.config.limits.outbox = 64;
        (plan.engine.ping_interval, plan.engine.ping_timeout) =
            (std::time::Duration::from_millis(50), std::time::Duration::from_secs(60));
        plan
    };
    both(plan, async |house| {
        let session = house.open().await;
        // Answers have no bound of their own; the ping that comes on top of them does.
        // The POST waits for the answers to what it brought, and the session may end before it is told.
        drop(session.post("4many 40").await);
        house.until("callboard_drops_total", "slow", 1.0).await;
        session.is_gone().await;
        assert_eq!(house.metric("callboard_outbox_bytes", "").await, 0.0);
        assert_eq!(house.metric("callboard_disconnects_total", "transport error").await, 1.0);
    })
    .await;
}
