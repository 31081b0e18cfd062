//! The pace of fetches, on a clock that jumps and with a fetch that is counted.
use super::task::Pace;
use super::{Found, Jwks, KeySet, Source};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const REFRESH: Duration = Duration::from_secs(600);

fn empty() -> Result<KeySet, String> {
    Ok(KeySet::parse(br#"{"keys":[]}"#).unwrap())
}

/// A key set whose fetch number N takes 100 ms and comes to `outcome(N)`.
fn started(outcome: impl Fn(usize) -> Result<KeySet, String> + Send + 'static) -> (Jwks, Arc<AtomicUsize>) {
    started_with(move |n| {
        let result = outcome(n);
        async move {
            sleep(Duration::from_millis(100)).await;
            result
        }
    })
}

fn started_with<F>(fetch: impl Fn(usize) -> F + Send + 'static) -> (Jwks, Arc<AtomicUsize>)
where
    F: Future<Output = Result<KeySet, String>> + Send + 'static,
{
    let (jwks, task) = Jwks::pair("auth.jwks_url".into(), Pace::every(REFRESH));
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = fetches.clone();
    tokio::spawn(task.run(move || fetch(counter.fetch_add(1, Ordering::SeqCst) + 1)));
    (jwks, fetches)
}

/// Searches for a key that is never there.
async fn search_in_vain(jwks: &Jwks) -> Found {
    let mut search = jwks.search();
    loop {
        match search.next().await {
            Found::Keys(_) => {}
            end => return end,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn searches_at_the_same_time_share_a_fetch() {
    let (jwks, fetches) = started(|_| empty());
    sleep(Duration::from_secs(60)).await;
    let searches = (0..100).map(|_| search_in_vain(&jwks));
    let ends = futures_util::future::join_all(searches).await;
    assert!(ends.iter().all(|end| matches!(end, Found::NoSuchKey)));
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "the first fetch, and one for all searches");
}

#[tokio::test(start_paused = true)]
async fn the_first_fetch_serves_whoever_waits_for_it() {
    let (jwks, fetches) = started(|_| empty());
    assert!(jwks.known().keys.is_none());
    assert!(matches!(jwks.search().next().await, Found::Keys(_)));
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_unknown_keys_cannot_make_fetches_more_frequent_than_the_space_between() {
    let (jwks, fetches) = started(|_| empty());
    let begun = Instant::now();
    for _ in 0..50 {
        assert!(matches!(search_in_vain(&jwks).await, Found::NoSuchKey));
    }
    let most = begun.elapsed().as_secs() as usize / 2 + 1;
    let fetches = fetches.load(Ordering::SeqCst);
    assert!(fetches <= most, "{fetches} fetches in {:?}", begun.elapsed());
    assert!(fetches >= 50, "each search sees a fetch that began after it");
}

#[tokio::test(start_paused = true)]
async fn a_key_published_while_a_fetch_is_under_way_is_found_by_the_next() {
    let (jwks, fetches) = started(|_| empty());
    tokio::task::yield_now().await;
    assert_eq!(fetches.load(Ordering::SeqCst), 1, "under way");
    assert!(matches!(search_in_vain(&jwks).await, Found::NoSuchKey));
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "the first began before the search");
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_when_their_time_has_passed() {
    let (jwks, fetches) = started(|_| empty());
    sleep(REFRESH * 3 + Duration::from_secs(1)).await;
    assert_eq!(fetches.load(Ordering::SeqCst), 4);
    drop(jwks);
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_keeps_the_old_keys_and_is_tried_again_soon() {
    let (jwks, fetches) = started(|n| if n == 2 { Err("down".into()) } else { empty() });
    sleep(Duration::from_secs(60)).await;
    let before = jwks.known().keys.expect("the first fetch was good");
    assert!(matches!(search_in_vain(&jwks).await, Found::Unavailable));
    assert!(Arc::ptr_eq(&before, &jwks.known().keys.unwrap()));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(fetches.load(Ordering::SeqCst), 3);
    assert!(!Arc::ptr_eq(&before, &jwks.known().keys.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn while_fetches_fail_whoever_asks_has_them_tried_again_but_no_more_often_than_the_space_between() {
    let (jwks, fetches) = started(|_| Err("down".into()));
    for _ in 0..1000 {
        jwks.nudge();
        sleep(Duration::from_millis(10)).await;
    }
    assert!(jwks.known().failed && jwks.known().keys.is_none());
    let fetches = fetches.load(Ordering::SeqCst);
    assert!((5..=6).contains(&fetches), "{fetches} fetches in 10 s");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_without_an_answer_fails_in_time() {
    let (jwks, _) = started_with(|_| std::future::pending());
    let begun = Instant::now();
    assert!(matches!(search_in_vain(&jwks).await, Found::Unavailable));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_nobody_can_ask() {
    let (jwks, task) = Jwks::pair("auth.jwks_url".into(), Pace::every(REFRESH));
    let task = tokio::spawn(task.run(|| async { empty() }));
    drop(jwks);
    task.await.unwrap();
}

#[test]
fn an_address_that_is_none_and_a_refresh_that_would_flood_are_errors() {
    let tried = |url: &str, refresh| {
        let source = Source { key: "auth.jwks_url", url, owner: None, refresh_key: "auth.jwks_refresh", refresh };
        Jwks::of(&source).err()
    };
    for wrong in ["", "issuer.example", "/jwks.json", "ftp://issuer.example/", "file:///etc/passwd", "https://"] {
        let error = tried(wrong, REFRESH).unwrap_or_else(|| panic!("{wrong:?} was taken"));
        assert!(error.to_string().starts_with("auth.jwks_url:"), "{error}");
    }
    let error = tried("https://issuer.example/", Duration::ZERO).unwrap();
    assert!(error.to_string().starts_with("auth.jwks_refresh:"), "{error}");
}

#[test]
fn a_symmetric_key_is_not_even_taken_from_a_set() {
    let set = br#"{"keys":[{"kty":"oct","kid":"h","k":"c2VjcmV0"},{"kty":"OKP","crv":"Ed25519","kid":"e",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    assert_eq!(KeySet::parse(set).unwrap().len(), 1);
}
