//! A service as it is registered: with its hooks, its filters and its publishers.
use super::concealed::Keeping;
use super::declared::{EventRule, Gate};
use super::definition::{AnyService, Service};
use super::filters::{EventOrigin, Filter, Filters, IntoFilterAnswer};
use super::hooks::{HookContext, HookResult, Hooks, Next};
use super::method::{Method, STANDARD_EVENTS};
use super::outbox::{OVERDUE, OVERDUE_AT_LEAST};
use super::publication::{Publication, Publishers};
use crate::store::{Outbox, Store};
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A service with what is registered around it. A service alone becomes one by itself, where one is asked for.
///
/// ```
/// use callboard::service::{Methods, Registration};
///
/// let messages = Registration::of(Methods::new().create(async |data, _params| Ok(data)))
///     .filter(|data, connection, _call| data["company_id"] == connection["user"]["company_id"]);
/// ```
pub struct Registration {
    pub(super) make: Box<dyn FnOnce() -> Rc<dyn AnyService> + Send>,
    pub(super) methods: Vec<Method>,
    pub(super) events: Vec<String>,
    pub(super) outbox: Option<Arc<dyn Outbox>>,
    pub(super) anywhere: Option<Arc<dyn Store>>,
    /// What its hooks ask before `find`, where they are gates.
    pub(super) find_gate: Option<Arc<Gate>>,
    pub(super) overdue: Duration,
    /// The hooks decide who may call, and change nothing of a result.
    pub(super) are_hooks_gates: bool,
    /// The field of its documents that has the id.
    pub(super) id: String,
    /// The field of its documents that has a password.
    pub(super) password: Option<Keeping>,
    pub(super) is_on_one_node: bool,
    pub(super) is_accepted_on_one_node: bool,
    pub(super) is_for_everyone: bool,
    /// The config says who may call it.
    pub(super) is_gated: bool,
    pub(super) hooks: Hooks,
    pub(super) filters: Filters,
    pub(super) publishers: Publishers,
    pub(super) carried: Vec<String>,
}

impl<S: Service> From<S> for Registration {
    fn from(service: S) -> Self {
        Registration::of(service)
    }
}

impl Registration {
    /// A service with nothing around it.
    pub fn of(service: impl Service) -> Self {
        Registration {
            methods: service.methods(),
            events: service.events(),
            id: service.id(),
            password: None,
            is_on_one_node: service.is_on_one_node(),
            outbox: service.outbox(),
            anywhere: service.anywhere(),
            find_gate: None,
            overdue: OVERDUE,
            are_hooks_gates: false,
            make: Box::new(move || Rc::new(service)),
            is_accepted_on_one_node: false,
            is_for_everyone: false,
            is_gated: false,
            hooks: Hooks::new(),
            filters: Filters::default(),
            publishers: Publishers::default(),
            carried: vec![],
        }
    }

    /// Lists an event of the service's own that clients may listen to.
    pub fn event(mut self, name: &str) -> Self {
        self.events.push(name.to_owned());
        self
    }

