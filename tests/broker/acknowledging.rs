//! Events that ask those they reach for an answer each.
use super::house::{House, Plan, pass, rest, story};
use super::residents::{Resident, args, home};
use callboard::broker::{Emission, Limits};
use callboard::delivery::Answers;
use callboard::types::ReplyError;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(1);

fn house() -> House {
    Plan::of("[[namespace]]\nname = ''").build()
}

/// Asks everybody, in a task of its own.
fn ask(house: &House) -> tokio::task::JoinHandle<Result<Answers, ReplyError>> {
    let (node, emission) = (house.node.clone(), Emission::new("well?", args("[]"), vec![]).expect("an array"));
    tokio::task::spawn_local(async move { node.homes().ask(&home(), emission, TIME).await })
}

/// The number under which one is asked.
async fn round(who: &Resident) -> u64 {
    let heard = who.heard().await;
    let digits = heard[0].strip_prefix('2').expect("an event").split('[').next().expect("a number");
    digits.parse().unwrap_or_else(|_| panic!("{heard:?}"))
}

#[test]
fn answers_of_all_are_given_as_soon_as_all_have_answered() {
    story(async {
        let house = house();
        let (one, two) = (Resident::arrive(&house, false).await, Resident::arrive(&house, false).await);
        rest().await;
        let asked = ask(&house);
        let number = round(&one).await;
        one.acknowledge(number, "[1]");
        one.acknowledge(number, "[\"again\"]");
        rest().await;
        assert!(!asked.is_finished());
        two.acknowledge(round(&two).await, "[2]");
        rest().await;
        let answers = asked.await.expect("it ends").expect("it was accepted");
        let given: Vec<_> = answers.given.iter().map(|(who, answer)| (who.to_string(), answer.args.as_str())).collect();
        assert_eq!(given, [(one.word("sid"), "[1]"), (two.word("sid"), "[2]")]);
        assert!(answers.missing.is_empty());
    });
}

#[test]
fn when_the_time_is_over_partial_answers_are_given_and_who_is_missing_is_named() {
    story(async {
        let house = house();
        let (one, two) = (Resident::arrive(&house, false).await, Resident::arrive(&house, false).await);
        rest().await;
        let asked = ask(&house);
        one.acknowledge(round(&one).await, "[1]");
        pass(TIME).await;
        let answers = asked.await.expect("it ends").expect("it was accepted");
        assert_eq!(answers.given.len(), 1);
        assert_eq!(answers.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), [two.word("sid")]);
    });
}

#[test]
fn where_nobody_is_there_to_answer_nothing_is_waited_for() {
    story(async {
        let house = house();
        let asked = ask(&house);
        rest().await;
        assert_eq!(asked.await.expect("it ends"), Ok(Answers::default()));
    });
}

#[test]
fn one_round_more_than_there_may_be_is_refused() {
    story(async {
        let limits = Limits { ack_rounds: 1, ..Limits::default() };
        let house = Plan { limits, ..Plan::of("[[namespace]]\nname = ''") }.build();
        let _one = Resident::arrive(&house, false).await;
        rest().await;
        let first = ask(&house);
        rest().await;
        assert_eq!(ask(&house).await.expect("it ends"), Err(ReplyError::TOO_MANY_REQUESTS));
        first.abort();
        rest().await;
        let third = ask(&house);
        rest().await;
        assert!(!third.is_finished(), "who gives up makes room");
    });
}
