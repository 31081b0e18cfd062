//! What must be so, whatever happens: what each client is given is held against what was published.
use super::client::{Event, Said};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is known of all channels: who has seen what at which offset.
#[derive(Default)]
pub struct Truth {
    /// Of each kept channel, the event at each offset of an epoch.
    places: HashMap<(String, u64), u64>,
}

/// What a client knows of one channel.
#[derive(Default, Debug, Clone)]
pub struct Mind {
    pub is_listening: bool,
    /// A subscribe has no answer yet.
    pub is_asking: bool,
    pub position: Option<(u64, String)>,
    /// It was told to come back.
    pub comes_back: bool,
    /// The last number of each publisher.
    last: BTreeMap<usize, u64>,
    seen: BTreeSet<u64>,
    /// Events, and those that it was told to have missed, since it was counted from.
    count: u64,
    is_exact: bool,
    /// How many had been accepted when it was counted from; none where it came in the middle.
    counted_from: Option<u64>,
}

impl Truth {
    fn agree(&mut self, channel: &str, event: &Event) {
        let Some(offset) = event.offset else { return };
        let known = *self.places.entry((channel.to_owned(), offset)).or_insert(event.number);
        assert_eq!(known, event.number, "two events at offset {offset} of {channel}");
    }
}

impl Mind {
    /// The connection has ended: what the client knows stays.
    pub fn lose(&mut self) {
        let position = self.position.take();
        *self = Mind { position, comes_back: self.is_listening, ..Mind::default() };
    }

    /// Takes what the client was told of this channel.
    pub fn hear(&mut self, truth: &mut Truth, said: Said) {
        match said {
            Said::Subscribed { channel, position, recovered, events } => {
                self.subscribed(position, recovered);
                events.into_iter().for_each(|event| self.event(truth, &channel, &event));
            }
            Said::Refused { .. } => {
                (self.is_asking, self.comes_back) = (false, true);
            }
            Said::Event { channel, event } => self.event(truth, &channel, &event),
            Said::Lagged { channel, count, is_exact } => {
                assert!(self.is_listening, "lagged without a subscription to {channel}");
                assert!(self.position.is_none(), "who can recover is not told a count");
                assert!(count > 0 || !is_exact, "nothing was lost, and that is told");
                self.count += count;
                self.is_exact &= is_exact;
            }
            Said::Left { .. } => {
                (self.is_listening, self.comes_back) = (false, false);
            }
            Said::Unsubscribed { channel, code } => {
                assert_eq!(code, 2500, "{channel}: nothing else ends subscriptions here");
                assert!(self.is_listening, "the end of no subscription to {channel}");
                (self.is_listening, self.comes_back) = (false, true);
            }
            Said::Published { .. } | Said::Shouted { .. } => {}
        }
    }

    fn subscribed(&mut self, position: Option<(u64, String)>, recovered: Option<bool>) {
        assert!(self.is_asking && !self.is_listening, "an answer to no subscribe");
        let known = self.position.take();
        self.position = match (recovered, known, position) {
            // What follows goes on from there.
            (Some(true), Some((offset, epoch)), Some((_, told))) => {
                assert_eq!(epoch, told, "recovered in another epoch");
                Some((offset, epoch))
            }
            (Some(true), ..) => panic!("recovered, from nowhere"),
            (_, _, position) => position,
        };
        // Numbers that came before may come again where nothing is recovered, and the order begins anew.
        *self = Mind { position: self.position.take(), is_listening: true, is_exact: true, ..Mind::default() };
    }

    fn event(&mut self, truth: &mut Truth, channel: &str, event: &Event) {
        assert!(self.is_listening, "an event without a subscription to {channel}: {event:?}");
        if let Some((offset, _)) = &mut self.position {
            assert_eq!(event.offset, Some(*offset + 1), "a gap, a copy or a disorder in {channel}");
            *offset += 1;
        }
        truth.agree(channel, event);
        assert!(self.seen.insert(event.number), "{channel}: {event:?} came twice");
        let last = self.last.insert(event.from, event.number);
        assert!(last < Some(event.number), "{channel}: {event:?} came behind {last:?}");
        self.count += 1;
    }

    /// It is not looked at now: what comes until the next time is not counted.
    pub fn uncount(&mut self) {
        self.counted_from = None;
    }

    /// Everything has come to rest. `top` is the last offset of the channel, where it has any; `accepted` how many events it
    /// had.
    pub fn rest(&mut self, channel: &str, top: Option<u64>, accepted: u64) {
        if !self.is_listening {
            return;
        }
        match &self.position {
            Some((offset, _)) => assert_eq!(Some(*offset), top, "{channel}: the last events are missing"),
            None => {
                if let Some(from) = self.counted_from.filter(|_| self.is_exact) {
                    assert_eq!(self.count, accepted - from, "{channel}: what was missed is not all told");
                }
                (self.counted_from, self.count, self.is_exact) = (Some(accepted), 0, true);
            }
        }
    }
}