    /// Runs these hooks with each call of the service, inside those of the application. In the place of others that were set before.
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self.are_hooks_gates = false;
        self
    }

    /// Runs a hook around all others, which are no mere gates then: what was decided past them has to pass this one.
    pub(super) fn surround(
        &mut self,
        hook: impl for<'c, 'n> AsyncFn(&'c mut HookContext, Next<'n>) -> HookResult + Send + Sync + 'static,
    ) {
        self.hooks = std::mem::take(&mut self.hooks).outermost(hook);
        self.are_hooks_gates = false;
    }

    /// Filters all events of the service. A filter is asked for every connection about every event: with the data, the fields of the
    /// connection, and the call that the event comes from; none for an event that was emitted. It returns whether the
    /// event passes, or the data that this connection gets, null for none. Several are asked one after the other; those for
    /// all events before those for one.
    ///
    /// A filter runs on the thread that delivers, so it must be quick. One that fails tells its connection `<path> error`, and
    /// nobody else.
    pub fn filter<A: IntoFilterAnswer>(
        mut self,
        filter: impl Fn(&Value, &Value, Option<&EventOrigin>) -> A + Send + Sync + 'static,
    ) -> Self {
        self.filters.add(None, Filter::now(filter));
        self
    }

    /// Filters these events of the service. See [`Registration::filter`].
    pub fn filter_events<A: IntoFilterAnswer>(
        mut self,
        events: &[&str],
        filter: impl Fn(&Value, &Value, Option<&EventOrigin>) -> A + Send + Sync + 'static,
    ) -> Self {
        self.filters.add(Some(events), Filter::now(filter));
        self
    }

    /// Filters all events of the service with a function that may wait. What is decided later is delivered later, in order: at most
    /// `limits.view_queue` events wait for one connection, and each for `limits.view_timeout`.
    pub fn filter_async<A: IntoFilterAnswer, F: Future<Output = A> + Send + 'static>(
        mut self,
        filter: impl Fn(Arc<Value>, Arc<Value>, Option<EventOrigin>) -> F + Send + Sync + 'static,
    ) -> Self {
        self.filters.add(None, Filter::later(filter));
        self
    }

    /// Filters these events with a function that may wait. See [`Registration::filter_async`].
    pub fn filter_events_async<A: IntoFilterAnswer, F: Future<Output = A> + Send + 'static>(
        mut self,
        events: &[&str],
        filter: impl Fn(Arc<Value>, Arc<Value>, Option<EventOrigin>) -> F + Send + Sync + 'static,
    ) -> Self {
        self.filters.add(Some(events), Filter::later(filter));
        self
    }

    /// Filters all events by what `key` takes of a connection, such as its company: the filter gets the key in the place of the
    /// connection, and is asked once for all connections of a thread with the same.
    pub fn filter_by<A: IntoFilterAnswer>(
        mut self,
        key: impl Fn(&Value) -> Value + Send + Sync + 'static,
        filter: impl Fn(&Value, &Value, Option<&EventOrigin>) -> A + Send + Sync + 'static,
    ) -> Self {
        self.filters.add(None, Filter::keyed(key, filter));
        self
    }

    /// Filters these events, or all, by a rule in CEL about `data`, `connection` and `hook`: a connection gets what the rule holds for.
    /// Where it fails the connection does not, and nobody is told; it is counted and logged.
    ///
    /// ```
    /// use callboard::service::{EventRule, Methods, Registration};
    ///
    /// let company = EventRule::new("data.company_id == connection.user.company_id")?;
    /// let messages = Registration::of(Methods::new()).filter_rule(None, &company);
    /// # Ok::<(), callboard::filter::expression::Invalid>(())
    /// ```
    pub fn filter_rule(mut self, events: Option<&[&str]>, rule: &EventRule) -> Self {
        self.filters.add(events, Filter::Rule(rule.rule().clone()));
        self.carried.extend(rule.fields().iter().cloned());
        self.carried.sort_unstable();
        self.carried.dedup();
        self
    }

    /// Publishes the events of the service to the channels that `publisher` names, in the place of everyone. The filters are asked
    /// about those connections. The last publisher that is set counts.
    pub fn publish<P: Into<Publication>>(
        mut self,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) -> Self {
        self.publishers.set(None, publisher);
        self
    }

    /// Publishes one event of the service; goes before [`Registration::publish`].
    pub fn publish_event<P: Into<Publication>>(
        mut self,
        event: &str,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) -> Self {
        self.publishers.set(Some(event), publisher);
        self
    }

    /// Has the events carry these fields of their calls, for filters on every node: `id`, or paths that begin with `params.`, such as
    /// `params.user.company_id`. Neither headers nor whole documents, such as that of a user, can be carried.
    pub fn carry(mut self, fields: &[&str]) -> Self {
        self.carried.extend(fields.iter().map(|field| (*field).to_owned()));
        self
    }

    /// Keeps the passwords that this field of the documents has: a name without dots. They are hashed when documents are created,
    /// updated and patched, whoever does that, and shown to nobody: not in results, events or dispatched data, to hooks after the method or
    /// to Rust code; a query that asks about the field is refused. The service of the users that `[authentication]` names has this
    /// by itself. Another service of the same documents must say it, too.
    pub fn password(mut self, field: &str) -> Self {
        self.password = Some(Keeping::Stored(field.to_owned()));
        self
    }

    /// Says that the events are for every connection, where there is neither a filter nor a publisher: nothing warns of it then.
    pub fn for_everyone(mut self) -> Self {
        self.is_for_everyone = true;
        self
    }

    /// Whether an event whose document was stored in SQLite or PostgreSQL is delivered after a crash, too. Default: it is.
    pub fn outbox(mut self, is_on: bool) -> Self {
        self.outbox = self.outbox.filter(|_| is_on);
        self
    }

    /// How long the event of a stored document may stay unsent before another node that shares the database sends it, since the node that
    /// stored the document must have died. Default 30 s, at least 1 s. Three times in that time, but every 10 s at least, each node
    /// looks for such events. Hooks that take longer than that lose the protection of the event, so give more than they may take.
    pub fn overdue_after(mut self, time: Duration) -> Self {
        self.overdue = time.max(OVERDUE_AT_LEAST);
        self
    }

    /// Accepts that what this service stores is on one node alone, though several nodes share an engine.
    pub fn single_node(mut self) -> Self {
        self.is_accepted_on_one_node = true;
        self
    }

    /// The events that all connections get, and nobody said so.
    pub(super) fn open_in_silence<'a>(&'a self, app: &'a Publishers) -> impl Iterator<Item = &'a str> {
        let events = STANDARD_EVENTS.into_iter().chain(self.events.iter().map(String::as_str));
        let is_open = |event: &&str| {
            let is_published = Publishers::of(&self.publishers, app, event).is_some();
            !self.is_for_everyone && !is_published && self.filters.of(event).is_empty()
        };
        events.filter(is_open)
    }
}
