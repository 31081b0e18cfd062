//! The views of those who come back to their home: what they missed is looked at, and a view that fails keeps nobody out.
use super::house::{House, Plan, pass, rest, story};
use super::residents::{KEPT, Resident, args, handlers, home, keeping};
use callboard::broker::{Emission, Limits};
use callboard::filter::{Look, Shown, View};
use callboard::types::{Audience, Event, Group};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TIME: Duration = Duration::from_secs(2);

/// The looks that have begun, and how many are under way at once at most.
#[derive(Clone, Default)]
struct Looks(Arc<Mutex<(Vec<String>, usize, usize)>>);

impl View for Looks {
    fn look(&self, event: &Event) -> Look {
        let word = event.data.as_str().trim_matches('"').to_owned();
        self.0.lock().unwrap().0.push(word.clone());
        let looks = self.clone();
        match word.as_str() {
            "hang" => Look::Later(Box::pin(std::future::pending())),
            "slow" => Look::Later(Box::pin(async move {
                {
                    let (_, now, most) = &mut *looks.0.lock().unwrap();
                    *now += 1;
                    *most = (*most).max(*now);
                }
                tokio::time::sleep(TIME / 2).await;
                looks.0.lock().unwrap().1 -= 1;
                Shown::Pass
            })),
            _ => Look::Now(Shown::Pass),
        }
    }
}

impl Looks {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().0)
    }
}

fn house() -> (House, Looks) {
    let looks = Looks::default();
    let mut handlers = handlers();
    let seen = looks.clone();
    handlers.home_view(home(), move |_, _| Some(Rc::new(seen.clone())));
    let limits = Limits { view_timeout: TIME, view_queue: 2, ..Limits::default() };
    (Plan { limits, handlers: Some(handlers), ..keeping(100, KEPT) }.build(), looks)
}

fn emit(house: &House, audience: Audience, word: &str) {
    let emission = Emission::new("said", args(&format!("[{word:?}]")), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), Emission { audience, ..emission }));
}

/// One that is away, and kept.
async fn away(house: &House) -> Resident {
    let one = Resident::arrive(house, true).await;
    rest().await;
    one.vanish();
    rest().await;
    one
}

#[test]
fn a_view_is_asked_about_what_is_meant_for_who_comes_back_and_about_nothing_else() {
    story(async {
        let (house, looks) = house();
        let one = away(&house).await;
        emit(&house, Audience::of([Group::from("others")]), "hang");
        emit(&house, Audience::EVERYONE, "mine");
        rest().await;
        let back = one.come_back(&house).await;
        rest().await;
        assert_eq!(back.word("sid"), one.word("sid"));
        assert_eq!(looks.taken(), ["mine"]);
        assert!(back.said()[0].contains("mine") && !back.said().concat().contains("hang"), "{:?}", back.said());
    });
}

#[test]
fn a_view_that_does_not_decide_about_a_missed_event_keeps_nobody_out() {
    story(async {
        let (house, _) = house();
        let one = away(&house).await;
        emit(&house, Audience::EVERYONE, "hang");
        rest().await;
        let back = one.come_back(&house).await;
        pass(TIME).await;
        rest().await;
        assert_ne!(back.word("sid"), one.word("sid"), "it begins anew, and sees that something is missing");
        emit(&house, Audience::EVERYONE, "live");
        rest().await;
        assert!(back.said().last().expect("it heard").contains("live"), "{:?}", back.said());
    });
}

#[test]
fn looks_at_what_was_missed_are_bounded_at_once_and_all_is_shown_in_order() {
    story(async {
        let (house, looks) = house();
        let one = away(&house).await;
        for word in ["slow", "a", "slow", "slow", "b", "slow", "slow"] {
            emit(&house, Audience::EVERYONE, word);
        }
        rest().await;
        let back = one.come_back(&house).await;
        for _ in 0..10 {
            pass(TIME / 2).await;
        }
        assert_eq!(back.word("sid"), one.word("sid"));
        assert!(looks.0.lock().unwrap().2 <= 2);
        let said = back.said();
        let words: Vec<_> = said[..7].iter().map(|line| line.split('"').nth(3).expect("a word")).collect();
        assert_eq!(words, ["slow", "a", "slow", "slow", "b", "slow", "slow"]);
    });
}
