//! The filters of all services, for one connection.
use super::parsed::Parsed;
use super::{EventOrigin, Filter, FilterAnswer, FilterResult, ruled};
use crate::broker::handler::SessionView;
use crate::filter::expression::{ConnectionFacts, Fact, Rule, Scope};
use crate::filter::{Look, Shown, View};
use crate::metrics::Metrics;
use crate::service::app::App;
use crate::service::connection::Connection;
use crate::service::error::ServiceError;
use crate::types::{BoxFuture, Event, Json};
use futures_util::FutureExt;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// Shows a connection what the filters let through. What is no event of a service it shows as it is.
pub(in crate::service) struct ServiceView {
    app: App,
    connection: Connection,
    /// Whether the connection gets events of services at all.
    is_meant: bool,
}

impl ServiceView {
    /// How the connection of this session sees the events of the application.
    pub fn new(app: App, session: &SessionView) -> Self {
        ServiceView { is_meant: app.services().are_for(session), connection: Connection::of(session), app }
    }
}

impl View for ServiceView {
    fn look(&self, event: &Event) -> Look {
        let Some(parsed) = Parsed::of(event, self.app.services()) else { return Look::Now(Shown::Pass) };
        if !self.is_meant || !self.connection.wants(&parsed.path, &parsed.event) {
            return Look::Now(Shown::Drop);
        }
        match (parsed.filters.as_deref(), parsed.value()) {
            (Some([]), _) => Look::Now(Shown::Pass),
            (Some(filters), Some(data)) => self.filter(&parsed, filters, data),
            // Nobody can tell whether it may be shown.
            (None, _) | (_, None) => Look::Now(Shown::Drop),
        }
    }
}

impl ServiceView {
    /// Asks the filters one after the other, as long as each decides at once.
    fn filter(&self, parsed: &Rc<Parsed>, filters: &[Filter], data: &Arc<Value>) -> Look {
        let fields = self.connection.fields_now();
        let mut replaced: Option<Arc<Value>> = None;
        for (at, filter) in filters.iter().enumerate() {
            let data = replaced.as_ref().unwrap_or(data);
            let origin = parsed.origin.as_ref();
            let answer = match filter {
                Filter::Now(decide) => guarded(|| decide(data, &fields, origin)),
                // With other data than all others see, what others were answered does not count.
                Filter::Keyed(key, decide) if replaced.is_some() => guarded(|| decide(data, &key(&fields), origin)),
                Filter::Keyed(key, decide) => {
                    guarded(|| parsed.answer_for(at, key(&fields), |key| decide(data, key, origin)))
                }
                Filter::Rule(rule) => Ok(self.ruled(parsed, (at, rule), fields.facts(), replaced.as_deref())),
                Filter::Later(_) => {
                    let rest = filters[at..].to_vec();
                    return Look::Later(self.filter_later(parsed, rest, replaced.clone(), data.clone()));
                }
            };
            match answer {
                Ok(FilterAnswer::Pass) => {}
                Ok(FilterAnswer::Replace(data)) => replaced = Some(Arc::new(data)),
                Ok(FilterAnswer::Drop) => return Look::Now(Shown::Drop),
                Err(error) => {
                    tell(&self.app, &self.connection, &parsed.path, &error);
                    return Look::Now(Shown::Drop);
                }
            }
        }
        Look::Now(shown(replaced))
    }

    /// Asks the rule at this place; those alike in what it reads of them are answered alike, where they see the same data.
    fn ruled(
        &self,
        parsed: &Parsed,
        (at, rule): (usize, &Rule),
        connection: &ConnectionFacts,
        replaced: Option<&Value>,
    ) -> FilterAnswer {
        let ask = || {
            let made = replaced.map(Fact::of);
            let reads = |variable| rule.expression().reads(variable);
            let data = if reads("data") { made.as_ref().or_else(|| parsed.data_fact()) } else { None };
            let hook = reads("hook").then(|| &**parsed.hook_fact(self.app.services()));
            let scope = Scope { data, connection: Some(connection), hook };
            ruled::answer(
                rule,
                &scope,
                self.app.node().metrics(),
                format_args!("a filter of the service {:?}", parsed.path),
            )
        };
        let holds = if replaced.is_some() { ask() } else { parsed.ruled.of(at, rule, connection, ask) };
        ruled_answer(holds == Some(true))
    }

