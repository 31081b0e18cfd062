//! Strapi applications: services whose documents are entries of content types, and events of them for those whose role or API token
//! permits them, as `strapi-plugin-io` has them.
//!
//! | file | what lives there |
//! |---|---|
//! | `config`, `content` | the section `[strapi]`, and the content types that it makes |
//! | `rights` | roles and API tokens, and what each permits |
//! | `entry`, `populate`, `audience` | what of an entry who is shown |
//! | `door`, `members` | letting clients in; the sessions that are in |
//! | `state`, `reading` | what is known, and what becomes of sessions when that changes |
//! | `queue`, `worker` | events and changes in one line, and what does them |
//! | `guard` | calls of clients to the services |
//! | `handle` | what Rust code emits |
//!
//! A service tells of an entry through its listeners inside the process; the worker of the node sends one event for each kind of
//! receivers, to the groups of their roles and tokens. A call that changes roles, tokens or users is answered when all nodes have read
//! them again, so that no event behind it is sent as before.
mod audience;
mod config;
mod content;
mod door;
mod entry;
mod guard;
mod handle;
mod members;
mod populate;
mod queue;
mod reading;
mod rights;
mod state;
mod worker;

pub use config::{Action, Config, ContentTypeConfig};
pub use handle::Strapi;

use super::method::STANDARD_EVENTS;
use super::path::stripped;
use super::publication::Publication;
use super::services::{NAMESPACE, Setup};
use super::{App, HookContext, Registration};
use crate::broker::handler::{Caller, HandlerThreads, Handlers};
use crate::broker::{Node, WeakNode};
use crate::metrics::Metrics;
use crate::types::{ChannelName, Json, NameError, Space};
use content::{ContentType, ContentTypes};
use door::StrapiDoor;
use guard::Holds;
use queue::{Cause, Change, Job, Queue};
use serde_json::Value;
use state::{State, TOLD};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use worker::{Begin, Worker};

