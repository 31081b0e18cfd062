//! Does the jobs, one after the other. What an event needs is fetched while those before it are under way.
use super::audience;
use super::populate::{Allowance, populated};
use super::queue::{Cause, Change, EntryEvent, Job};
use super::reading::{self, Reading};
use super::state::State;
use crate::broker::handler::{Call, Handle, HandlerFuture, answer};
use crate::broker::{Emission, Emitted, Node, WeakNode};
use crate::metrics::Metrics;
use crate::service::App;
use crate::types::{Arity, Audience, Json, ReplyError};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Jobs that are prepared at a time.
const PREPARED: usize = 32;
/// Events that are under way at a time, where `limits.channel_queue` is not less than twice that.
const UNDER_WAY: usize = 256;

/// The worker of a node, on a thread of handlers.
pub struct Worker {
    pub state: Weak<State>,
    /// None once it has begun.
    pub jobs: Option<mpsc::Receiver<Job>>,
}

/// The broker runs: the worker may begin.
pub struct Begin(pub WeakNode);

impl Call for Begin {
    type Answer = ();
}

impl Handle<Begin> for Worker {
    fn handle(&mut self, Begin(node): Begin) -> HandlerFuture<()> {
        if let Some(jobs) = self.jobs.take() {
            actix_rt::spawn(work(self.state.clone(), node, jobs));
        }
        answer(Ok(()))
    }
}

/// A job with all that it needs.
enum Prepared {
    Event(EntryEvent, Map<String, Value>),
    Change(Reading, Cause, Option<oneshot::Sender<()>>),
    /// The broker stops.
    Nothing,
}

async fn work(state: Weak<State>, node: WeakNode, mut jobs: mpsc::Receiver<Job>) {
    let (of_jobs, at_node) = (state.clone(), node.clone());
    let jobs = stream::poll_fn(move |cx| jobs.poll_recv(cx));
    let mut prepared = jobs.map(|job| prepare(of_jobs.clone(), at_node.clone(), job)).buffered(PREPARED);
    let mut under_way: VecDeque<JoinHandle<()>> = VecDeque::new();
    while let Some(job) = prepared.next().await {
        let (Some(state), Some(node)) = (state.upgrade(), node.upgrade()) else { return };
        match job {
            Prepared::Event(event, entry) => {
                under_way.push_back(send(&state, &node, event, &entry));
                let most = UNDER_WAY.min(node.limits().channel_queue / 2).max(1);
                if under_way.len() >= most
                    && let Some(first) = under_way.pop_front()
                {
                    // Whether it was refused is told where it is sent.
                    let _ = first.await;
                }
            }
            Prepared::Change(reading, cause, done) => {
                // Those who lose something by it are told what happened before.
                for sent in under_way.drain(..) {
                    let _ = sent.await;
                }
                state.apply(&node, reading, cause);
                // Who has asked for it may be gone.
                let _ = done.map(|done| done.send(()));
            }
            Prepared::Nothing => return,
        }
    }
}

async fn prepare(state: Weak<State>, node: WeakNode, job: Job) -> Prepared {
    let (Some(state), Some(node)) = (state.upgrade(), node.upgrade()) else { return Prepared::Nothing };
    let Some(app) = App::of(&node) else { return Prepared::Nothing };
    match job {
        Job::Event(mut event) => {
            let entry = std::mem::take(&mut event.entry);
            let levels = (state.types.depth, &mut Allowance::new());
            let entry = populated(&app, &state.types, &event.of, entry, levels).await;
            Prepared::Event(event, entry)
        }
        Job::Change(change, cause, done) => Prepared::Change(read(&state, &node, &app, change).await, cause, done),
    }
}

async fn read(state: &Arc<State>, node: &Node, app: &App, change: Change) -> Reading {
    let users = state.touched(&change);
    let rights = async {
        match change.rights {
            true => Some(reading::rights(app, &state.config).await),
            false => None,
        }
    };
    let users = reading::users(state, node, users);
    let (rights, users) = futures_util::join!(rights, users);
    Reading { rights, users }
}

/// Sends an event on its way; done when it was accepted or refused.
fn send(state: &State, node: &Node, event: EntryEvent, entry: &Map<String, Value>) -> JoinHandle<()> {
    let EntryEvent { of, action, told, .. } = &event;
    let now = node.now().saturating_mul(1000);
    let parts = audience::parts(&state.rights.load(), &state.types, of, (action, entry), now);
    let name = format!("{}:{action}", of.singular);
    let most = App::of(node).map_or(0, |app| app.most_bytes());
    let wants_word = told.is_some();
    let emitted: Vec<Emitted> = parts
        .into_iter()
        .map(|part| {
            let audience = Audience::of(part.principals.iter().map(|principal| principal.group()));
            match Json::write(&part.payload) {
                Ok(data) if data.bytes().len() <= most => emit(state, node, &name, data, audience),
                Ok(_) => Emitted::refused(too_large(&name, most)),
                Err(_) => Emitted::refused(ReplyError::INTERNAL),
            }
        })
        .collect();
    let metrics = node.metrics().clone();
    actix_rt::spawn(async move {
        let mut outcome = Ok(());
        for emitted in emitted {
            if let Err(error) = emitted.await {
                Metrics::count(&metrics.drops, "strapi");
                if !wants_word {
                    let line = format_args!("the event {name:?} was refused: {error}");
                    metrics.log_some(log::Level::Warn, "strapi", line);
                }
                outcome = Err(error);
            }
        }
        // Who has asked for it may be gone.
        let _ = event.told.map(|told| told.send(outcome));
    })
}

fn emit(state: &State, node: &Node, name: &str, data: Json, audience: Audience) -> Emitted {
    let (arity, attachments, view_tags, volatile, local) = (Arity::One, vec![], None, false, false);
    let event = name.to_owned();
    node.homes().emit(
        &state.home,
        Emission { event, data, arity, attachments, audience, view_tags, volatile, local, idempotency: None },
    )
}

fn too_large(name: &str, most: usize) -> ReplyError {
    let message = format!("the event {name:?} has more than {most} bytes (limits.outbox)");
    ReplyError { message: message.into(), ..ReplyError::LIMIT_EXCEEDED }
}
