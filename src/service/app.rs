//! An application: its services, its channels, and the broker that it runs on.
use super::authentication::Desk;
use super::connection::Connection;
use super::error::ServiceError;
use super::handle::ServiceHandle;
use super::hooks::HookContext;
use super::host::written;
use super::publication::{AppChannel, Publication, Publisher, Publishers};
use super::services::{Definition, Services, tags};
use crate::broker::handler::SessionView;
use crate::broker::{Emission, Node, Target};
use crate::delivery::{Instruct, SessionOrder};
use crate::metrics::Metrics;
use crate::store::Id;
use crate::types::{Arity, Audience, ChannelName, Group, Identity, Json, SessionId, Tags};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::task::JoinHandle;

/// So many events of one call are under way at once, where `limits.channel_queue` is not less than twice that: the queue that they
/// wait in is that of all services.
const AT_ONCE: usize = 256;

/// The data of an event may be this part of what one client may have waiting: larger ones would cut those clients that are a little
/// behind.
const PART_OF_OUTBOX: usize = 4;
/// It may always be as large.
const ALWAYS_SENT: usize = 64 * 1024;

/// The application that services make up, on a running broker. Cheap to clone.
#[derive(Clone)]
pub struct App {
    node: Node,
    services: Arc<Services>,
    /// Whose call it is that something is done for: its acknowledgement waits for what is emitted.
    caller: Option<SessionView>,
}

impl App {
    /// The application of a broker; none where it has no services.
    pub fn of(node: &Node) -> Option<Self> {
        let services = node.handlers().extension::<Services>()?;
        Some(App { node: node.clone(), services, caller: None })
    }

    /// The same, for a call of this session.
    pub(super) fn for_caller(mut self, caller: SessionView) -> Self {
        self.caller = Some(caller);
        self
    }

    /// The service at a path. Fails with `NotFound` where there is none.
    pub fn service(&self, path: &str) -> Result<ServiceHandle, ServiceError> {
        match self.services.at(path) {
            Some((entry, route)) => Ok(ServiceHandle::new(self.clone(), entry.clone(), route)),
            None => Err(ServiceError::not_found(format!("Service '{path}' not found"))),
        }
    }

    /// The service that the segments of a URL name, and the id that stands behind its path; none where there is none.
    pub(crate) fn resolve<S: AsRef<str>>(&self, segments: &[S]) -> Option<(ServiceHandle, Option<Id>)> {
        let ((entry, route), id) = self.services.resolve(segments)?;
        Some((ServiceHandle::new(self.clone(), entry.clone(), route), id))
    }

