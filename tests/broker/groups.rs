//! Events for groups of a channel's listeners: rooms.
use super::house::{House, Plan, real_story, rest, story, until};
use super::residents::{Resident, args, home};
use callboard::broker::{Emission, Limits};
use callboard::delivery::Instruct;
use callboard::types::{Audience, Group};

fn house() -> House {
    Plan::of("[[namespace]]\nname = ''").build()
}

fn groups(names: &[&str]) -> Vec<Group> {
    names.iter().map(|name| Group::from(*name)).collect()
}

fn join(house: &House, who: &Resident, names: &[&str]) {
    let to = Audience::of(groups(&[&who.word("sid")]));
    house.node.homes().instruct(&home(), to, Instruct::Regroup { join: groups(names), leave: vec![] });
}

fn emit(house: &House, to: &[&str], except: &[&str], word: &str) {
    let audience = if to.is_empty() { Audience::EVERYONE } else { Audience::of(groups(to)) };
    emit_to(house, audience.but(groups(except)), word);
}

fn emit_to(house: &House, audience: Audience, word: &str) {
    let emission = Emission::new("said", args(&format!("[{word:?}]")), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), Emission { audience, ..emission }));
}

fn words(heard: Vec<String>) -> Vec<String> {
    heard.iter().map(|line| line.split('"').nth(3).expect("an argument").to_owned()).collect()
}

#[test]
fn an_event_reaches_who_is_in_one_of_its_groups_once_and_nobody_who_is_excepted() {
    story(async {
        let house = house();
        let (one, two, three) = (
            Resident::arrive(&house, false).await,
            Resident::arrive(&house, false).await,
            Resident::arrive(&house, false).await,
        );
        rest().await;
        join(&house, &one, &["red", "blue"]);
        join(&house, &two, &["blue"]);
        emit(&house, &["red", "blue"], &[], "either");
        emit(&house, &["blue"], &["red"], "blue alone");
        emit(&house, &[], &["blue"], "not blue");
        emit(&house, &[&three.word("sid")], &[], "one");
        emit(&house, &["green"], &[], "nobody");
        emit_to(&house, Audience::of([]), "nobody");
        emit_to(&house, Audience::of([]).but(groups(&["blue"])), "nobody");
        emit(&house, &[], &[], "all");
        assert_eq!(words(one.heard().await), ["either", "all"]);
        assert_eq!(words(two.heard().await), ["either", "blue alone", "all"]);
        assert_eq!(words(three.heard().await), ["not blue", "one", "all"]);
    });
}

#[test]
fn who_leaves_a_group_or_the_house_is_in_it_no_more() {
    story(async {
        let house = house();
        let (one, two) = (Resident::arrive(&house, false).await, Resident::arrive(&house, false).await);
        rest().await;
        join(&house, &one, &["red"]);
        join(&house, &two, &["red"]);
        let mine =
            house.node.homes().groups(&home(), callboard::types::SessionId::parse(&one.word("sid")).unwrap()).await;
        assert_eq!(mine, groups(&[&one.word("sid"), "red"]));
        let all_red = Audience::of(groups(&["red"])).but(groups(&[&two.word("sid")]));
        let own = one.word("sid");
        house.node.homes().instruct(
            &home(),
            all_red,
            Instruct::Regroup { join: vec![], leave: groups(&["red", &own]) },
        );
        emit(&house, &["red"], &[], "red");
        emit(&house, &[&own], &[], "own");
        assert_eq!(words(one.heard().await), ["own"], "its own group is not left");
        assert_eq!(words(two.heard().await), ["red"]);
        one.vanish();
        two.leave();
        rest().await;
        assert_eq!(house.gauges().0, 0);
        emit(&house, &["red"], &[], "nobody");
        let heard = [one.heard().await, two.heard().await].concat();
        assert!(heard.iter().all(|line| line.starts_with("close")), "{heard:?}");
    });
}

#[test]
fn a_session_enters_no_more_groups_than_it_may() {
    story(async {
        let limits = Limits { groups_per_session: 2, ..Limits::default() };
        let house = Plan { limits, ..Plan::of("[[namespace]]\nname = ''") }.build();
        let one = Resident::arrive(&house, false).await;
        rest().await;
        join(&house, &one, &["red", "blue"]);
        emit(&house, &["red"], &[], "red");
        emit(&house, &["blue"], &[], "blue");
        assert_eq!(words(one.heard().await), ["red"]);
        assert!(house.metrics.text().unwrap().contains(r#"refusals_total{reason="groups"} 1"#));
    });
}

#[test]
fn groups_span_the_worker_threads() {
    real_story(async {
        let house = house();
        let here = Resident::arrive(&house, false).await;
        until("it is let in", || here.said().len() == 1).await;
        let node = house.node.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let arbiter = actix::Arbiter::new();
        arbiter.spawn_fn(move || {
            drop(actix_rt::spawn(async move {
                let worker = callboard::broker::Worker::here(&node);
                let there = Resident::arrive_with(&worker, false, None, "").await;
                until("it is let in", || there.said().len() == 1).await;
                tell.send(there.word("sid")).expect("somebody waits");
                until("it hears", || there.said().len() == 2).await;
                tell.send(there.said()[1].clone()).expect("somebody waits");
            }))
        });
        let mut words = vec![];
        until("the other is in", || told.try_recv().map(|word| words.push(word)).is_ok()).await;
        let both = Audience::of(groups(&[&words[0], &here.word("sid")]));
        house.node.homes().instruct(&home(), both, Instruct::Regroup { join: groups(&["red"]), leave: vec![] });
        emit(&house, &["red"], &[], "both");
        until("the other has heard", || told.try_recv().map(|word| words.push(word)).is_ok()).await;
        until("this one has heard", || here.said().len() == 2).await;
        assert_eq!(words[1], here.said()[1]);
    });
}
