//! The events of calls on their way to the clients.
use super::app::App;
use super::error::ServiceError;
use super::hooks::HookContext;
use super::host::written;
use super::publication::{Publication, Publisher, Publishers};
use super::services::{Definition, tags};
use crate::broker::Emission;
use crate::metrics::Metrics;
use crate::store::Draft;
use crate::types::{Arity, Audience, Json, Tags};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// So many events of one call are under way at once, where `limits.channel_queue` is not less than twice that: the queue that they
/// wait in is that of all services.
const AT_ONCE: usize = 256;

/// The data of an event may be this part of what one client may have waiting: larger ones would cut those clients that are a little
/// behind.
const PART_OF_OUTBOX: usize = 4;
/// It may always be as large.
const ALWAYS_SENT: usize = 64 * 1024;

/// An event that is ready to be sent.
pub(super) struct Prepared {
    pub name: String,
    pub shown: Json,
    pub audience: Audience,
    pub tags: Arc<Tags>,
}

/// An item of a result, with the events that tell of it.
type Told<'c> = (&'c Value, Vec<Prepared>);

impl App {
    /// Has the event of a call follow: one for each item of the result. Done when they are on their way, of many when all but the
    /// last ones are accepted. `shown` is what clients are shown, where that is written already.
    pub(super) async fn published(
        &self,
        definition: &Definition,
        call: &HookContext,
        shown: Option<&Json>,
        draft: Option<&Draft>,
    ) -> Result<(), ServiceError> {
        let Some(event) = call.event.as_deref().filter(|event| !definition.emits_itself(event)) else {
            definition.forget(draft);
            return Ok(());
        };
        let told = self.told(definition, event, call, shown)?;
        self.promise(definition, draft, &told).await;
        // Unconstrained, so that a task that has done much does not yield before it stands in the line.
        let _turn = tokio::task::unconstrained(definition.turn.lock()).await;
        let at_once = AT_ONCE.min(self.node.limits().channel_queue / 2).max(1);
        let (mut under_way, mut are_accepted) = (vec![], true);
        let mut number = 0;
        for (item, prepared) in told {
            for event in prepared {
                under_way.extend(self.send(event, definition.key(draft, number)));
                number += 1;
            }
            definition.emitter.emit(event, item, Some(call), self.node.metrics());
            if under_way.len() >= at_once
                && let Some(last) = under_way.pop()
            {
                // They are accepted in order; whether one was refused is told where it is sent.
                are_accepted &= last.await.unwrap_or(false) && all_accepted(std::mem::take(&mut under_way)).await;
            }
        }
        self.keep(definition, draft, are_accepted, under_way);
        Ok(())
    }