    /// The paths of all services, as they are registered.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.services.all().iter().map(|entry| entry.definition.path.as_str())
    }

    /// A channel of connections, to join and to leave.
    pub fn channel(&self, name: &str) -> AppChannel<'_> {
        AppChannel::new(self, name)
    }

    /// The broker that it runs on.
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// The channel through which the events of services go.
    pub(super) fn home(&self) -> &ChannelName {
        &self.services.home
    }

    /// What logs users in; none where there is no authentication service.
    pub(super) fn desk(&self) -> Option<&Desk> {
        self.services.desk.as_deref()
    }

    /// The connection's session stands for this identity from now on; none is nobody in particular.
    pub(super) fn identify(&self, connection: &Connection, identity: Option<Identity>) {
        let target = Target { session: Some(connection.session()), ..Target::default() };
        let order = SessionOrder::Identify(identity.map(Arc::new));
        self.node.sessions().directory().order(&target, &order);
    }

    /// The connection is in no channel any more.
    pub(super) async fn leave_channels(&self, connection: &Connection) {
        let groups = self.node.homes().groups(&self.services.home, connection.session()).await;
        let channels: Vec<Group> = groups.into_iter().filter(Group::is_of_connections).collect();
        if !channels.is_empty() {
            self.regroup(connection.session(), vec![], channels);
        }
    }

    pub(super) fn regroup(&self, session: SessionId, join: Vec<Group>, leave: Vec<Group>) {
        let audience = Audience::of([session.to_string().into()]);
        self.node.homes().instruct(&self.services.home, audience, Instruct::Regroup { join, leave });
        self.note_emitted();
    }

    /// Has the event of a call follow: one for each item of the result. Done when they are on their way, of many when all but the
    /// last ones are accepted. `shown` is what clients are shown, where that is written already.
    pub(super) async fn published(
        &self,
        definition: &Definition,
        call: &HookContext,
        shown: Option<&Json>,
    ) -> Result<(), ServiceError> {
        let Some(event) = call.event.as_deref().filter(|event| !definition.emits_itself(event)) else {
            return Ok(());
        };
        // Unconstrained, so that a task that has done much does not yield before it stands in the line.
        let _turn = tokio::task::unconstrained(definition.turn.lock()).await;
        match call.result.as_ref() {
            Some(Value::Array(items)) => {
                let at_once = AT_ONCE.min(self.node.limits().channel_queue / 2).max(1);
                let mut under_way = 0;
                for (at, item) in items.iter().enumerate() {
                    let shown = match &call.dispatch {
                        None => Some(item),
                        // What is shown of an item stands at the same place; null is nothing.
                        Some(Value::Array(dispatched)) => dispatched.get(at).filter(|shown| !shown.is_null()),
                        Some(dispatched) => Some(dispatched),
                    };
                    let shown = shown.map(written).transpose()?;
                    let mut sent = self.publish(definition, event, item, shown.as_ref(), Some(call));
                    under_way += sent.len();
                    if under_way >= at_once
                        && let Some(last) = sent.pop()
                    {
                        // They are accepted in order; whether one was refused is told where it is sent.
                        let _ = last.await;
                        under_way = 0;
                    }
                }
            }
            Some(result) => {
                let shown = shown.map_or_else(|| written(call.shown()), |shown| Ok(shown.clone()))?;
                self.publish(definition, event, result, Some(&shown), Some(call));
            }
            None => {}
        }
        Ok(())
    }

    /// Sends one event on its way to the clients, who are shown nothing of it where nothing is said to be shown, and tells the
    /// listeners inside the process. Returns what is done when it was accepted or refused, for each audience.
    pub(super) fn publish(
        &self,
        definition: &Definition,
        event: &str,
        data: &Value,
        shown: Option<&Json>,
        call: Option<&HookContext>,
    ) -> Vec<JoinHandle<()>> {
        let mut sent = vec![];
        if let Some(shown) = shown
            && definition.reaches_clients(event)
        {
            let publisher = Publishers::of(&definition.publishers, &self.services.publishers, event);
            let publication = publisher.map_or(Publication::Everyone, |publisher| self.asked(publisher, data, call));
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
                let name = format!("{} {event}", definition.path.as_str());
                match shown {
                    Ok(shown) if shown.bytes().len() > self.most_bytes() => self.refuse(&name, shown.bytes().len()),
                    Ok(shown) => {
                        let tags = Arc::new(tags(definition, event, call));
                        sent.extend(self.emit(name, shown, audience, Some(tags)));
                    }
                    Err(error) => log::error!("an event of a publisher cannot be sent: {error}"),
                }
            }
        }
        definition.emitter.emit(event, data, call, self.node.metrics());
        sent
    }

    /// How large an event may be.
    fn most_bytes(&self) -> usize {
        (self.node.limits().outbox / PART_OF_OUTBOX).max(ALWAYS_SENT)
    }

    fn refuse(&self, event: &str, bytes: usize) {
        let (metrics, most) = (self.node.metrics(), self.most_bytes());
        Metrics::count(&metrics.drops, "service");
        let line = format_args!("the event {event:?} of {bytes} bytes is not sent: {most} are allowed (limits.outbox)");
        metrics.log_some(log::Level::Warn, "service", line);
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

    /// Tells one connection that a filter has failed for it: past the channel, since one event may fail for all connections, and each
    /// would be told by an event more there.
    pub(super) fn tell_error(&self, session: SessionId, path: &str, error: &ServiceError) {
        if let Ok(error) = Json::write(error) {
            self.node.homes().bring(&self.services.home, session, format!("{path} error"), error);
        }
    }

    /// Returns what is done when the event was accepted or refused; none outside of a runtime.
    fn emit(
        &self,
        event: String,
        data: Json,
        audience: Audience,
        view_tags: Option<Arc<Tags>>,
    ) -> Option<JoinHandle<()>> {
        let (arity, attachments, volatile, local) = (Arity::One, vec![], false, false);
        let emission = Emission { event, data, arity, attachments, audience, view_tags, volatile, local };
        let emitted = self.node.homes().emit(&self.services.home, emission);
        self.note_emitted();
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let metrics = self.node.metrics().clone();
        // What was stored is stored; that its event was refused is not lost in silence.
        Some(runtime.spawn(async move {
            if let Err(error) = emitted.await {
                Metrics::count(&metrics.drops, "service");
                metrics.log_some(
                    log::Level::Warn,
                    "service",
                    format_args!("an event of a service was refused: {error}"),
                );
            }
        }))
    }

    /// After it is on its way: an acknowledgement that goes out in between waits for what was noted, and not for what will be.
    fn note_emitted(&self) {
        if let Some(home) = self.caller.as_ref().and_then(|caller| caller.home.as_ref()) {
            home.has_emitted.store(true, Ordering::Relaxed);
        }
    }
}
