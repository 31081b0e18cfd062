//! Publishing, and reading histories.
use super::core::{Core, odd};
use super::keys::Short;
use super::request::{Outcome, Request, Waiting, lost};
use super::{envelope, millis, scripts};
use crate::engine::{
    Accepted, EngineAnswer, Error, HistoryPage, HistoryQuery, Idempotency, PublishCallback, PublishOptions, Published,
    Retention, Version,
};
use crate::types::{ChannelName, Epoch, Event, Position};
use redis::{Cmd, Value};
use std::sync::Arc;
use std::time::Duration;

/// For how long the version of a channel without history is remembered: as long as a position by default.
const VERSION_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Who is told what became of a publish: once, that it is unknown where nothing else is known.
pub(super) struct Publisher {
    told: Option<PublishCallback>,
    is_script: bool,
}

impl Publisher {
    pub fn tell(mut self, outcome: Outcome) {
        if let Some(told) = self.told.take() {
            told(accepted(outcome, self.is_script));
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if let Some(told) = self.told.take() {
            told(Err(lost()));
        }
    }
}

impl Core {
    pub fn publish(self: &Arc<Self>, event: &Event, options: PublishOptions) -> EngineAnswer<Published> {
        let (name, command, is_script) = self.publishing(event, options);
        self.ask(&name, command, is_script).then(move |outcome| accepted(outcome, is_script).map(Published::from))
    }

    pub fn publish_and_tell(self: &Arc<Self>, event: &Event, options: PublishOptions, told: PublishCallback) {
        let (name, command, is_script) = self.publishing(event, options);
        let publisher = Publisher { told: Some(told), is_script };
        self.send(&name, |slot| Request::new(command, is_script, slot, Waiting::Publisher(publisher)));
    }

    /// The channel's name on the bus, the command that publishes the event, and whether it is a script.
    fn publishing(&self, event: &Event, options: PublishOptions) -> (Short, Cmd, bool) {
        let (name, record) = (self.keys.short_bus(&event.channel), envelope::encode(event, &self.id, options.turn));
        let PublishOptions { retention, idempotency, version, local: _, turn: _ } = options;
        if retention.is_none() && idempotency.is_none() && version.is_none() {
            let mut command = Cmd::with_capacity(3, name.len() + record.len() + 7);
            command.arg("PUBLISH").arg(&name[..]).arg(&record[..]);
            return (name, command, false);
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
        command.arg(&record[..]).arg(&name[..]).arg(size).arg(millis(ttl)).arg(millis(meta_ttl)).arg(key_ttl);
        command.arg(version).arg(epoch).arg("PUBLISH");
        (name, command, true)
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

    pub fn remove_history(self: &Arc<Self>, channel: &ChannelName) -> EngineAnswer<()> {
        let events = self.keys.events(channel);
        let mut command = redis::cmd("DEL");
        command.arg(&events);
        self.ask(&events, command, false).then(|removed| removed.map(drop))
    }
}

/// Reads the answer to PUBLISH or of publish.lua.
fn accepted(outcome: Outcome, is_script: bool) -> Result<Accepted, Error> {
    match (outcome?, is_script) {
        (_, false) => Ok(Accepted { position: None, is_new: true }),
        (Value::BulkString(text), true) => verdict(&text).ok_or_else(|| odd("a publish")),
        (_, true) => Err(odd("a publish")),
    }
}

/// Reads what publish.lua says.
fn verdict(text: &[u8]) -> Option<Accepted> {
    let (verdict, position) = std::str::from_utf8(text).ok()?.split_at_checked(1)?;
    let position = match position {
        "" => None,
        position => Some(envelope::position(position)?),
    };
    match verdict {
        "A" => Some(Accepted { position, is_new: true }),
        "R" => Some(Accepted { position, is_new: false }),
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
