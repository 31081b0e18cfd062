//! Wrong keys in a row: the address that they come from has to wait, and no other.
use super::house::{Answer, House, KEY, config};
use actix_web::test::TestRequest;

/// A call from this address with these headers.
async fn call(house: &House, peer: &str, headers: &[(&'static str, &'static str)]) -> Answer {
    let peer = format!("{peer}:4711").parse().expect("an address");
    let mut request = TestRequest::post().uri("/api/info").peer_addr(peer).set_payload("{}");
    for header in headers {
        request = request.insert_header(*header);
    }
    house.ask(request).await
}

async fn with_key(house: &House, peer: &str, key: &'static str) -> u16 {
    call(house, peer, &[("X-API-Key", key)]).await.status
}

#[actix_web::test]
async fn after_five_wrong_keys_in_a_row_no_key_from_there_is_looked_at_for_a_while() {
    let house = House::new();
    for _ in 0..5 {
        assert_eq!(with_key(&house, "192.0.2.1", "wrong").await, 401);
    }
    let slowed = call(&house, "192.0.2.1", &[("X-API-Key", KEY)]).await;
    assert_eq!((slowed.status, slowed.header("Retry-After")), (429, "1"), "{slowed:?}");
    assert_eq!(slowed.body, "too many wrong keys from this address: try again in 1 s\n");
    for headers in [[("Authorization", "apikey the-key-of-these-tests")], [("Authorization", "ApiKey wrong")]] {
        assert_eq!(call(&house, "192.0.2.1", &headers).await.status, 429);
    }
    assert_eq!(with_key(&house, "192.0.2.2", KEY).await, 200, "another address does not wait");
    let metrics = house.ask(TestRequest::get().uri("/metrics")).await.body;
    for (reason, count) in [("api_key", 5), ("wrong_keys", 3)] {
        assert!(metrics.contains(&format!(r#"callboard_refusals_total{{reason="{reason}"}} {count}"#)), "{metrics}");
    }
}

#[actix_web::test]
async fn a_right_key_begins_the_count_anew_and_none_at_all_is_no_guess() {
    let house = House::new();
    for key in ["a", "b", "c", "d", KEY, "e", "f", "g", "h"] {
        assert_eq!(with_key(&house, "192.0.2.1", key).await, if key == KEY { 200 } else { 401 });
    }
    for headers in [&[][..], &[("X-API-Key", "")], &[("Authorization", "Bearer token")]] {
        for _ in 0..3 {
            assert_eq!(call(&house, "192.0.2.1", headers).await.status, 401, "{headers:?}");
        }
    }
    assert_eq!(with_key(&house, "192.0.2.1", KEY).await, 200);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_it_is_the_address_of_the_client_that_counts() {
    let mut config = config();
    config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    let house = House::with(config);
    let from = async |peer: &str, client: &'static str, key: &'static str| {
        call(&house, peer, &[("X-Forwarded-For", client), ("X-API-Key", key)]).await.status
    };
    for _ in 0..5 {
        assert_eq!(from("10.0.0.1", "192.0.2.1", "wrong").await, 401);
    }
    assert_eq!(from("10.0.0.1", "192.0.2.1", KEY).await, 429);
    assert_eq!(from("10.0.0.2", "192.0.2.1", KEY).await, 429, "it comes by another proxy");
    assert_eq!(from("10.0.0.1", "192.0.2.2", KEY).await, 200);
    assert_eq!(from("192.0.2.3", "192.0.2.1", KEY).await, 200, "what a stranger forwards is not believed");
}