    /// Asks the rest of the filters, which may take their time.
    fn filter_later(
        &self,
        parsed: &Parsed,
        filters: Vec<Filter>,
        mut replaced: Option<Arc<Value>>,
        mut data: Arc<Value>,
    ) -> BoxFuture<Shown> {
        let asked = Asked {
            app: self.app.clone(),
            connection: self.connection.clone(),
            path: parsed.path.clone(),
            origin: parsed.origin.clone(),
            hook: parsed.hook_fact(self.app.services()).clone(),
        };
        Box::pin(async move {
            for filter in filters {
                match asked.answer(&filter, &data).await {
                    Ok(FilterAnswer::Pass) => {}
                    Ok(FilterAnswer::Replace(other)) => {
                        data = Arc::new(other);
                        replaced = Some(data.clone());
                    }
                    Ok(FilterAnswer::Drop) => return Shown::Drop,
                    Err(error) => {
                        tell(&asked.app, &asked.connection, &asked.path, &error);
                        return Shown::Drop;
                    }
                }
            }
            shown(replaced)
        })
    }
}

/// What filters that come after one that takes its time are asked about.
struct Asked {
    app: App,
    connection: Connection,
    path: String,
    origin: Option<EventOrigin>,
    hook: Arc<Fact>,
}

impl Asked {
    async fn answer(&self, filter: &Filter, data: &Arc<Value>) -> FilterResult {
        let (connection, origin) = (self.connection.fields(), self.origin.as_ref());
        match filter {
            Filter::Now(decide) => guarded(|| decide(data, &connection, origin)),
            Filter::Keyed(key, decide) => guarded(|| decide(data, &key(&connection), origin)),
            Filter::Rule(rule) => {
                let (data, fields) = (Fact::of(data), self.connection.fields_now());
                let scope = Scope { data: Some(&data), connection: Some(fields.facts()), hook: Some(&self.hook) };
                let about = format_args!("a filter of the service {:?}", self.path);
                Ok(ruled_answer(ruled::holds(rule, &scope, self.app.node().metrics(), about)))
            }
            Filter::Later(decide) => {
                let deciding = async { decide(data.clone(), connection, origin.cloned()).await };
                AssertUnwindSafe(deciding).catch_unwind().await.unwrap_or_else(|_| failed())
            }
        }
    }
}

/// A filter that panics has failed: its connection is told, and nobody else.
fn guarded(decide: impl FnOnce() -> FilterResult) -> FilterResult {
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|_| failed())
}

fn failed() -> FilterResult {
    Err(ServiceError::general_error("A filter of this event failed"))
}

fn ruled_answer(holds: bool) -> FilterAnswer {
    if holds { FilterAnswer::Pass } else { FilterAnswer::Drop }
}

fn shown(replaced: Option<Arc<Value>>) -> Shown {
    match replaced.map(|data| Json::write(&*data)) {
        None => Shown::Pass,
        Some(Ok(data)) => Shown::Replace(data),
        // A value has a JSON form; should one not, nobody knows what may be shown.
        Some(Err(_)) => Shown::Drop,
    }
}

/// Tells this connection alone that a filter has failed for it.
fn tell(app: &App, connection: &Connection, path: &str, error: &ServiceError) {
    let metrics = app.node().metrics();
    Metrics::count(&metrics.handler_failures, "filter");
    metrics.log_some(log::Level::Warn, "filter", format_args!("a filter of the service {path:?} failed: {error}"));
    app.tell_error(connection.session(), path, error);
}
