//! Fetching a key set over HTTP.
use super::KeySet;
use super::task::Task;
use crate::auth::Error;
use actix_rt::{Arbiter, System};
use awc::Client;
use awc::http::Uri;
use futures_util::future::join_all;

/// The largest key set in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The fetching side of a key set, before it is started.
pub(in crate::auth) struct Fetching {
    pub(super) key: &'static str,
    pub(super) url: Uri,
    pub(super) task: Task,
}

/// Reads the address of a key set; fails where it is no absolute `http` or `https` address. `key` is named in the error.
pub(super) fn address(key: &'static str, url: &str) -> Result<Uri, Error> {
    let wrong = || Error::value(key, "must be an address like https://issuer.example/jwks.json");
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let spoken = matches!(uri.scheme_str(), Some("https" | "http"));
    match spoken && uri.host().is_some_and(|host| !host.is_empty()) {
        true => Ok(uri),
        false => Err(wrong()),
    }
}

/// Starts to fetch key sets where the HTTP client can live: it needs an actix runtime and cannot change threads. That is the current
/// arbiter, or one thread for all of them. Each ends when nobody can ask for its keys any more.
pub(in crate::auth) fn start(sets: Vec<Fetching>) -> Result<(), Error> {
    let Some(key) = sets.first().map(|set| set.key) else { return Ok(()) };
    match Arbiter::try_current() {
        Some(arbiter) => {
            arbiter.spawn_fn(move || {
                actix_rt::spawn(run(sets));
            });
        }
        None => {
            let on_thread = move || System::new().block_on(run(sets));
            let thread = std::thread::Builder::new().name("key-set".into());
            thread.spawn(on_thread).map_err(|e| Error::value(key, format!("no thread to fetch it on: {e}")))?;
        }
    }
    Ok(())
}

async fn run(sets: Vec<Fetching>) {
    // A redirect could lead from https to http, or to a host that nobody chose to trust.
    let client = Client::builder().disable_redirects().finish();
    let runs = sets.into_iter().map(|Fetching { url, task, .. }| {
        let client = &client;
        async move { task.run(|| fetch(client, &url)).await }
    });
    join_all(runs).await;
}

async fn fetch(client: &Client, url: &Uri) -> Result<KeySet, String> {
    let request = client.get(url).insert_header(("Accept", "application/jwk-set+json, application/json"));
    let mut response = request.send().await.map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        return Err(format!("status {}", response.status().as_u16()));
    }
    let body = response.body().limit(MAX_BODY).await.map_err(|error| error.to_string())?;
    KeySet::parse(&body).map_err(|error| error.to_string())
}
