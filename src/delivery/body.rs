//! One thing on its way to the listeners of a channel, encoded at most once for each encoding.
use super::{Instruction, Tally};
use crate::protocol::{ENCODINGS, Encoding, Frame, Push};
use crate::types::{Audience, ChannelName, Event, Json, Place, Position};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::time::Instant;

/// What is delivered.
#[derive(Debug)]
pub enum Body {
    /// An event, to every listener it is for.
    Event(Arc<Event>),
    /// A join or a leave, to the listeners that asked for them.
    Notice(Push),
    /// Something that is done to listeners.
    Instruction(Instruction),
}

impl Body {
    /// The round of acknowledgements that an event asks for; none for most.
    pub fn round(&self) -> Option<u64> {
        match self {
            Body::Event(event) => event.envelope.as_ref()?.ack,
            Body::Notice(_) | Body::Instruction(_) => None,
        }
    }

    /// The name of an event whose publisher asks what becomes of it; none for most.
    pub fn account(&self) -> Option<&Arc<str>> {
        match self {
            Body::Event(event) => event.account(),
            Body::Notice(_) | Body::Instruction(_) => None,
        }
    }
}

/// Counts the deliveries of a channel without a gap. The upper half names the life of its actor, so that the counts of a
/// channel that ended and was made anew are greater than all before them.
pub type Seq = u128;

/// One thing on its way from a channel to all its listeners on all workers.
#[derive(Debug)]
pub struct Delivery {
    /// The channel.
    pub channel: ChannelName,
    /// What is delivered.
    pub body: Body,
    /// Its number, so that a hub notices what it missed.
    pub seq: Seq,
    /// When the channel accepted it.
    pub accepted: Instant,
    /// Where listeners of a home stand that have got it; none elsewhere, and where that is not known yet.
    pub stands: Option<Place>,
    /// Counts what becomes of it, where its publisher asks for that. Boxed: few have one.
    pub tally: Option<Box<Tally>>,
    frames: [OnceLock<Frame>; ENCODINGS],
    /// The second form of an encoding: with the channel's number in place of its name.
    compact: [OnceLock<Frame>; ENCODINGS],
    variants: Variants,
}

/// The frames of variants, which are as many as there are kinds of listeners: few, and most events have none.
type Variants = Mutex<Vec<Variant>>;

/// What tells a variant from others: the slot of its encoding, what the encoding calls it, and the name that the channel goes by.
#[derive(Debug)]
struct Variant {
    slot: usize,
    kind: Option<Box<str>>,
    name: Option<ChannelName>,
    frame: Frame,
}

/// By what name a listener knows the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming<'a> {
    /// By its own.
    Own,
    /// By a number that stands for it.
    Number(u32),
    /// By another: the channel is of another space, and shown under this name.
    As(&'a ChannelName),
}

impl Delivery {
    /// A delivery that nobody has encoded yet.
    pub fn new(channel: ChannelName, body: Body, seq: Seq) -> Self {
        Delivery {
            channel,
            body,
            seq,
            accepted: Instant::now(),
            stands: None,
            tally: None,
            frames: Default::default(),
            compact: Default::default(),
            variants: Variants::default(),
        }
    }

    /// The same delivery with another payload, encoded anew; itself where it is no event.
    pub fn with_payload(&self, data: Json) -> Delivery {
        let body = match &self.body {
            Body::Event(event) => Body::Event(Arc::new(Event { data, ..(**event).clone() })),
            Body::Notice(push) => Body::Notice(push.clone()),
            Body::Instruction(instruction) => Body::Instruction(instruction.clone()),
        };
        let new = Delivery::new(self.channel.clone(), body, self.seq);
        Delivery { accepted: self.accepted, stands: self.stands.clone(), ..new }
    }

