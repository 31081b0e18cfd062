//! The events bus in Redis: all nodes share its subscriptions, and each event is handed out on one of them.
//!
//! Every step is a script, so no event is handed out twice. The news of an event reaches all nodes over the bus; a node that may have
//! missed some has all that wait look again. After a failover to a replica that lagged, what was done last is undone: events may be
//! lost, or handed out again.
use super::core::{Core, odd};
use super::subscriptions::Receiver;
use super::{millis, scripts};
use crate::engine::event_store::SUBSCRIPTIONS_KEY;
use crate::engine::{Batch, BusEvent, EngineAnswer, Error, EventBounds, EventStore, NewsSink};
use crate::metrics::Metrics;
use crate::types::Json;
use bytes::Bytes;
use redis::{Cmd, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The events bus of many nodes on one Redis.
pub(super) struct RedisEventStore {
    core: Arc<Core>,
    bounds: EventBounds,
}

impl RedisEventStore {
    pub fn new(core: Arc<Core>, bounds: EventBounds) -> Self {
        RedisEventStore { core, bounds }
    }

    fn call(&self, verb: &str) -> (Vec<u8>, Cmd) {
        let keys = self.core.keys.events_bus();
        let mut command = scripts::call(&scripts::EVENTS_BUS, &keys.each_ref().map(|key| &key[..]));
        command.arg(verb).arg(millis(self.bounds.idle));
        let [meta, ..] = keys;
        (meta, command)
    }
}

impl EventStore for RedisEventStore {
    fn attend(&self, sink: Arc<dyn NewsSink>) {
        // It stands as soon as the server can be reached, and again after each loss; the sink is told each time.
        drop(self.core.hear(self.core.keys.events_bus_news(), Receiver::News(sink)));
    }

    fn subscribe(&self, id: &str, topics: BTreeSet<String>) -> EngineAnswer<()> {
        let (key, mut command) = self.call("subscribe");
        command.arg(id).arg(self.bounds.subscriptions).arg("PUBLISH").arg(&self.core.keys.events_bus_news()[..]);
        command.arg(topics.iter().collect::<Vec<_>>());
        let metrics = self.core.metrics.clone();
        self.core.ask(&key, command, false).then(move |answer| {
            let answer: String = redis::from_redis_value(answer?).map_err(|_| odd("a subscription"))?;
            if answer == "A" {
                return Ok(());
            }
            metrics.reached(SUBSCRIPTIONS_KEY);
            Err(Error::Limit(SUBSCRIPTIONS_KEY))
        })
    }

    fn append(&self, event: BusEvent, notified: BTreeSet<String>) -> EngineAnswer<bool> {
        let (key, mut command) = self.call("append");
        command.arg(&*event.topic).arg(&event.payload.bytes()[..]).arg(self.bounds.events).arg(self.bounds.bytes);
        command.arg("PUBLISH").arg(&self.core.keys.events_bus_news()[..]);
        command.arg(notified.iter().collect::<Vec<_>>());
        let metrics = self.core.metrics.clone();
        self.core.ask(&key, command, false).then(move |answer| {
            let (is_kept, lost): (u8, u32) = redis::from_redis_value(answer?).map_err(|_| odd("an event"))?;
            (0..lost).for_each(|_| Metrics::count(&metrics.bus, "dropped"));
            Ok(is_kept == 1)
        })
    }

    fn take(&self, id: &str, most: Batch) -> EngineAnswer<Option<Vec<BusEvent>>> {
        let (key, mut command) = self.call("take");
        command.arg(id).arg(most.events).arg(most.bytes);
        self.core.ask(&key, command, false).then(|answer| match answer? {
            Value::Nil => Ok(None),
            taken => events(taken).map(Some).ok_or_else(|| odd("events")),
        })
    }
}

fn events(taken: Value) -> Option<Vec<BusEvent>> {
    let parts: Vec<Vec<u8>> = redis::from_redis_value(taken).ok()?;
    let event = |pair: &[Vec<u8>]| {
        let topic = std::str::from_utf8(&pair[0]).ok()?;
        let payload = Json::parse(Bytes::copy_from_slice(&pair[1])).ok()?;
        Some(BusEvent { topic: topic.into(), payload })
    };
    parts.chunks_exact(2).map(event).collect()
}

/// Tells of the news that came over the bus.
pub(super) fn tell(sink: &dyn NewsSink, payload: &[u8]) {
    match serde_json::from_slice::<Vec<String>>(payload) {
        Ok(ids) => ids.iter().for_each(|id| sink.news(id)),
        // Whoever published it there: looking again costs little, and missing an event would not be noticed.
        Err(_) => sink.resumed(),
    }
}
