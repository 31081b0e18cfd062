//! Events that each node hears for itself, as those of the Redis emitter, and sessions that come back to them.
use super::house::{House, rest, story};
use super::residents::{KEPT, Resident, args, home, keeping, place};
use callboard::broker::Emission;
use callboard::delivery::Instruct;
use callboard::protocol::Resume;
use callboard::types::{Audience, Place};
use std::sync::atomic::Ordering::SeqCst;

/// A house on a bus.
fn house(events: usize) -> House {
    let house = keeping(events, KEPT).build();
    house.engine.has_bus.store(true, SeqCst);
    house
}

async fn arrive(house: &House) -> Resident {
    let one = Resident::arrive(house, true).await;
    rest().await;
    one
}

fn emit(house: &House, word: &str, change: impl FnOnce(Emission) -> Emission) {
    let emission = Emission::new("said", args(&format!("[{word:?}]")), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), change(emission)));
}

/// As an emitter's event comes in.
fn overhear(house: &House, word: &str, audience: Audience) {
    emit(house, word, |emission| Emission { audience, local: true, ..emission });
}

fn words(said: &[String]) -> Vec<String> {
    let events = said.iter().filter(|line| line.starts_with("2"));
    events.map(|line| line.split('"').nth(3).expect("an argument").to_owned()).collect()
}

fn last_place(said: &[String]) -> Place {
    said.iter().rev().find_map(|line| place(line)).expect("an event tells its place")
}

#[test]
fn what_this_node_alone_has_heard_is_brought_to_who_missed_it() {
    story(async {
        let house = house(100);
        let one = arrive(&house).await;
        let own = one.word("sid");
        let join = Instruct::Regroup { join: vec!["red".into()], leave: vec![] };
        house.node.homes().instruct(&home(), Audience::of([own.clone().into()]), join);
        overhear(&house, "seen", Audience::EVERYONE);
        rest().await;
        assert!(last_place(&one.said()).aside.is_some_and(|aside| aside.offset == 1));
        one.vanish();
        rest().await;
        overhear(&house, "all", Audience::EVERYONE);
        emit(&house, "of a handler", |emission| emission);
        overhear(&house, "red", Audience::of(["red".into()]));
        overhear(&house, "blue", Audience::of(["blue".into()]));
        overhear(&house, "nobody", Audience::of([]));
        emit(&house, "volatile", |emission| Emission { local: true, volatile: true, ..emission });
        rest().await;
        let back = one.come_back(&house).await;
        rest().await;
        assert_eq!(back.word("sid"), own);
        assert_eq!(words(&back.said()), ["of a handler", "all", "red"]);
        // Nothing of it comes again.
        back.vanish();
        rest().await;
        let again = back.come_back(&house).await;
        rest().await;
        assert_eq!((again.word("sid"), words(&again.said())), (own, vec![]));
        overhear(&house, "live", Audience::EVERYONE);
        rest().await;
        assert_eq!(words(&again.said()), ["live"]);
    });
}

#[test]
fn what_was_sent_and_got_lost_on_the_way_is_brought_again() {
    story(async {
        let house = house(100);
        let one = arrive(&house).await;
        overhear(&house, "got", Audience::EVERYONE);
        rest().await;
        let got = last_place(&one.said());
        emit(&house, "lost", |emission| emission);
        overhear(&house, "lost, too", Audience::EVERYONE);
        rest().await;
        one.vanish();
        rest().await;
        let resume = Resume { key: one.word("pid"), since: Some(got) };
        let back = Resident::arrive_with(&house.worker, true, Some(resume), "").await;
        rest().await;
        assert_eq!(back.word("sid"), one.word("sid"));
        assert_eq!(words(&back.said()), ["lost", "lost, too"]);
    });
}

#[test]
fn who_missed_more_than_is_kept_or_what_nobody_heard_begins_anew() {
    story(async {
        let house = house(3);
        for missed in [true, false] {
            let one = arrive(&house).await;
            one.vanish();
            rest().await;
            match missed {
                true => (0..4).for_each(|_| overhear(&house, "x", Audience::EVERYONE)),
                // As where the way to Redis was lost.
                false => house.node.aside().expect("there is a bus").forget_all(),
            }
            let back = one.come_back(&house).await;
            rest().await;
            assert_ne!(back.word("sid"), one.word("sid"));
            assert!(words(&back.said()).is_empty());
            back.leave();
            rest().await;
        }
    });
}

#[test]
fn a_volatile_event_ends_in_the_offset_that_its_client_has_already() {
    story(async {
        for has_bus in [false, true] {
            let house = house(3);
            house.engine.has_bus.store(has_bus, SeqCst);
            let one = arrive(&house).await;
            emit(&house, "kept", |emission| emission);
            rest().await;
            let kept = last_place(&one.said());
            emit(&house, "a text in the end", |emission| Emission { volatile: true, local: has_bus, ..emission });
            rest().await;
            assert_eq!(words(&one.said()), ["kept", "a text in the end"]);
            assert_eq!(last_place(&one.said()[2..]), kept);
            // For others, and more than are kept.
            for _ in 0..9 {
                emit(&house, "x", |emission| Emission { audience: Audience::of(["others".into()]), ..emission });
            }
            emit(&house, "a text in the end", |emission| Emission { volatile: true, ..emission });
            rest().await;
            one.vanish();
            rest().await;
            let back = one.come_back(&house).await;
            rest().await;
            assert_eq!((back.word("sid"), words(&back.said())), (one.word("sid"), vec![]));
        }
    });
}

#[test]
fn who_came_back_without_a_word_comes_back_again() {
    story(async {
        let house = house(3);
        let mut one = arrive(&house).await;
        emit(&house, "kept", |emission| emission);
        rest().await;
        let (id, since) = (one.word("sid"), last_place(&one.said()));
        for _ in 0..3 {
            for _ in 0..9 {
                emit(&house, "x", |emission| Emission { audience: Audience::of(["others".into()]), ..emission });
            }
            rest().await;
            one.vanish();
            rest().await;
            let resume = Resume { key: one.word("pid"), since: Some(since.clone()) };
            one = Resident::arrive_with(&house.worker, true, Some(resume), "").await;
            rest().await;
            assert_eq!(one.word("sid"), id);
        }
    });
}
