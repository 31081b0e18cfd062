//! Fetching a key set over HTTP.
use super::KeySet;
use super::task::Task;
use crate::auth::Error;
use actix_rt::{Arbiter, System};
use awc::Client;
use awc::http::Uri;

/// The largest key set in bytes.
const MAX_BODY: usize = 256 * 1024;

/// Reads the address of a key set; fails where it is no absolute `http` or `https` address.
pub(super) fn address(url: &str) -> Result<Uri, Error> {
    let wrong = || Error::value("auth.jwks_url", "must be an address like https://issuer.example/jwks.json");
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let spoken = matches!(uri.scheme_str(), Some("https" | "http"));
    match spoken && uri.host().is_some_and(|host| !host.is_empty()) {
        true => Ok(uri),
        false => Err(wrong()),
    }
}

/// Runs the task where the HTTP client can live: it needs an actix runtime and cannot change threads.
pub(super) fn spawn(url: Uri, task: Task) -> Result<(), Error> {
    match Arbiter::try_current() {
        Some(arbiter) => {
            arbiter.spawn_fn(move || {
                actix_rt::spawn(run(url, task));
            });
        }
        None => {
            let on_thread = move || System::new().block_on(run(url, task));
            let thread = std::thread::Builder::new().name("key-set".into());
            thread
                .spawn(on_thread)
                .map_err(|e| Error::value("auth.jwks_url", format!("no thread to fetch it on: {e}")))?;
        }
    }
    Ok(())
}

async fn run(url: Uri, task: Task) {
    // A redirect could lead from https to http, or to a host that nobody chose to trust.
    let client = Client::builder().disable_redirects().finish();
    task.run(|| fetch(&client, &url)).await;
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
