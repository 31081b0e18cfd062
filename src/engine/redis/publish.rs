//! Publishing, and reading what was published.
use super::core::{Core, odd};
use super::{envelope, millis, scripts};
use crate::engine::{
    EngineAnswer, HistoryPage, HistoryQuery, Idempotency, PublishOptions, Published, Retention, Version,
};
use crate::types::{ChannelName, Epoch, Event, Position};
use redis::Value;
use std::sync::Arc;
use std::time::Duration;

/// For how long the version of a channel without history is remembered: as long as a position by default.
const VERSION_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Core {
    pub fn publish(&self, event: &Event, options: PublishOptions) -> EngineAnswer<Published> {
        let name = self.keys.bus(&event.channel);
        let record = envelope::encode(event, &self.id);
        let PublishOptions { retention, idempotency, version, local: _ } = options;
        if retention.is_none() && idempotency.is_none() && version.is_none() {
            let mut command = redis::Cmd::with_capacity(3, name.len() + record.len() + 7);
            command.arg("PUBLISH").arg(&name[..]).arg(record);
            return self.ask(&name, command, false).then(|sent| sent.map(|_| Published::OnBus(None)));
        }
        let (key, key_ttl) = match &idempotency {
            Some(Idempotency { key, ttl }) => (self.keys.idempotency(&event.channel, key), millis(*ttl)),
            None => (name.to_vec(), 0),
        };
        let (size, ttl, meta_ttl) = match retention {
            Some(Retention { size, ttl, meta_ttl }) => {
                (i64::try_from(size).unwrap_or(i64::MAX), ttl, meta_ttl.max(ttl))
            }
            None => (-1, Duration::ZERO, VERSION_TTL),
        };
        let (version, epoch) = match &version {
            Some(Version { version, epoch }) => (version.to_string(), &**epoch),
            None => (String::new(), ""),
        };
        let keys = [&self.keys.meta(&event.channel)[..], &self.keys.events(&event.channel), &key];
        let mut command = scripts::call(&scripts::PUBLISH, &keys);
        command.arg(record).arg(&name[..]).arg(size).arg(millis(ttl)).arg(millis(meta_ttl)).arg(key_ttl);
        command.arg(version).arg(epoch).arg("PUBLISH");
        self.ask(&name, command, true).then(|answer| published(&answer?).ok_or_else(|| odd("a publish")))
    }

    pub fn history(
        self: &Arc<Self>,
        channel: &ChannelName,
        query: &HistoryQuery,
        kept: Retention,
    ) -> EngineAnswer<HistoryPage> {
        let meta = self.keys.meta(channel);
        let mut command = scripts::call(&scripts::HISTORY, &[&meta, &self.keys.events(channel)]);
        match &query.since {
            Some(since) => command.arg(since.offset).arg(since.epoch.as_str()),
            None => command.arg("").arg(""),
        };
        // More than any channel has, and still a number that Lua holds.
        let limit = query.limit.min(1_000_000_000);
        command.arg(limit).arg(u8::from(query.reverse)).arg(millis(kept.meta_ttl.max(kept.ttl)));
        let (channel, reverse) = (channel.clone(), query.reverse);
        let core = self.clone();
        self.ask(&meta, command, true).then(move |answer| match answer? {
            Value::Array(parts) => page(&core, &channel, parts, reverse).ok_or_else(|| odd("a history")),
            _ => Err(odd("a history")),
        })
    }

    pub fn remove_history(&self, channel: &ChannelName) -> EngineAnswer<()> {
        let events = self.keys.events(channel);
        let mut command = redis::cmd("DEL");
        command.arg(&events);
        self.ask(&events, command, false).then(|removed| removed.map(drop))
    }
}

/// Reads the answer of publish.lua.
fn published(answer: &Value) -> Option<Published> {
    let Value::BulkString(text) = answer else { return None };
    let (verdict, position) = std::str::from_utf8(text).ok()?.split_at_checked(1)?;
    let position = match position {
        "" => None,
        position => Some(envelope::position(position)?),
    };
    match verdict {
        "A" => Some(Published::OnBus(position)),
        "R" => Some(Published::Repeated(position)),
        _ => None,
    }
}

/// Reads the answer of history.lua: epoch, top, whether it is complete, the first offset, the events.
fn page(core: &Core, channel: &ChannelName, parts: Vec<Value>, reverse: bool) -> Option<HistoryPage> {
    let mut parts = parts.into_iter().map(|part| match part {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    });
    let mut text = || String::from_utf8(parts.next()??).ok();
    let (epoch, top, complete, first) = (text()?, text()?, text()?, text()?);
    let epoch = Epoch::new(epoch);
    let first: u64 = first.parse().ok()?;
    let (mut events, mut is_readable) = (vec![], true);
    for (record, offset) in parts.zip(first..) {
        let position = Some(Position { offset, epoch: epoch.clone() });
        match envelope::decode(channel.clone(), &core.id, position, record?.into()) {
            Ok(event) => events.push(Arc::new(event)),
            // One that a later version wrote and this one cannot read is as good as lost. The others are not: without them
            // and the top, who follows the channel would ask again for ever.
            Err(error) => {
                is_readable = false;
                core.drop_undecodable(format_args!("what is kept of {}", channel.as_str()), error);
            }
        }
    }
    if reverse {
        events.reverse();
    }
    let top = Position { offset: top.parse().ok()?, epoch };
    Some(HistoryPage { events, top, complete: complete == "1" && is_readable })
}
