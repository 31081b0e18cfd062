//! Random sequences of calls, compared with a model that is too simple to be wrong.
use super::fixture::*;
use callboard::engine::{HistoryQuery, Idempotency, PublishOptions, Version};
use callboard::types::Epoch;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::HashMap;

const SEQUENCES: u32 = 200;
const CHANNELS: usize = 3;
/// A unit of the model in those of the fixture: where the clock is that of the wall, a call may be late by almost as much.
const UNIT: u32 = 4;
/// The time of idempotency keys, in units.
const KEY_TTL: u32 = 6;

#[derive(Debug, Clone)]
enum Call {
    Publish { channel: usize, keep: Option<(usize, u32)>, key: Option<u8>, version: Option<(u64, u8)> },
    Read { channel: usize, since: Option<u64>, limit: usize, reverse: bool },
    Remove { channel: usize },
    Pass { units: u32 },
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let keep = weighted(0.8, (0..6usize, 1..9u32));
    let publish = (0..CHANNELS, keep, weighted(0.3, 0..3u8), weighted(0.3, (0..6u64, 0..3u8)))
        .prop_map(|(channel, keep, key, version)| Call::Publish { channel, keep, key, version });
    let limit = prop_oneof![Just(usize::MAX), 0..4usize];
    let read = (0..CHANNELS, proptest::option::of(0..20u64), limit, any::<bool>())
        .prop_map(|(channel, since, limit, reverse)| Call::Read { channel, since, limit, reverse });
    let remove = (0..CHANNELS).prop_map(|channel| Call::Remove { channel });
    let pass = (1..4u32).prop_map(|units| Call::Pass { units });
    proptest::collection::vec(prop_oneof![8 => publish, 6 => read, 1 => remove, 3 => pass], 1..60)
}

/// A channel as the contract describes it: every event ever, and from which one on they are kept.
#[derive(Default)]
struct Channel {
    /// The data of each event and when it ends.
    events: Vec<(u64, u32)>,
    gone: usize,
    version: Option<(u64, u8)>,
    epoch: Option<Epoch>,
    keys: HashMap<u8, (u32, Option<u64>)>,
}

impl Channel {
    fn expire(&mut self, now: u32) {
        let ended = self.events.iter().rposition(|(_, end)| *end <= now).map_or(0, |index| index + 1);
        self.gone = self.gone.max(ended);
    }

    fn top(&self) -> u64 {
        self.events.len() as u64
    }

    /// What a publish is answered: whether it is accepted, and at which offset.
    fn publish(
        &mut self,
        data: u64,
        keep: Option<(usize, u32)>,
        version: Option<(u64, u8)>,
        now: u32,
    ) -> (bool, Option<u64>) {
        self.expire(now);
        if let (Some((new, epoch)), Some((last, last_epoch))) = (version, self.version)
            && epoch == last_epoch
            && new <= last
        {
            return (false, keep.map(|_| self.top()));
        }
        self.version = version.or(self.version);
        if let Some((size, units)) = keep {
            self.events.push((data, now + units));
            self.gone = self.gone.max(self.events.len().saturating_sub(size));
        }
        (true, keep.map(|_| self.top()))
    }

    /// The offsets a read gets, and whether it is complete.
    fn read(&mut self, since: Option<u64>, limit: usize, reverse: bool, now: u32) -> (Vec<u64>, bool) {
        self.expire(now);
        let gone = self.gone as u64;
        let kept = gone + 1..=self.top();
        let ahead = since.is_some_and(|since| since > self.top());
        let offsets = match reverse {
            false => kept.filter(|offset| since.is_none_or(|since| *offset > since)).take(limit).collect(),
            true => kept.rev().filter(|offset| since.is_none_or(|since| *offset < since)).take(limit).collect(),
        };
        (offsets, !ahead && (reverse || since.is_none_or(|since| since >= gone)))
    }
}

struct Run<'a> {
    fixture: &'a Fixture,
    names: [String; CHANNELS],
    channels: [Channel; CHANNELS],
    now: u32,
    published: u64,
}