    /// The frame for a listener of this encoding that knows the channel by this name.
    pub fn frame(&self, encoding: &dyn Encoding, naming: Naming<'_>) -> Frame {
        let slot = encoding.slot();
        if let Naming::As(name) = naming {
            return self.variant(encoding, encoding.variant(name), Some(name));
        }
        if let Some(kind) = encoding.variant(&self.channel) {
            return self.variant(encoding, Some(kind), None);
        }
        let frame = match (&self.body, naming) {
            (Body::Event(event), Naming::Number(number)) => {
                self.compact[slot].get_or_init(|| encoding.event_compact(event, number))
            }
            _ => self.frames[slot].get_or_init(|| self.encode(encoding)),
        };
        frame.clone()
    }

    fn variant(&self, encoding: &dyn Encoding, kind: Option<&str>, alias: Option<&ChannelName>) -> Frame {
        let slot = encoding.slot();
        // The list is only pushed to, so it is whole even where a writer panicked.
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |known: &&Variant| known.slot == slot && known.kind.as_deref() == kind && known.name.as_ref() == alias;
        if let Some(known) = variants.iter().find(is_it) {
            return known.frame.clone();
        }
        let frame = match (alias, &self.body) {
            (Some(name), Body::Event(event)) => encoding.event(&Event { channel: name.clone(), ..(**event).clone() }),
            _ => self.encode(encoding),
        };
        variants.push(Variant { slot, kind: kind.map(Box::from), name: alias.cloned(), frame: frame.clone() });
        frame
    }

    fn encode(&self, encoding: &dyn Encoding) -> Frame {
        match &self.body {
            Body::Event(event) => encoding.event_at(event, self.stands.as_ref()),
            Body::Notice(push) => encoding.push(push),
            // Nobody is sent one: it is for the hub.
            Body::Instruction(_) => Frame::of_text(""),
        }
    }

    /// Whom an event is for; none for everybody.
    pub fn audience(&self) -> Option<&Audience> {
        match &self.body {
            Body::Event(event) => event.envelope.as_ref().map(|envelope| &envelope.audience),
            Body::Notice(_) | Body::Instruction(_) => None,
        }
    }

    /// Whether who cannot take it at once does not get it.
    pub fn is_volatile(&self) -> bool {
        matches!(&self.body, Body::Event(event) if event.envelope.as_ref().is_some_and(|envelope| envelope.volatile))
    }

    /// Where a listener stands that has got it; none after what has no place of its own.
    pub fn place(&self) -> Option<Place> {
        self.stands.clone().or_else(|| self.position().cloned().map(Place::of))
    }

    /// The event's position; none for a notice and in a channel without history.
    pub fn position(&self) -> Option<&Position> {
        match &self.body {
            Body::Event(event) => event.position.as_ref(),
            Body::Notice(_) | Body::Instruction(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::socketio::{Namespace, SocketIo};
    use crate::types::Space;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// An encoding that counts how often it runs.
    #[derive(Debug)]
    struct Counting(SocketIo, Arc<AtomicUsize>);

    impl Encoding for Counting {
        fn slot(&self) -> usize {
            self.0.slot()
        }

        fn label(&self) -> &'static str {
            self.0.label()
        }

        fn variant(&self, channel: &ChannelName) -> Option<&str> {
            self.0.variant(channel)
        }

        fn push(&self, push: &Push) -> Frame {
            self.0.push(push)
        }

        fn event(&self, event: &Event) -> Frame {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.event(event)
        }
    }

    #[test]
    fn all_listeners_of_a_namespace_share_the_bytes_of_one_encoding() {
        for offsets in [false, true] {
            let channel = ChannelName::in_space(Space::SocketIo, "/", 255).expect("a valid name");
            let data = Json::null();
            let event =
                Event { channel: channel.clone(), data, tags: None, publisher: None, position: None, envelope: None };
            let delivery = Delivery::new(channel, Body::Event(Arc::new(event)), 1);
            let runs = Arc::new(AtomicUsize::new(0));
            let listener = || Counting(SocketIo::new(Namespace::root(), offsets), runs.clone());
            let [one, two] = [listener(), listener()].map(|encoding| delivery.frame(&encoding, Naming::Own));
            assert_eq!(one.websocket().as_ptr(), two.websocket().as_ptr());
            assert_eq!(runs.load(Ordering::Relaxed), 1);
        }
    }
}