/// How long a node waits at its start until the others know of it, and between two looks.
const ANNOUNCED: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// Why the section `[strapi]` cannot be used. Every message begins with the key to change.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No service is at a path.
    #[error("{key}: no service is registered at {path:?}")]
    NoService {
        /// The config key.
        key: String,
        /// The path.
        path: String,
    },
    /// A service that holds rights would be shown to clients.
    #[error("{key}: {path:?} holds roles, permissions or API tokens ([strapi]), which no client may be shown")]
    OfRights {
        /// The config key.
        key: String,
        /// The path.
        path: String,
    },
    /// Events have no name.
    #[error("strapi.content_type[{index}].uid: {uid:?} has no name behind a dot, as \"api::article.article\" has")]
    Uid {
        /// The place of the content type among all.
        index: usize,
        /// What stands there.
        uid: String,
    },
    /// Two content types have one name.
    #[error("strapi.content_type[{index}].uid: another content type is called {uid:?}, too")]
    SameUid {
        /// The place of the second among all.
        index: usize,
        /// The name.
        uid: String,
    },
    /// A relation leads nowhere.
    #[error(
        "strapi.content_type[{index}].relations.{field}: no content type is called {uid:?}; add one, with actions = [] if its \
         entries have no events"
    )]
    Relation {
        /// The place of the content type among all.
        index: usize,
        /// The attribute.
        field: String,
        /// What it names.
        uid: String,
    },
    /// Events would become too large.
    #[error("strapi.populate_depth: at most {0} levels are brought along")]
    Depth(usize),
    /// The secrets cannot be read.
    #[error(transparent)]
    Auth(#[from] crate::auth::Error),
    /// The namespace cannot be addressed.
    #[error("the namespace of services cannot be named: {0}")]
    Namespace(#[from] NameError),
}

/// What is made of the section before the services start.
pub(super) struct Prepared {
    state: Arc<State>,
    jobs: mpsc::Receiver<Job>,
}

/// The worker of a node, which waits for the broker to run.
struct Waiting(Caller<Begin>);

/// Has the registered services be what the section says; none where there is no such section. Fails where that makes no sense.
pub(super) fn prepare(setup: &mut Setup) -> Result<Option<Prepared>, SetupError> {
    let Some(config) = setup.strapi.take().filter(Config::is_on) else { return Ok(None) };
    let has = |path: &str| setup.services.iter().any(|(known, _)| stripped(known) == path);
    let (keys, types) = (config.keys()?, ContentTypes::new(&config, has)?);
    let home = ChannelName::in_space(Space::SocketIo, NAMESPACE, usize::MAX)?;
    let (queue, jobs) = Queue::new();
    let state = Arc::new(State::new(config, keys, types, home, queue));
    for (path, registration) in &mut setup.services {
        let path = stripped(path);
        let content: Vec<&Arc<ContentType>> = state.types.all().filter(|one| one.service == path).collect();
        content.iter().for_each(|one| guard::of_content(registration, &state, one));
        let key = state.config.of_rights().find(|(_, of)| *of == path).map(|(key, _)| key);
        if let Some(key) = key {
            let holds = if key == "strapi.users" { Holds::Users } else { Holds::Rights };
            guard::of_rights(registration, &state, holds, content.first().map(|one| Arc::clone(one)));
        }
        if key.is_some() || !content.is_empty() {
            hide(registration);
        }
    }
    Ok(Some(Prepared { state, jobs }))
}

/// The events that a service has beside those of its content type would bring all clients whole documents: nobody gets those of which
/// nobody has said who shall.
fn hide(registration: &mut Registration) {
    let open: Vec<String> = registration.open_in_silence(&Default::default()).map(str::to_owned).collect();
    for event in open {
        registration.publishers.set(Some(&event), |_: &Value, _: Option<&HookContext>| Publication::NOBODY);
    }
}

impl Prepared {
    /// Has the broker ask for the application's clients.
    pub fn install(self, threads: &HandlerThreads, handlers: &mut Handlers) {
        let Prepared { state, jobs } = self;
        let of_worker = Arc::downgrade(&state);
        let worker = threads.host(move || Worker { state: of_worker, jobs: Some(jobs) });
        handlers.extend(Arc::new(Waiting(handlers.caller(&worker))));
        handlers.door(state.home.clone(), Arc::new(StrapiDoor(state.clone())));
        let told = Arc::downgrade(&state);
        handlers.on_told(TOLD, Arc::new(move |words: Json| Box::pin(heed(told.clone(), words))));
        handlers.extend(state);
    }
}

/// Heeds a change of which another node has told.
async fn heed(state: Weak<State>, words: Json) {
    if let (Some(state), Ok(change)) = (state.upgrade(), words.read::<Change>()) {
        state.queue.change(change, Cause::Changed).await;
    }
}

/// Begins, where the broker has a Strapi application: reads its rights, and listens to its services.
pub(crate) fn attend(node: &Node) {
    let handlers = node.handlers();
    let (Some(state), Some(worker)) = (handlers.extension::<State>(), handlers.extension::<Waiting>()) else { return };
    let Some(app) = App::of(node) else { return };
    let begun = worker.0.ask(Begin(node.downgrade()));
    actix_rt::spawn(async move { drop(begun.await) });
    for of in state.types.all() {
        if let Err(error) = listen(&state, &app, of) {
            log::error!("the events of {} go nowhere: {error}", of.uid);
        }
    }
    actix_rt::spawn(refresh(Arc::downgrade(&state), node.downgrade()));
}

fn listen(state: &Arc<State>, app: &App, of: &Arc<ContentType>) -> Result<(), super::ServiceError> {
    let service = app.service(&of.service)?;
    for event in STANDARD_EVENTS {
        let Some(action) = Action::of_event(event).filter(|action| of.actions.contains(action)) else { continue };
        let (state, of, metrics) = (Arc::downgrade(state), of.clone(), app.node().metrics().clone());
        service.on(event, move |entry, _| {
            let (Some(state), Value::Object(entry)) = (state.upgrade(), entry) else { return };
            if !state.queue.event(&of, action.name(), entry.clone(), None) {
                Metrics::count(&metrics.drops, "strapi");
                let line = format_args!("too much is waiting: an event of {} is dropped", of.uid);
                metrics.log_some(log::Level::Warn, "strapi", line);
            }
        })?;
    }
    Ok(())
}

/// Waits until other nodes tell this one of changes, so that what is read then does not get old unnoticed; a bus that is away is not
/// waited for.
async fn told_of_changes(node: &WeakNode) {
    let deadline = Instant::now() + ANNOUNCED;
    while Instant::now() < deadline {
        let Some(node) = node.upgrade() else { return };
        let Some(peers) = node.engine().peers() else { return };
        if peers.nodes().await.iter().any(|id| id == node.id()) {
            return;
        }
        drop(node);
        tokio::time::sleep(LOOK).await;
    }
}

/// Reads the rights, and again after each time that the section says.
async fn refresh(state: Weak<State>, node: WeakNode) {
    told_of_changes(&node).await;
    loop {
        let Some(strong) = state.upgrade() else { return };
        strong.queue.change(Change { rights: true, ..Change::default() }, Cause::Routine).await;
        let pause = strong.config.refresh;
        drop(strong);
        if pause.is_zero() {
            return;
        }
        tokio::time::sleep(pause).await;
    }
}