    /// What is sent of the result of a call.
    fn told<'c>(
        &self,
        definition: &Definition,
        event: &str,
        call: &'c HookContext,
        shown: Option<&Json>,
    ) -> Result<Vec<Told<'c>>, ServiceError> {
        match call.result.as_ref() {
            Some(Value::Array(items)) => {
                let told = items.iter().enumerate().map(|(at, item)| {
                    let shown = match &call.dispatch {
                        None => Some(item),
                        // What is shown of an item stands at the same place; null is nothing.
                        Some(Value::Array(dispatched)) => dispatched.get(at).filter(|shown| !shown.is_null()),
                        Some(dispatched) => Some(dispatched),
                    };
                    let shown = shown.map(written).transpose()?;
                    Ok((item, self.prepared(definition, event, item, shown.as_ref(), Some(call))))
                });
                told.collect()
            }
            Some(result) => {
                let shown = shown.map_or_else(|| written(call.shown()), |shown| Ok(shown.clone()))?;
                Ok(vec![(result, self.prepared(definition, event, result, Some(&shown), Some(call)))])
            }
            None => Ok(vec![]),
        }
    }

    /// Sends one event on its way to the clients, who are shown nothing of it where nothing is said to be shown, and tells the
    /// listeners inside the process.
    pub(super) fn publish(
        &self,
        definition: &Definition,
        event: &str,
        data: &Value,
        shown: Option<&Json>,
        call: Option<&HookContext>,
    ) {
        for prepared in self.prepared(definition, event, data, shown, call) {
            self.send(prepared, None);
        }
        definition.emitter.emit(event, data, call, self.node.metrics());
    }

    /// One event for each audience.
    fn prepared(
        &self,
        definition: &Definition,
        event: &str,
        data: &Value,
        shown: Option<&Json>,
        call: Option<&HookContext>,
    ) -> Vec<Prepared> {
        let Some(shown) = shown.filter(|_| definition.reaches_clients(event)) else { return vec![] };
        let publisher = Publishers::of(&definition.publishers, &self.services.publishers, event);
        let publication = publisher.map_or(Publication::Everyone, |publisher| self.asked(publisher, data, call));
        let mut prepared = vec![];
        for (audience, own) in publication.parts() {
            let shown = match own {
                Some(mut own) => {
                    if let Some(password) = &definition.password {
                        password.strip(&mut own);
                    }
                    written(&own)
                }
                None => Ok(shown.clone()),
            };
            match shown {
                Ok(shown) => {
                    let name = format!("{} {event}", definition.path.as_str());
                    let tags = Arc::new(tags(definition, event, call));
                    prepared.extend(self.fitting(Prepared { name, shown, audience, tags }));
                }
                Err(error) => log::error!("an event of a publisher cannot be sent: {error}"),
            }
        }
        prepared
    }

    /// How large an event may be.
    pub(super) fn most_bytes(&self) -> usize {
        (self.node.limits().outbox / PART_OF_OUTBOX).max(ALWAYS_SENT)
    }

    /// The event, where it is not too large to be sent.
    pub(super) fn fitting(&self, prepared: Prepared) -> Option<Prepared> {
        let (bytes, most) = (prepared.shown.bytes().len(), self.most_bytes());
        if bytes <= most {
            return Some(prepared);
        }
        let metrics = self.node.metrics();
        Metrics::count(&metrics.drops, "service");
        let name = prepared.name;
        let line = format_args!("the event {name:?} of {bytes} bytes is not sent: {most} are allowed (limits.outbox)");
        metrics.log_some(log::Level::Warn, "service", line);
        None
    }

    /// A publisher that panics publishes to nobody; the call that the event comes from succeeds.
    fn asked(&self, publisher: &Publisher, data: &Value, call: Option<&HookContext>) -> Publication {
        catch_unwind(AssertUnwindSafe(|| publisher(data, call))).unwrap_or_else(|_| {
            let metrics = self.node.metrics();
            metrics.log_some(
                log::Level::Error,
                "publisher",
                format_args!("a publisher panicked: nobody gets its event"),
            );
            Metrics::count(&metrics.handler_failures, "panic");
            Publication::NOBODY
        })
    }

    /// Returns what tells whether the event was accepted; none outside of a runtime. `idempotency` names an event that other nodes may
    /// send, too.
    pub(super) fn send(&self, event: Prepared, idempotency: Option<Arc<str>>) -> Option<JoinHandle<bool>> {
        let Prepared { name: event, shown: data, audience, tags } = event;
        let (arity, attachments, volatile, local, view_tags) = (Arity::One, vec![], false, false, Some(tags));
        let emission = Emission { event, data, arity, attachments, audience, view_tags, volatile, local, idempotency };
        let emitted = self.node.homes().emit(&self.services.home, emission);
        self.note_emitted();
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let metrics = self.node.metrics().clone();
        // What was stored is stored; that its event was refused is not lost in silence.
        Some(runtime.spawn(async move {
            let answer = emitted.await;
            if let Err(error) = &answer {
                Metrics::count(&metrics.drops, "service");
                metrics.log_some(
                    log::Level::Warn,
                    "service",
                    format_args!("an event of a service was refused: {error}"),
                );
            }
            answer.is_ok()
        }))
    }
}

/// Whether all of these events were accepted.
pub(super) async fn all_accepted(sent: Vec<JoinHandle<bool>>) -> bool {
    let mut all = true;
    for one in sent {
        all &= one.await.unwrap_or(false);
    }
    all
}
