//! The notes of events: what a call leaves while it is under way, and what is done about those that a crash left behind.
//!
//! The store notes the event of a write in the transaction that writes. Where no hook and no publisher has a say, the note has what is
//! to be sent from then on; elsewhere it gets that when they have run. It is removed when the channel has accepted the event, or when
//! a hook has failed. What nobody removes is overdue: it is sent again if it was ready, and dropped if not, since nobody knows what
//! the hooks would have made of it.
use super::app::App;
use super::dispatching::{Prepared, all_accepted};
use super::hooks::HookContext;
use super::host::written;
use super::publication::Publishers;
use super::services::{Definition, tags};
use crate::broker::{Node, WeakNode};
use crate::metrics::Metrics;
use crate::store::{Dispatch, Draft, Note, Outbox, Plain};
use crate::types::{Audience, Group};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How old a note is that belongs to a process that has died, unless the service says otherwise.
pub(super) const OVERDUE: Duration = Duration::from_secs(30);
/// How old at least: a younger one may be under way.
pub(super) const OVERDUE_AT_LEAST: Duration = Duration::from_secs(1);
/// How often one looks for them in the time after which they are overdue.
const LOOKS: u32 = 3;
/// How long one waits between two looks at most.
const PERIOD: Duration = Duration::from_secs(10);

impl Definition {
    /// There is no event.
    pub fn forget(&self, draft: Option<&Draft>) {
        if let (Some(outbox), Some(draft)) = (&self.outbox, draft.filter(|draft| draft.is_noted())) {
            // It is done whether somebody waits or not; a note that stays is overdue one day.
            drop(outbox.remove(draft.id()));
        }
    }

    /// What names one event of a call to all nodes, where several may send it.
    pub fn key(&self, draft: Option<&Draft>, number: usize) -> Option<Arc<str>> {
        let draft = draft.filter(|draft| draft.is_noted())?;
        let is_shared = self.outbox.as_ref().is_some_and(|outbox| !outbox.is_on_one_node());
        is_shared.then(|| key(draft.id(), number))
    }
}

fn key(id: Uuid, number: usize) -> Arc<str> {
    format!("outbox:{id}:{number}").into()
}

impl App {
    /// The draft of the event of a call; none where none follows, or where it is noted nowhere.
    pub(super) fn draft(&self, definition: &Definition, call: &HookContext) -> Option<Draft> {
        definition.outbox.as_ref()?;
        let event = call.event.as_deref().filter(|event| !definition.emits_itself(event))?;
        let publisher = Publishers::of(&definition.publishers, &self.services.publishers, event);
        let is_plain = definition.plain.contains(&call.method) && definition.password.is_none() && publisher.is_none();
        let path = definition.path.as_str();
        let plain =
            is_plain.then(|| Plain { name: format!("{path} {event}"), tags: tags(definition, event, Some(call)) });
        Some(Draft::new(path, plain))
    }

    /// Notes what is to be sent, before it is.
    pub(super) async fn promise<T>(&self, definition: &Definition, draft: Option<&Draft>, told: &[(T, Vec<Prepared>)]) {
        let draft = draft.filter(|draft| draft.is_noted() && draft.plain().is_none());
        let (Some(outbox), Some(draft)) = (&definition.outbox, draft) else { return };
        let dispatches = told.iter().flat_map(|(_, prepared)| prepared).map(dispatch).collect();
        if let Err(error) = outbox.ready(draft.id(), dispatches).await {
            // It is sent all the same; only a crash in the next moment would lose it.
            let line = format_args!("an event is sent without a note of it: {error}");
            self.node.metrics().log_some(log::Level::Warn, "outbox", line);
        }
    }

    /// Removes the note when all events are accepted. One that was refused is sent again later.
    pub(super) fn keep(
        &self,
        definition: &Definition,
        draft: Option<&Draft>,
        are_accepted: bool,
        under_way: Vec<JoinHandle<bool>>,
    ) {
        let Some(draft) = draft.filter(|draft| draft.is_noted()) else { return };
        let (Some(outbox), Ok(runtime)) = (definition.outbox.clone(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let id = draft.id();
        runtime.spawn(async move {
            if all_accepted(under_way).await && are_accepted {
                drop(outbox.remove(id));
            }
        });
    }

    /// Sends what a note says, or drops it. Done when the note is removed or kept.
    async fn settle(&self, definition: &Definition, outbox: &dyn Outbox, note: Note) {
        let metrics = self.node.metrics();
        let (id, path) = (note.id, definition.path.as_str());
        let Some(dispatches) = note.dispatches else {
            Metrics::count(&metrics.drops, "outbox");
            let line = format_args!("an event of {path:?} is dropped: the process that ran its hooks has ended ({id})");
            metrics.log_some(log::Level::Warn, "outbox", line);
            drop(outbox.remove(id));
            return;
        };
        let is_shared = !outbox.is_on_one_node();
        let prepared = dispatches.into_iter().filter_map(|dispatch| self.fitting(prepared(dispatch)?));
        let sent = prepared
            .enumerate()
            .filter_map(|(number, prepared)| self.send(prepared, is_shared.then(|| key(id, number))));
        if all_accepted(sent.collect()).await {
            drop(outbox.remove(id));
        }
    }
}

fn dispatch(prepared: &Prepared) -> Dispatch {
    let names = |groups: &[Group]| groups.iter().map(|group| group.as_str().to_owned()).collect();
    Dispatch {
        name: prepared.name.clone(),
        // It was written as JSON.
        data: serde_json::from_str(prepared.shown.as_str()).unwrap_or_default(),
        to: prepared.audience.to().map(names),
        except: names(prepared.audience.excepted()),
        tags: prepared.tags.as_ref().clone(),
    }
}

fn prepared(dispatch: Dispatch) -> Option<Prepared> {
    let groups = |names: Vec<String>| names.into_iter().map(|name| Group::from(name.as_str())).collect::<Vec<_>>();
    let audience = match dispatch.to {
        Some(names) => Audience::of(groups(names)),
        None => Audience::EVERYONE,
    };
    let shown = written(&dispatch.data).ok()?;
    let audience = audience.but(groups(dispatch.except));
    Some(Prepared { name: dispatch.name, shown, audience, tags: Arc::new(dispatch.tags) })
}

/// Looks after the notes of all services, as long as there is the node.
pub(crate) fn resume(node: &Node) {
    let Some(app) = App::of(node) else { return };
    for entry in app.services.all() {
        if let Some(outbox) = entry.definition.outbox.clone() {
            actix_rt::spawn(look_after(node.downgrade(), entry.definition.clone(), outbox));
        }
    }
}

/// At the start all notes are overdue, but where another node may be at them.
async fn look_after(node: WeakNode, definition: Arc<Definition>, outbox: Arc<dyn Outbox>) {
    let mut since = if outbox.is_on_one_node() { Duration::ZERO } else { definition.overdue };
    while let Some(app) = node.upgrade().as_ref().and_then(App::of) {
        // While the database is away nothing is lost: the next round finds it.
        for note in outbox.overdue(definition.path.as_str(), since).await.unwrap_or_default() {
            app.settle(&definition, &*outbox, note).await;
        }
        drop(app);
        since = definition.overdue;
        tokio::time::sleep(PERIOD.min(definition.overdue / LOOKS)).await;
    }
}
