use super::client::{PATIENCE, Session};
use super::house::{House, Plan, both};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

const BAD_REQUEST: (u16, &str) = (400, r#"{"code":3,"message":"Bad request"}"#);

/// As often as it takes for sessions and sockets to have met on each pair of workers.
const TRIES: usize = 8;

#[tokio::test]
async fn a_session_moves_wherever_its_socket_came_in_and_loses_nothing() {
    both(Plan::new, async |house| {
        for turn in 0..TRIES {
            let session = house.open().await;
            session.works().await;
            let mut socket = session.candidate().await;
            session.say(&format!("4queued {turn}")).await;
            socket.takes_over().await;
            socket.hears(&format!("4queued {turn}")).await;
            socket.say("4over the new way").await;
            socket.hears("4over the new way").await;
            socket.say_bytes(&[turn as u8]).await;
            assert_eq!(socket.next().await, Some(Message::binary(vec![turn as u8])));
        }
        assert_eq!(house.metric("callboard_upgrades_total", "done").await, TRIES as f64);
        house.until("callboard_connections", "engineio", 0.0).await;
    })
    .await;
}

#[tokio::test]
async fn a_poll_is_ended_when_the_candidate_works_and_so_is_each_one_after_it() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        let mut socket = session.candidate().await;
        socket.say("2probe").await;
        socket.hears("3probe").await;
        assert_eq!(poll.reply().await.told(), (200, "6"));
        assert_eq!(session.get().await.told(), (200, "6"));
        assert_eq!(session.get().await.told(), (200, "6"));
        // What is there to tell is told instead.
        session.say("4b").await;
        assert_eq!(session.get().await.told(), (200, "4b"));
        socket.say("5").await;
        socket.say("4c").await;
        socket.hears("4c").await;
    })
    .await;
}

#[tokio::test]
async fn a_move_without_a_probe_is_good_too_and_ends_a_poll() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let poll = session.poll().await;
        let mut socket = session.candidate().await;
        // What follows at once in the same segment is the session's already.
        socket.say("5").await;
        socket.say("4b").await;
        socket.hears("4b").await;
        assert_eq!(poll.reply().await.told(), (200, "6"));
    })
    .await;
}

#[tokio::test]
async fn after_the_move_polls_and_posts_and_sockets_are_refused_and_harm_nothing() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let mut socket = session.candidate().await;
        socket.takes_over().await;
        socket.say("4moved").await;
        socket.hears("4moved").await;
        assert_eq!(session.get().await.told(), BAD_REQUEST);
        assert_eq!(session.post("4x").await.told(), BAD_REQUEST);
        for _ in 0..TRIES {
            session.candidate().await.was_closed(None).await;
        }
        socket.say("4still here").await;
        socket.hears("4still here").await;
        assert_eq!(house.metric("callboard_upgrades_total", "refused").await, TRIES as f64);
    })
    .await;
}

#[tokio::test]
async fn a_second_candidate_is_closed_and_the_first_goes_on() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let mut first = session.candidate().await;
        first.say("2probe").await;
        first.hears("3probe").await;
        for _ in 0..TRIES {
            session.candidate().await.was_closed(None).await;
        }
        session.works().await;
        first.say("5").await;
        first.say("4here").await;
        first.hears("4here").await;
    })
    .await;
}

#[tokio::test]
async fn a_candidate_that_says_anything_else_is_closed_and_the_session_stays() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        for wrong in ["4hello", "2", "3", "6", "1", "nonsense", "2prob", "5x"] {
            let mut socket = session.candidate().await;
            socket.say(wrong).await;
            socket.was_closed(None).await;
            session.works().await;
        }
        let mut socket = session.candidate().await;
        socket.say_bytes(b"5").await;
        socket.was_closed(None).await;
        // One that goes away before it moves takes nothing with it.
        let mut socket = session.candidate().await;
        socket.say("2probe").await;
        socket.hears("3probe").await;
        drop(socket);
        house.until("callboard_upgrades_total", "broken", 1.0).await;
        session.works().await;
        let mut socket = session.candidate().await;
        socket.takes_over().await;
        socket.say("4at last").await;
        socket.hears("4at last").await;
    })
    .await;
}

#[tokio::test]
async fn a_candidate_that_takes_too_long_is_closed_and_the_session_stays() {
    let plan = || {
        let mut plan = Plan::new();
        plan.engine.upgrade_timeout = Duration::from_millis(200);
        plan
    };
    both(plan, async |house| {
        let session = house.open().await;
        let since = Instant::now();
        let mut socket = session.candidate().await;
        socket.say("2probe").await;
        socket.hears("3probe").await;
        socket.was_closed(None).await;
        assert!(since.elapsed() >= Duration::from_millis(195));
        assert_eq!(house.metric("callboard_upgrades_total", "timeout").await, 1.0);
        session.works().await;
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_candidate_with_it() {
    both(Plan::new, async |house| {
        let session = house.open().await;
        let mut socket = session.candidate().await;
        socket.say("2probe").await;
        socket.hears("3probe").await;
        session.say("1").await;
        socket.was_closed(None).await;
        session.is_gone().await;
    })
    .await;
}

#[tokio::test]
async fn a_ping_that_was_polled_may_be_answered_over_the_new_way() {
    both(Plan::brisk, async |house| {
        let session = house.open().await;
        assert_eq!(session.get().await.told(), (200, "2"));
        let mut socket = session.candidate().await;
        socket.takes_over().await;
        socket.say("3").await;
        socket.hears("2").await;
        socket.say("3").await;
        socket.hears("2").await;
    })
    .await;
}

#[tokio::test]
async fn messages_keep_their_order_while_a_session_moves() {
    both(Plan::new, async |house| {
        for _ in 0..TRIES {
            let session = house.open().await;
            moves_in_order(&house, session).await;
        }
    })
    .await;
}

async fn moves_in_order(house: &House, session: Session<'_>) {
    const ALL: usize = 60;
    let mut socket = session.candidate().await;
    let mut heard = vec![];
    for n in 0..ALL / 2 {
        session.say(&format!("4{n}")).await;
        if n % 7 == 0 {
            let reply = session.get().await;
            heard.extend(reply.body.split('\x1e').map(str::to_owned));
        }
        if n == ALL / 4 {
            socket.say("2probe").await;
            socket.hears("3probe").await;
        }
    }
    socket.say("5").await;
    for n in ALL / 2..ALL {
        socket.say(&format!("4{n}")).await;
    }
    let rest = async {
        while heard.len() < ALL {
            match socket.next().await {
                Some(Message::Text(text)) => heard.push(text.to_string()),
                other => panic!("{other:?} from {}", house.address),
            }
        }
    };
    timeout(PATIENCE, rest).await.expect("all of them");
    heard.retain(|packet| packet != "6");
    assert_eq!(heard, (0..ALL).map(|n| format!("4{n}")).collect::<Vec<_>>());
}
