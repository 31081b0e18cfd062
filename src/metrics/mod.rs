//! Metrics. Labels are namespaces, wires, reasons and databases; never channels or users (decision 33).
mod log_budget;
mod queues;

pub use log_budget::LogBudget;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use queues::Queues;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The label of a metric a wire has.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct WireLabel {
    /// `Wire::name`.
    pub wire: String,
}

/// The label of a metric a namespace has.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct NamespaceLabel {
    /// The namespace's name.
    pub namespace: String,
}

/// The label of a metric that has reasons.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ReasonLabel {
    /// A word from a fixed list.
    pub reason: String,
}

/// The label of what is called by name.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct MethodLabel {
    /// The method of a service.
    pub method: String,
}

/// The label of what a limit bounds.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct LimitLabel {
    /// The key of `[limits]` that bounds it.
    pub limit: String,
}

/// The handles of one namespace, kept by its channels so that counting costs no look-up.
#[derive(Clone, Debug)]
pub struct NamespaceMetrics {
    /// Events accepted.
    pub publishes: Counter,
    /// Events put into outboxes.
    pub deliveries: Counter,
}

/// Every metric of a broker. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Open connections.
    pub connections: Family<WireLabel, Gauge>,
    /// Sessions that are let in.
    pub sessions: Gauge,
    /// Channels with an actor.
    pub channels: Gauge,
    /// Listeners in hubs.
    pub listeners: Gauge,
    /// Commands read from clients.
    pub commands: Family<WireLabel, Counter>,
    /// Connections closed by the broker, by the name of the reason.
    pub disconnects: Family<ReasonLabel, Counter>,
    /// Sessions that moved from polling to a WebSocket, or could not, by outcome: `done`, `refused`, `timeout`, `broken`.
    pub upgrades: Family<ReasonLabel, Counter>,
    /// Polls that wait for packets.
    pub polls: Gauge,
    /// Polls that their clients gave up.
    pub polls_aborted: Counter,
    /// Events that did not reach a listener, by reason: `slow`, `lagging`.
    pub drops: Family<ReasonLabel, Counter>,
    /// Requests and connections refused before they became sessions, by reason.
    pub refusals: Family<ReasonLabel, Counter>,
    /// Handler calls that failed, by reason: `panic`, `timeout`, `full`; filters (`filter`) and rules in CEL (`rule`) that did.
    pub handler_failures: Family<ReasonLabel, Counter>,
    /// Events of the events bus, by outcome: `kept`, `skipped` (nobody else is subscribed), `delivered`, `dropped` (for each subscription
    /// that had not read it), `signal`, `bad_signal`.
    pub bus: Family<ReasonLabel, Counter>,
    /// Polls of the events bus that wait for events.
    pub bus_polls: Gauge,
    /// Logins, by result: `local`, `jwt`, `refused`, `limited`, `failed`.
    pub logins: Family<ReasonLabel, Counter>,
    /// Passwords that are hashed or verified, or wait for that.
    pub hashing: Gauge,
    /// How often a limit was reached.
    limits_reached: Family<LimitLabel, Counter>,
    log_budget: Arc<LogBudget>,
    /// What the engine keeps, by what it is: as many gauges as it has bounds.
    pub stored: Family<LimitLabel, Gauge>,
    /// Seconds from a publish being accepted by its channel to its listeners' outboxes.
    pub delivery_seconds: Histogram,
    /// Seconds from an HTTP API call to its answer.
    pub api_seconds: Histogram,
    /// Seconds from a call of a service over HTTP to its answer, by method.
    rest_seconds: Family<MethodLabel, Histogram, fn() -> Histogram>,
    publishes: Family<NamespaceLabel, Counter>,
    deliveries: Family<NamespaceLabel, Counter>,
    queues: Queues,
    outbox_bytes: Gauge,
    /// One sum a worker, each with one writer; added up when the metrics are read.
    worker_bytes: Arc<Mutex<Vec<Arc<AtomicI64>>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A fresh set, all at zero.
    pub fn new() -> Self {
        let mut metrics = Metrics {
            registry: Arc::new(Registry::default()),
            connections: Family::default(),
            sessions: Gauge::default(),
            channels: Gauge::default(),
            listeners: Gauge::default(),
            commands: Family::default(),
            disconnects: Family::default(),
            upgrades: Family::default(),
            polls: Gauge::default(),
            polls_aborted: Counter::default(),
            drops: Family::default(),
            refusals: Family::default(),
            handler_failures: Family::default(),
            bus: Family::default(),
            bus_polls: Gauge::default(),
            logins: Family::default(),
            hashing: Gauge::default(),
            limits_reached: Family::default(),
            log_budget: Arc::default(),
            stored: Family::default(),
            delivery_seconds: latency(),
            api_seconds: latency(),
            rest_seconds: Family::new_with_constructor(latency),
            publishes: Family::default(),
            deliveries: Family::default(),
            queues: Queues::default(),
            outbox_bytes: Gauge::default(),
            worker_bytes: Arc::default(),
        };
        metrics.registry = Arc::new(metrics.register());
        metrics
    }

    fn register(&self) -> Registry {
        let mut r = Registry::with_prefix("callboard");
        r.register("connections", "Open connections", self.connections.clone());
        r.register("sessions", "Sessions that are let in", self.sessions.clone());
        r.register("channels", "Channels with an actor", self.channels.clone());
        r.register("listeners", "Listeners", self.listeners.clone());
        r.register_with_unit("outbox", "Bytes queued for clients", Unit::Bytes, self.outbox_bytes.clone());
        r.register("commands", "Commands read from clients", self.commands.clone());
        r.register("publishes", "Events accepted", self.publishes.clone());
        r.register("deliveries", "Events put into outboxes", self.deliveries.clone());
        r.register("disconnects", "Connections closed by the broker", self.disconnects.clone());
        r.register("upgrades", "Moves from polling to a WebSocket", self.upgrades.clone());
        r.register("polls", "Polls that wait for packets", self.polls.clone());
        r.register("polls_aborted", "Polls that their clients gave up", self.polls_aborted.clone());
        r.register("drops", "Events that did not reach a listener", self.drops.clone());
        r.register("refusals", "Connections and requests refused", self.refusals.clone());
        r.register("handler_failures", "Handler calls that failed", self.handler_failures.clone());
        r.register("events_bus", "Events of the events bus, by outcome", self.bus.clone());
        r.register("events_bus_polls", "Polls of the events bus that wait for events", self.bus_polls.clone());
        r.register("logins", "Logins, by their result", self.logins.clone());
        r.register("hashing", "Passwords that are hashed or verified, or wait for that", self.hashing.clone());
        r.register("limits_reached", "Times that a limit was reached, by its key", self.limits_reached.clone());
        r.register("stored", "What the engine keeps, by the limit that bounds it", self.stored.clone());
        r.register_with_unit(
            "delivery",
            "From a publish being accepted to its listeners' outboxes",
            Unit::Seconds,
            self.delivery_seconds.clone(),
        );
        r.register_with_unit("api", "From an API call to its answer", Unit::Seconds, self.api_seconds.clone());
        let told = "From a call of a service over HTTP to its answer";
        r.register_with_unit("rest", told, Unit::Seconds, self.rest_seconds.clone());
        r.register_collector(Box::new(self.queues.clone()));
        r
    }

    /// The handles of a namespace.
    pub fn namespace(&self, name: &str) -> NamespaceMetrics {
        let label = NamespaceLabel { namespace: name.to_owned() };
        NamespaceMetrics {
            publishes: self.publishes.get_or_create_owned(&label),
            deliveries: self.deliveries.get_or_create_owned(&label),
        }
    }

    /// The sum of what is queued on one worker, which that worker alone writes.
    pub fn outbox_of_worker(&self) -> Arc<AtomicI64> {
        let sum = Arc::new(AtomicI64::new(0));
        self.workers().push(sum.clone());
        sum
    }

    fn workers(&self) -> std::sync::MutexGuard<'_, Vec<Arc<AtomicI64>>> {
        // The list is only pushed to, so it is whole even where a writer panicked.
        self.worker_bytes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Counts one more in a family of reasons.
    pub fn count(family: &Family<ReasonLabel, Counter>, reason: &str) {
        family.get_or_create_owned(&ReasonLabel { reason: reason.to_owned() }).inc();
    }

    /// Counts what cannot be read. The first is logged, which `told` remembers: who sends one sends many.
    pub fn undecodable(&self, told: &AtomicBool, what: fmt::Arguments<'_>) {
        Self::count(&self.drops, "undecodable");
        if !told.swap(true, Ordering::Relaxed) {
            log::warn!("{what}; more of these are only counted");
        }
    }

    /// Counts that a limit was reached, and its policy applied. `limit` is the limit's key in the config.
    pub fn reached(&self, limit: &str) {
        self.limits_reached.get_or_create_owned(&LimitLabel { limit: limit.to_owned() }).inc();
    }

    /// Logs a line that a client without any right can cause. Of each `kind` only [a few a minute](LogBudget) are logged, so
    /// that no client fills the disk; the others are counted, and the next line that is logged says how many they were.
    pub fn log_some(&self, level: log::Level, kind: &'static str, what: fmt::Arguments<'_>) {
        match self.log_budget.spend(kind, Instant::now()) {
            Some(0) => log::log!(level, "{what}"),
            Some(untold) => log::log!(level, "{what} (and {untold} more lines of this kind were not logged)"),
            None => self.reached("log_lines"),
        }
    }

    /// Says how much an engine keeps of what a limit bounds.
    pub fn store(&self, limit: &str, amount: usize) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        self.stored.get_or_create_owned(&LimitLabel { limit: limit.to_owned() }).set(amount);
    }

    /// Has `callboard_store_waiting` tell how many calls wait in a queue of a store, for as long as `length` returns that. `store` names
    /// the database, without where it is; `queue` is `read` or `write`.
    pub fn watch_queue(
        &self,
        store: &str,
        queue: &'static str,
        length: impl Fn() -> Option<usize> + Send + Sync + 'static,
    ) {
        self.queues.add(store, queue, Box::new(length));
    }

    /// Counts a call of a service over HTTP. `method` is one that a service has, so there are not many.
    pub fn rest_call(&self, method: &str, took: Duration) {
        self.rest_seconds.get_or_create_owned(&MethodLabel { method: method.to_owned() }).observe(took.as_secs_f64());
    }

    /// Everything in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, fmt::Error> {
        self.outbox_bytes.set(self.workers().iter().map(|sum| sum.load(Ordering::Relaxed)).sum());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// From 10 µs to 10 s.
fn latency() -> Histogram {
    Histogram::new(exponential_buckets(10e-6, 10.0_f64.sqrt(), 13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_shows_in_the_text() {
        let metrics = Metrics::new();
        metrics.namespace("chat").publishes.inc();
        Metrics::count(&metrics.drops, "slow");
        let text = metrics.text().unwrap();
        assert!(text.contains("callboard_publishes_total{namespace=\"chat\"} 1"), "{text}");
        assert!(text.contains("callboard_drops_total{reason=\"slow\"} 1"), "{text}");
    }
}
