use super::client::WEBSOCKET;
use super::house::{Plan, both};

#[tokio::test]
async fn a_handler_that_panics_or_refuses_has_no_answer_and_the_session_goes_on() {
    both(Plan::new, async |house| {
        let mut socket = house.websocket(WEBSOCKET).await;
        socket.next().await;
        for text in ["4panic", "4fail", "4nothing", "4still here"] {
            socket.say(text).await;
        }
        socket.hears("4still here").await;
        assert_eq!(house.metric("callboard_handler_failures_total", "panic").await, 1.0);
        assert_eq!(house.metric("callboard_handler_failures_total", "error").await, 1.0);
    })
    .await;
}

#[tokio::test]
async fn a_post_is_not_answered_before_its_messages_may_be_read() {
    let plan = || {
        let mut plan = Plan::new();
        plan.config.limits.unanswered_commands = 2;
        plan
    };
    both(plan, async |house| {
        let session = house.open().await;
        let held = house.send("POST", &session.query("polling"), "", "4wait\x1e4wait\x1e4last").await;
        // Another client sees that the handler has them; the third waits for one of them.
        let other = house.open().await;
        house.until("callboard_commands_total", "engineio", 2.0).await;
        other.say("4free").await;
        assert_eq!(held.reply().await.told(), (200, "ok"));
        let mut heard = String::new();
        while !heard.ends_with("4last") {
            heard = format!("{heard}\x1e{}", session.get().await.body);
        }
        assert_eq!(heard, "\x1e4wait\x1e4wait\x1e4last");
    })
    .await;
}
