//! One request, from its path to its response.
use super::Endpoint;
use super::body::{self, Publication, Topics};
use super::caller::Caller;
use super::refusal::Refusal;
use crate::service::events_bus::{BusEvent, Polled, WaitingPoll};
use crate::types::Json;
use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{FutureExt, StreamExt};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;

/// Says how long the body of a response without events is held open at most, in milliseconds. Source: `EVENTS_NOTIFY_TIMEOUT_HEADER` of
/// `@backstage/plugin-events-node`.
const NOTIFY_TIMEOUT: &str = "backstage-events-notify-timeout";

/// What a path is for.
enum Resource {
    Events,
    Subscription(String),
    EventsOf(String),
}

/// The events that a poll is answered.
#[derive(Serialize)]
struct Events<'a> {
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    topic: &'a str,
    payload: &'a Json,
}

/// Answers a request.
pub(super) async fn serve(request: HttpRequest, mut body: Payload, endpoint: Data<Endpoint>) -> HttpResponse {
    match endpoint.call(&request, &mut body).await {
        Ok(response) => response,
        Err(refusal) => {
            body::pass_over(&mut body).await;
            refusal.response(&request, endpoint.bus.node().metrics())
        }
    }
}

impl Endpoint {
    async fn call(&self, request: &HttpRequest, body: &mut Payload) -> Result<HttpResponse, Refusal> {
        let resource = self.resource(request.uri().path())?;
        let caller = Caller::of(self.bus.node(), request.headers()).await?;
        match (resource, request.method()) {
            (Resource::Events, &Method::POST) => self.publish(body::read(request, body, self.max_body).await?).await,
            (Resource::Subscription(id), &Method::PUT) => {
                caller.check_own(&id)?;
                let Topics { topics } = body::read(request, body, self.max_body).await?;
                self.bus.put(&id, topics).await?;
                Ok(HttpResponse::Created().finish())
            }
            (Resource::EventsOf(id), &Method::GET) => {
                caller.check_own(&id)?;
                self.poll(&id).await
            }
            (Resource::Events, _) => Err(Refusal::method("POST")),
            (Resource::Subscription(_), _) => Err(Refusal::method("PUT")),
            (Resource::EventsOf(_), _) => Err(Refusal::method("GET")),
        }
    }

    fn resource(&self, path: &str) -> Result<Resource, Refusal> {
        let below = path.strip_prefix(&self.prefix).unwrap_or_default();
        let mut parts = below.split('/').skip(1);
        match [parts.next(), parts.next(), parts.next(), parts.next()] {
            [Some("events"), None, ..] => Ok(Resource::Events),
            [Some("subscriptions"), Some(id), None, _] => decoded(id).map(Resource::Subscription),
            [Some("subscriptions"), Some(id), Some("events"), None] => decoded(id).map(Resource::EventsOf),
            _ => Err(Refusal::no_such_path()),
        }
    }

    async fn publish(&self, publication: Publication) -> Result<HttpResponse, Refusal> {
        let Publication { event, notified } = publication;
        let is_news = self.bus.publish_beside(&event.topic, event.payload, notified).await?;
        Ok(if is_news { HttpResponse::Created() } else { HttpResponse::NoContent() }.finish())
    }

    async fn poll(&self, id: &str) -> Result<HttpResponse, Refusal> {
        Ok(match self.bus.poll(id).await? {
            Polled::Events(events) => {
                HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(written(&events))
            }
            Polled::Waiting(place) => held(place, self.bus.poll_timeout()),
        })
    }
}

fn decoded(id: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(id).decode_utf8();
    decoded.map(Into::into).map_err(|_| Refusal::malformed("the id of the subscription is no text"))
}

fn written(events: &[BusEvent]) -> Events<'_> {
    let events = events.iter().map(|event| Event { topic: &event.topic, payload: &event.payload });
    Events { events: events.collect() }
}

/// Answers at once that there is no event, and holds the body open until there is one. Where the client leaves, the body is dropped, and
/// its place with it.
fn held(place: WaitingPoll, longest: Duration) -> HttpResponse {
    let ends = place.news(longest).into_stream();
    let body = ends.filter_map(async |()| None::<Result<Bytes, Infallible>>);
    // A proxy that buffers would keep the end back.
    let mut response = HttpResponse::Accepted();
    response.insert_header((NOTIFY_TIMEOUT, longest.as_millis().to_string()));
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header(("X-Accel-Buffering", "no"));
    response.streaming(body)
}
