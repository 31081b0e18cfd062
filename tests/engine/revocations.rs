//! What an engine that nodes share promises of revocations.
use super::redis::{open, until};
use crate::harness::redis::Redis;
use callboard::engine::memory::{self, MemoryEngine};
use callboard::engine::redis::RedisEngine;
use callboard::engine::{Engine, RevocationPage};
use callboard::types::{Position, Revocation};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn of(user: &str, scopes: &[&str], at: i64) -> Revocation {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Revocation { realm: "".into(), user: user.into(), token_id: None, scopes, at }
}

async fn revoke(engine: &RedisEngine, revocation: &Revocation, ttl: Duration) {
    engine.revoke(revocation, ttl).wait().await.expect("it is kept");
}

async fn since(engine: &RedisEngine, place: Option<&Position>) -> RevocationPage {
    engine.revocations(place).wait().await.expect("it is told")
}

fn told(page: &RevocationPage) -> Vec<(String, i64)> {
    let name = |revocation: &Revocation| match revocation.scopes.first() {
        Some(scope) => format!("{}:{scope}", revocation.user),
        None => revocation.user.to_string(),
    };
    page.kept.iter().map(|(revocation, _)| (name(revocation), revocation.at)).collect()
}

fn are(wanted: &[(&str, i64)]) -> Vec<(String, i64)> {
    wanted.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect()
}

#[tokio::test]
async fn all_are_told_to_who_begins_and_only_what_is_new_to_who_goes_on() {
    let server = Redis::start();
    let (one, other) = (open(&server), open(&server));
    assert!(since(&one, None).await.kept.is_empty());
    revoke(&one, &of("mia", &[], 5), HOUR).await;
    revoke(&one, &of("leo", &["b", "a"], 6), HOUR).await;
    let first = since(&other, None).await;
    assert_eq!(told(&first), are(&[("mia", 5), ("leo:a", 6), ("leo:b", 6)]));
    assert!(first.kept.iter().all(|(_, left)| *left <= HOUR && *left > HOUR / 2) && !first.has_more);
    let second = since(&other, Some(&first.upto)).await;
    assert!(second.kept.is_empty() && second.upto == first.upto);
    revoke(&one, &of("eve", &[], 7), HOUR).await;
    assert_eq!(told(&since(&other, Some(&second.upto)).await), are(&[("eve", 7)]));
}

#[tokio::test]
async fn what_is_repeated_is_told_again_only_where_it_says_more() {
    let server = Redis::start();
    let engine = open(&server);
    revoke(&engine, &of("mia", &[], 5), HOUR).await;
    let place = since(&engine, None).await.upto;
    revoke(&engine, &of("mia", &[], 5), HOUR).await;
    revoke(&engine, &of("mia", &[], 4), HOUR / 2).await;
    assert!(since(&engine, Some(&place)).await.kept.is_empty());
    revoke(&engine, &of("mia", &[], 4), 3 * HOUR).await;
    let longer = since(&engine, Some(&place)).await;
    assert_eq!(told(&longer), are(&[("mia", 5)]), "it never reaches less far");
    assert!(longer.kept[0].1 > 2 * HOUR);
    revoke(&engine, &of("mia", &[], 9), HOUR).await;
    let later = since(&engine, Some(&longer.upto)).await;
    assert_eq!(told(&later), are(&[("mia", 9)]));
    assert!(later.kept[0].1 > 2 * HOUR, "nor ends earlier");
}

#[tokio::test]
async fn each_ends_after_its_time_and_leaves_nothing() {
    let server = Redis::start();
    let engine = open(&server);
    revoke(&engine, &of("mia", &[], 5), Duration::from_millis(100)).await;
    let began = std::time::Instant::now();
    while !since(&engine, None).await.kept.is_empty() {
        assert!(began.elapsed() < HOUR / 60, "it does not end");
    }
    until("the keys are gone", || server.say("DBSIZE").starts_with(":0")).await;
    revoke(&engine, &of("mia", &[], 5), Duration::from_millis(50)).await;
    while !server.say("ZCARD callboard:{revocations}o").starts_with(":1") || since(&engine, None).await.kept.len() != 1
    {
        assert!(began.elapsed() < HOUR / 60, "it is not swept");
        revoke(&engine, &of("leo", &[], 6), HOUR).await;
    }
}

#[tokio::test]
async fn many_are_told_page_by_page() {
    let server = Redis::start();
    let engine = open(&server);
    let answers: Vec<_> = (0..1_100).map(|at| engine.revoke(&of(&format!("u{at}"), &[], at), HOUR)).collect();
    for answer in answers {
        answer.wait().await.expect("it is kept");
    }
    let (mut place, mut all, mut pages) = (None, vec![], 0);
    loop {
        let page = since(&engine, place.as_ref()).await;
        all.extend(page.kept.iter().map(|(revocation, _)| revocation.at));
        place = Some(page.upto);
        pages += 1;
        if !page.has_more {
            break;
        }
    }
    assert_eq!((all, pages), ((0..1_100).collect(), 3));
}

#[tokio::test]
async fn after_a_restart_all_are_told_in_another_epoch() {
    let mut server = Redis::start_durable();
    let engine = open(&server);
    revoke(&engine, &of("mia", &[], 5), HOUR).await;
    let before = since(&engine, None).await.upto;
    server.kill();
    server.start_again();
    until("it is back", || engine.trouble().is_none()).await;
    let after = since(&engine, Some(&before)).await;
    assert_ne!(after.upto.epoch, before.epoch);
    assert_eq!(told(&after), are(&[("mia", 5)]));
    assert!(since(&engine, Some(&after.upto)).await.kept.is_empty());
    server.say("FLUSHALL");
    revoke(&engine, &of("leo", &[], 6), HOUR).await;
    let anew = since(&engine, Some(&after.upto)).await;
    assert_ne!(anew.upto.epoch, after.upto.epoch, "what was there is lost");
    assert_eq!(told(&anew), are(&[("leo", 6)]));
}

#[tokio::test]
async fn an_engine_of_one_node_keeps_none_for_the_node_knows_them() {
    let engine = MemoryEngine::new(memory::Config::default());
    engine.revoke(&of("mia", &[], 5), HOUR).wait().await.expect("nothing can fail");
    let page = engine.revocations(None).wait().await.expect("nothing can fail");
    assert!(page.kept.is_empty() && !page.has_more);
}
