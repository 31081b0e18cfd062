//! `tail`: the events of channels as they are delivered, one JSON object a line.
use super::answer::ErrorMode;
use super::call;
use super::guard::Guard;
use super::method::parse;
use super::shapes::Client;
use crate::broker::{self, Tapped};
use crate::delivery::Cut;
use crate::types::{Epoch, Event, Json, ReplyError, Space, Tags};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Its name in paths. It is no [`Method`](super::method::Method): its answer has no end of its own, so that it cannot be batched.
pub const NAME: &str = "tail";
/// What it does, in one line.
pub const SUMMARY: &str = "Shows events as they are delivered";
/// A request, as JSON.
pub const REQUEST: &str = r#"{"channel":"news"}"#;
/// A line that it may be answered with.
pub const LINE: &str = r#"{"event":{"space":"user","channel":"news","data":{"text":"hello"},"offset":1,"epoch":"AbCdEfGh","time":1767225600000}}"#;

/// Stands for all channels.
const ALL: &str = "*";
/// Events a second that are shown where nothing else is asked for, and the most that may be asked for.
const RATE: u32 = 100;
const MOST_RATE: u32 = 10_000;
/// Lines that leave in one write at most.
const TOGETHER: usize = 64;
/// Between two writes, unless there is more than goes into one: a write costs the broker more than a line does.
const PAUSE: Duration = Duration::from_millis(20);

/// What is tailed.
#[derive(Deserialize, ToSchema)]
pub struct Tail {
    /// The channel; left out, empty or `*`: all channels of this node.
    channel: Option<String>,
    /// Events a second that are shown, 1 to 10,000; left out: 100. The rest is counted.
    rate: Option<u32>,
}

/// A line; one without any field says that the tail stands.
#[derive(Default, Serialize, ToSchema)]
pub struct TailLine {
    /// An event.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<TailedEvent>,
    /// So many events were not shown since this was said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
    /// Nothing follows, for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ended: Option<&'static str>,
}

/// An event as a tail shows it.
#[derive(Serialize, ToSchema)]
pub struct TailedEvent {
    /// Where the channel's name counts: `user` for the names of clients and this API.
    #[schema(value_type = String)]
    space: Space,
    /// The channel.
    channel: String,
    /// The payload.
    #[schema(value_type = serde_json::Value)]
    data: Json,
    /// Its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    tags: Option<Arc<Tags>>,
    /// Its place in the channel's history, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Which life of the history it counts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    epoch: Option<Epoch>,
    /// When this node delivered it, in milliseconds since 1970.
    time: u64,
    /// Who published it; left out where it was not a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<Client>,
    /// Binary parts, which are not shown.
    #[serde(skip_serializing_if = "is_zero")]
    attachments: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl TailedEvent {
    fn of(event: &Event, time: u64) -> Self {
        let position = event.position.as_ref();
        TailedEvent {
            space: event.channel.space().clone(),
            channel: event.channel.as_str().to_owned(),
            data: event.data.clone(),
            tags: event.tags.clone(),
            offset: position.map(|at| at.offset),
            epoch: position.map(|at| at.epoch.clone()),
            time,
            publisher: event.publisher.as_deref().map(Client::from),
            attachments: event.envelope.as_ref().map_or(0, |envelope| envelope.attachments.len()),
        }
    }
}

impl From<&Tapped> for TailLine {
    fn from(tapped: &Tapped) -> Self {
        match tapped {
            Tapped::Event(event, time) => {
                TailLine { event: Some(TailedEvent::of(event, *time)), ..TailLine::default() }
            }
            Tapped::Skipped(count) => TailLine { skipped: Some(*count), ..TailLine::default() },
            Tapped::Quiet => TailLine::default(),
            Tapped::Ended(reason) => TailLine { ended: Some(reason), ..TailLine::default() },
        }
    }
}

/// Answers a call: with the stream, or as any other call that is refused.
pub async fn answer(guard: Guard, request: HttpRequest, body: Payload) -> HttpResponse {
    let tail: Tail = match call::prepare(&guard, &request, body, parse).await {
        Ok(tail) => tail,
        Err(refusal) => return refusal.response(guard.node().metrics()),
    };
    match tail.open(&guard, &request).await {
        Ok(tail) => streamed(tail),
        Err(error) => ErrorMode::of(&request).response(NAME, Err(error)),
    }
}

impl Tail {
    async fn open(self, guard: &Guard, request: &HttpRequest) -> Result<broker::Tail, ReplyError> {
        let rate = self.rate.unwrap_or(RATE);
        if !(1..=MOST_RATE).contains(&rate) {
            return Err(ReplyError::bad_field("rate", format_args!("is not a number from 1 to {MOST_RATE}")));
        }
        let channel = self.channel.filter(|channel| !channel.is_empty() && channel != ALL);
        let cut = request.conn_data::<Rc<dyn Cut>>().cloned();
        guard.node().channels().tail(channel.as_deref(), rate, still_admitted(guard, request), cut).await
    }
}

/// A caller who would not be admitted any more has been admitted under settings that are not in force any more.
fn still_admitted(guard: &Guard, request: &HttpRequest) -> impl Fn() -> bool + 'static {
    let (guard, request) = (guard.clone(), request.clone());
    let admitted = std::cell::RefCell::new(arc_swap::Guard::into_inner(guard.node().settings()));
    move || {
        let now = guard.node().settings();
        if Arc::ptr_eq(&now, &admitted.borrow()) {
            return true;
        }
        *admitted.borrow_mut() = now.clone();
        guard.still_admits(&request)
    }
}

fn streamed(tail: broker::Tail) -> HttpResponse {
    let lines = futures_util::stream::unfold((tail.ready_chunks(TOGETHER), false), async |(mut tail, is_early)| {
        if is_early {
            tokio::time::sleep(PAUSE).await;
        }
        let tapped = tail.next().await?;
        Some((Ok::<_, Infallible>(written(&tapped)), (tail, tapped.len() < TOGETHER)))
    });
    // A proxy that buffers would keep the lines back.
    let mut response = HttpResponse::Ok();
    // Whoever does not read the last lines either is cut (`Channels::tail`): nothing else may then be on the connection.
    response.force_close();
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header(("X-Accel-Buffering", "no"));
    response.content_type("application/x-ndjson").streaming(lines)
}

fn written(tapped: &[Tapped]) -> Bytes {
    let mut text = vec![];
    for line in tapped.iter().map(TailLine::from) {
        let begin = text.len();
        match serde_json::to_writer(&mut text, &line) {
            Ok(()) => text.push(b'\n'),
            Err(error) => {
                log::error!("a line of a tail could not be written: {error}");
                text.truncate(begin);
            }
        }
    }
    text.into()
}
