//! Keys that change, and an address of keys that is down, as clients of the wires meet them.
use super::house::{House, Kind, Plan, open, plan};
use super::tokens::{key, user_by};
use crate::auth::key_server::KeyServer;
use std::time::Instant;

fn house(keys: &KeyServer) -> House {
    let mut plan: Plan = plan();
    plan.config.backstage.auth =
        callboard::auth::backstage::Config { user_jwks_url: Some(keys.url()), ..Default::default() };
    plan.start(Kind::Own)
}

/// The status of an upgrade with this token.
async fn status(house: &House, token: &str) -> u16 {
    match open(house.address, "/api/signals", &[("sec-websocket-protocol", token)]).await {
        Ok((_, response)) => response.status().into(),
        Err(refused) => refused.status().into(),
    }
}

#[actix_rt::test]
async fn a_key_that_was_rotated_in_is_found_and_one_that_was_rotated_out_is_refused() {
    let keys = KeyServer::start(&[key("old")]);
    let house = house(&keys);
    let (old, new) = (user_by("old", "user:default/mia"), user_by("new", "user:default/mia"));
    assert_eq!(status(&house, &old).await, 101);
    assert_eq!(status(&house, &new).await, 401);
    keys.publish(&[key("old"), key("new")]);
    assert_eq!((status(&house, &new).await, status(&house, &old).await), (101, 101), "both while one takes over");
    keys.publish(&[key("new")]);
    // Nobody asks for a key that is there: the next refresh, or a token with an unknown key, has the set fetched.
    assert_eq!(status(&house, &user_by("other", "user:default/mia")).await, 401);
    assert_eq!((status(&house, &new).await, status(&house, &old).await), (101, 401));
}

#[actix_rt::test]
async fn while_the_address_is_down_known_keys_work_and_unknown_ones_are_refused_at_once() {
    let keys = KeyServer::start(&[key("old")]);
    let house = house(&keys);
    let (old, new) = (user_by("old", "user:default/mia"), user_by("new", "user:default/mia"));
    assert_eq!(status(&house, &old).await, 101);
    keys.answer(500, "");
    assert_eq!(status(&house, &new).await, 503, "asked for, and not there");
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!((status(&house, &new).await, status(&house, &old).await), (503, 101));
    }
    assert!(begun.elapsed().as_secs() < 5, "nothing waited for the address: {:?}", begun.elapsed());
    keys.publish(&[key("new")]);
    let deadline = Instant::now() + std::time::Duration::from_secs(20);
    while status(&house, &new).await != 101 {
        assert!(Instant::now() < deadline, "it is found again");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
