//! One call, from its request to its response.
use super::answer::ErrorMode;
use super::guard::Guard;
use super::method::{Entry, Malformed, Prepared};
use super::refusal::Refusal;
use super::single;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use std::time::{Duration, Instant};

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a body: the method's name, and the call.
type Read = Result<(&'static str, Prepared), Malformed>;

/// Answers a call of a method by its own path.
pub async fn method(guard: Guard, entry: &'static Entry, request: HttpRequest, body: Payload) -> HttpResponse {
    answer(guard, request, body, |body| Ok((entry.name, (entry.prepare)(body)?))).await
}

/// Answers a call of the single endpoint, whose body names the method.
pub async fn single(guard: Guard, request: HttpRequest, body: Payload) -> HttpResponse {
    answer(guard, request, body, single::read).await
}

async fn answer(guard: Guard, request: HttpRequest, body: Payload, read: impl FnOnce(&str) -> Read) -> HttpResponse {
    let started = Instant::now();
    let (name, call) = match prepare(&guard, &request, body, read).await {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.response(guard.node().metrics()),
    };
    let outcome = call(guard.node().clone()).await;
    let response = ErrorMode::of(&request).response(name, outcome);
    guard.node().metrics().api_seconds.observe(started.elapsed().as_secs_f64());
    response
}

/// Admits a request, and reads its body.
pub(super) async fn prepare<T>(
    guard: &Guard,
    request: &HttpRequest,
    body: Payload,
    read: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, Refusal> {
    guard.admit(request)?;
    let node = guard.node();
    let body = collect(body, node.limits().body).await;
    if matches!(body, Err(Refusal::TooLarge(_))) {
        node.metrics().reached("body");
    }
    let body = body?;
    let text = std::str::from_utf8(&body).map_err(|_| Malformed::NotUtf8)?;
    Ok(read(text)?)
}

/// The body as it came, at most `limit` bytes of it; it is never unpacked.
async fn collect(body: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let collected = tokio::time::timeout(BODY_TIME, body.to_bytes_limited(limit)).await;
    let within = collected.map_err(|_| Refusal::TooSlow)?.map_err(|_| Refusal::TooLarge(limit))?;
    within.map_err(|_| Refusal::BrokenOff)
}
