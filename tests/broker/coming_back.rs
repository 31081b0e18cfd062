//! Sessions that are kept while their clients are away.
use super::house::{House, pass, rest, story};
use super::residents::{KEPT, Resident, args, handlers, home, keeping};
use callboard::broker::Emission;
use callboard::broker::handler::{ConnectCall, Handle, HandlerFuture, Welcome, answer, host};
use callboard::delivery::Instruct;
use callboard::protocol::Resume;
use callboard::types::{Audience, Group, ReplyError};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn only(group: &str) -> Audience {
    Audience::of([Group::from(group)])
}

fn emit(house: &House, audience: Audience, word: &str) {
    let emission = Emission::new("said", args(&format!("[{word:?}]")), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), Emission { audience, ..emission }));
}

fn words(said: &[String]) -> Vec<&str> {
    let events = said.iter().take_while(|line| !line.starts_with("0")).filter(|line| line.starts_with("2"));
    events.map(|line| line.split('"').nth(3).expect("an argument")).collect()
}

#[test]
fn who_comes_back_in_time_is_the_same_and_gets_what_was_missed_before_the_answer() {
    story(async {
        let house = keeping(100, KEPT).build();
        let one = Resident::arrive(&house, true).await;
        rest().await;
        let own = one.word("sid");
        let join = Instruct::Regroup { join: vec!["red".into()], leave: vec![] };
        house.node.homes().instruct(&home(), only(&own), join);
        emit(&house, Audience::EVERYONE, "seen");
        rest().await;
        one.vanish();
        rest().await;
        emit(&house, Audience::EVERYONE, "all");
        emit(&house, only("red"), "red");
        emit(&house, only("blue"), "blue");
        emit(&house, only(&own), "own");
        emit(&house, Audience::EVERYONE.but(["red".into()]), "not red");
        let volatile = Emission::new("said", args("[\"volatile\"]"), vec![]).expect("an array");
        drop(house.node.homes().emit(&home(), Emission { volatile: true, ..volatile }));
        rest().await;
        let back = one.come_back(&house).await;
        rest().await;
        assert_eq!(words(&back.said()), ["all", "red", "own"]);
        assert_eq!(back.word("sid"), own);
        emit(&house, only("red"), "live");
        rest().await;
        assert!(back.said().last().expect("it heard").contains("live"), "its rooms are its own again");
    });
}

#[test]
fn who_was_idle_for_an_hour_comes_back_to_the_same_session() {
    story(async {
        let house = keeping(10, KEPT).build();
        let one = Resident::arrive(&house, true).await;
        rest().await;
        // For others, and more than are kept.
        for _ in 0..30 {
            emit(&house, only("others"), "x");
        }
        pass(HOUR).await;
        one.vanish();
        rest().await;
        let back = one.come_back(&house).await;
        rest().await;
        assert_eq!(back.word("sid"), one.word("sid"));
        assert!(words(&back.said()).is_empty());
    });
}

#[test]
fn who_missed_more_than_is_kept_or_comes_too_late_begins_anew() {
    story(async {
        let house = keeping(3, KEPT).build();
        let (one, two) = (Resident::arrive(&house, true).await, Resident::arrive(&house, true).await);
        rest().await;
        one.vanish();
        two.vanish();
        rest().await;
        for _ in 0..4 {
            emit(&house, Audience::EVERYONE, "x");
        }
        let back = one.come_back(&house).await;
        pass(KEPT).await;
        let late = two.come_back(&house).await;
        rest().await;
        for (before, after) in [(&one, &back), (&two, &late)] {
            assert_ne!(after.word("sid"), before.word("sid"));
            assert_ne!(after.word("pid"), before.word("pid"));
            assert!(words(&after.said()).is_empty());
        }
        emit(&house, Audience::EVERYONE, "live");
        rest().await;
        assert!(back.said().last().expect("it heard").contains("live"));
        assert_eq!(house.gauges().0, 2);
    });
}

#[test]
fn who_left_on_purpose_or_was_sent_away_is_not_kept() {
    story(async {
        let house = keeping(10, KEPT).build();
        let (one, two) = (Resident::arrive(&house, true).await, Resident::arrive(&house, true).await);
        rest().await;
        one.leave();
        two.session
            .do_send(callboard::delivery::SessionOrder::Disconnect(callboard::types::Disconnect::FORCE_DISCONNECT));
        rest().await;
        assert!(house.node.sessions().recoverable().is_empty());
        let back = one.come_back(&house).await;
        rest().await;
        assert_ne!(back.word("sid"), one.word("sid"));
    });
}

#[test]
fn nobody_comes_back_to_the_session_of_another_user() {
    story(async {
        let house = keeping(10, KEPT).build();
        let one = Resident::arrive_with(&house.worker, true, None, &house.token("ann", None)).await;
        rest().await;
        one.vanish();
        rest().await;
        let resume = Resume { key: one.word("pid"), since: None };
        let thief = Resident::arrive_with(&house.worker, true, Some(resume), &house.token("bob", None)).await;
        rest().await;
        assert_ne!(thief.word("sid"), one.word("sid"));
    });
}

/// Lets the first in, and nobody else.
#[derive(Default)]
struct Doorkeeper {
    asked: usize,
}

impl Handle<ConnectCall> for Doorkeeper {
    fn handle(&mut self, _: ConnectCall) -> HandlerFuture<Welcome> {
        self.asked += 1;
        answer(if self.asked == 1 { Ok(Welcome::default()) } else { Err(ReplyError::new(400, "full").into()) })
    }
}

#[test]
fn who_comes_back_is_not_asked_again_but_who_begins_anew_is() {
    super::house::real_story(async {
        let mut handlers = handlers();
        handlers.on_connect(&host(Doorkeeper::default));
        let house = super::house::Plan { handlers: Some(handlers), ..keeping(3, KEPT) }.build();
        let one = Resident::arrive(&house, true).await;
        super::house::until("it is let in", || !one.said().is_empty()).await;
        one.vanish();
        super::house::until("it is kept", || house.node.sessions().recoverable().len() == 1).await;
        let back = one.come_back(&house).await;
        super::house::until("it is back", || !back.said().is_empty()).await;
        assert_eq!(back.word("sid"), one.word("sid"));
        back.vanish();
        super::house::until("it is kept", || house.node.sessions().recoverable().len() == 1).await;
        for _ in 0..4 {
            emit(&house, Audience::EVERYONE, "x");
        }
        rest().await;
        let late = back.come_back(&house).await;
        super::house::until("it is refused", || !late.said().is_empty()).await;
        assert!(late.said()[0].contains("full"), "{:?}", late.said());
    });
}