impl Run<'_> {
    async fn call(&mut self, call: &Call) {
        match call.clone() {
            Call::Publish { channel, keep, key, version } => self.publish(channel, keep, key, version).await,
            Call::Read { channel, since, limit, reverse } => self.read(channel, since, limit, reverse).await,
            Call::Remove { channel } => {
                self.channels[channel].gone = self.channels[channel].events.len();
                self.fixture.remove(&self.names[channel]).await;
            }
            Call::Pass { units } => {
                self.now += units;
                self.fixture.pass(units * UNIT).await;
            }
        }
    }

    async fn publish(
        &mut self,
        channel: usize,
        keep: Option<(usize, u32)>,
        key: Option<u8>,
        version: Option<(u64, u8)>,
    ) {
        self.published += 1;
        let f = self.fixture;
        let options = PublishOptions {
            retention: keep.map(|(size, units)| callboard::engine::Retention {
                meta_ttl: f.unit * 100_000,
                ..f.keep(size, units * UNIT)
            }),
            idempotency: key.map(|key| Idempotency { key: format!("{key}").into(), ttl: f.unit * (KEY_TTL * UNIT) }),
            version: version.map(|(version, epoch)| Version { version, epoch: format!("e{epoch}").into() }),
            ..Default::default()
        };
        let published = f.publish(event(&self.names[channel], self.published), options).await;
        let model = &mut self.channels[channel];
        let first = key.and_then(|key| model.keys.get(&key)).copied().filter(|(end, _)| *end > self.now);
        let (is_new, expected) = match first {
            Some((_, answer)) => (false, answer),
            None => model.publish(self.published, keep, version, self.now),
        };
        if let (Some(key), None) = (key, first) {
            model.keys.insert(key, (self.now + KEY_TTL, expected));
        }
        let position = if is_new { accepted(published) } else { repeated(published) };
        assert_eq!(position.as_ref().map(|position| position.offset), expected);
        if let Some(position) = position {
            assert_eq!(model.epoch.get_or_insert(position.epoch.clone()), &position.epoch);
        }
    }

    async fn read(&mut self, channel: usize, since: Option<u64>, limit: usize, reverse: bool) {
        let epoch = Epoch::new("");
        let since_position = since.map(|offset| at(offset, &epoch));
        let page =
            self.fixture.read(&self.names[channel], HistoryQuery { since: since_position, limit, reverse }).await;
        let model = &mut self.channels[channel];
        let (expected, complete) = model.read(since, limit, reverse, self.now);
        assert_eq!((offsets(&page), page.complete, page.top.offset), (expected.clone(), complete, model.top()));
        let sent: Vec<_> = expected.iter().map(|offset| model.events[*offset as usize - 1].0).collect();
        assert_eq!(data(&page), sent);
        assert_eq!(model.epoch.get_or_insert(page.top.epoch.clone()), &page.top.epoch);
    }
}

/// Runs one sequence; tells which call went wrong.
async fn run(f: &Fixture, sequence: u32, calls: Vec<Call>) {
    let names = std::array::from_fn(|channel| format!("{sequence}-{channel}"));
    let mut run = Run { fixture: f, names, channels: Default::default(), now: 0, published: 0 };
    for (index, call) in calls.iter().enumerate() {
        let done = std::panic::AssertUnwindSafe(run.call(call));
        if let Err(panic) = futures_util::FutureExt::catch_unwind(done).await {
            eprintln!("call {index} of sequence {sequence}: {:#?}", &calls[..=index]);
            std::panic::resume_unwind(panic);
        }
    }
}

pub async fn random_sequences_do_what_the_model_does(f: &Fixture) {
    let mut runner = TestRunner::deterministic();
    let mut drawn = || calls().new_tree(&mut runner).expect("nothing is filtered").current();
    let sequences: Vec<(u32, Vec<Call>)> = (0..SEQUENCES).map(|sequence| (sequence, drawn())).collect();
    for together in sequences.chunks(f.at_once) {
        let runs = together.iter().map(|(sequence, calls)| run(f, *sequence, calls.clone()));
        futures_util::future::join_all(runs).await;
    }
}
