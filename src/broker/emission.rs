//! Events for all or some sessions of a home, emitted by handlers and Rust code, and the acknowledgements that they request.
use super::channel::{Publish, PublishAnswer, PublishOutcome};
use super::control::IDEMPOTENCY_TTL;
use super::{Node, Target};
use crate::delivery::{Answers, GroupsQuery, Instruct, Instruction, Rounds, SessionOrder};
use crate::engine::Idempotency;
use crate::types::{
    Arity, Audience, ChannelName, Envelope, Event, Group, Json, JsonError, ReplyError, SessionId, Tags,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;

/// The tag that carries an event's name (decision 7).
const NAME: &str = "event";

/// An event on its way to sessions.
#[derive(Debug, Clone)]
pub struct Emission {
    /// Its name.
    pub event: String,
    /// Its arguments as one payload.
    pub data: Json,
    /// How many arguments the payload stands for.
    pub arity: Arity,
    /// What placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
    /// Whom it is for.
    pub audience: Audience,
    /// Tags for views alone.
    pub view_tags: Option<Arc<Tags>>,
    /// Not worth waiting for: who cannot take it at once does not get it.
    pub volatile: bool,
    /// For the sessions of this node only.
    pub local: bool,
    /// Names it, where it may be emitted twice and is to be sent once.
    pub idempotency: Option<Arc<str>>,
}

impl Emission {
    /// An event with these arguments, an array, to everybody. Fails where they are no array.
    pub fn new(event: impl Into<String>, args: Json, attachments: Vec<Bytes>) -> Result<Self, JsonError> {
        let elements: Vec<&RawValue> = args.read()?;
        let (data, arity) = match *elements {
            [] => (Json::null(), Arity::None),
            [only] => (Json::of(only, args.bytes()), Arity::One),
            _ => (args.clone(), Arity::Several),
        };
        let (audience, view_tags, volatile, local) = (Audience::EVERYONE, None, false, false);
        let idempotency = None;
        Ok(Emission {
            event: event.into(),
            data,
            arity,
            attachments,
            audience,
            view_tags,
            volatile,
            local,
            idempotency,
        })
    }
}

/// Tells whether an event that is on its way was accepted. It need not be waited for.
pub struct Emitted(Fate);

enum Fate {
    Waits(oneshot::Receiver<PublishOutcome>),
    Refused(ReplyError),
}

impl Emitted {
    /// It was refused before it went anywhere.
    pub fn refused(error: ReplyError) -> Self {
        Emitted(Fate::Refused(error))
    }
}

impl Future for Emitted {
    type Output = Result<(), ReplyError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Fate::Waits(outcome) => {
                let outcome = ready!(Pin::new(outcome).poll(cx));
                Poll::Ready(outcome.unwrap_or(Err(ReplyError::INTERNAL)).map(drop))
            }
            Fate::Refused(error) => Poll::Ready(Err(error.clone())),
        }
    }
}

/// The homes of a node: what is emitted to their sessions, and done to the listeners of channels in order with that.
#[derive(Clone, Copy)]
pub struct Homes<'a>(pub(super) &'a Node);

impl Node {
    /// The homes of its sessions.
    pub fn homes(&self) -> Homes<'_> {
        Homes(self)
    }
}

impl<'a> Homes<'a> {
    /// The rounds of acknowledgements under way.
    pub fn rounds(self) -> &'a Rounds {
        &self.0.tables().rounds
    }

    /// Emits an event to sessions of a home. It is on its way when this returns; the future tells whether it was accepted.
    /// Fails with 111 where the home is flooded.
    pub fn emit(self, home: &ChannelName, emission: Emission) -> Emitted {
        self.emit_in_round(home, emission, None)
    }

    /// Emits an event and waits for the answers of those it went to, at most for this time.
    /// Fails with 111 where the home is flooded, or too many such rounds are under way.
    pub async fn ask(self, home: &ChannelName, emission: Emission, time: Duration) -> Result<Answers, ReplyError> {
        let mut round = self.rounds().open().ok_or(ReplyError::TOO_MANY_REQUESTS)?;
        self.emit_in_round(home, emission, Some(round.number)).await?;
        // Whether everybody has answered or the time is over: what has come back is told.
        let _ = tokio::time::timeout(time, &mut round.over).await;
        Ok(round.close())
    }

    /// Brings an event to one session of this node alone, past the channel: in no order with what is emitted, and it is kept nowhere.
    /// A session that is not there, or not one of this home, gets nothing.
    pub fn bring(self, home: &ChannelName, session: SessionId, event: String, data: Json) {
        let event = Event {
            channel: home.clone(),
            data,
            tags: Some(Arc::new(Tags::from([(NAME.to_owned(), event)]))),
            publisher: None,
            position: None,
            envelope: None,
        };
        let target = Target { session: Some(session), ..Target::default() };
        self.0.sessions().directory().order(&target, &SessionOrder::Bring(Arc::new(event)));
    }

    /// Does something to the listeners of a channel that are meant, in order with what is emitted there.
    pub fn instruct(self, channel: &ChannelName, audience: Audience, what: Instruct) {
        let instruction = Instruction { channel: channel.clone(), audience, what };
        self.0.channels().send(instruction.into());
    }

    /// The groups that a session's listener in a channel is in, once all that was asked of them before has taken effect; none
    /// where there is no such listener.
    pub async fn groups(self, channel: &ChannelName, session: SessionId) -> Vec<Group> {
        let (tell, told) = oneshot::channel();
        let audience = Audience::of([session.to_string().into()]);
        self.instruct(channel, audience, Instruct::Tell(GroupsQuery::new(tell)));
        told.await.unwrap_or_default()
    }

    fn emit_in_round(self, home: &ChannelName, emission: Emission, round: Option<u64>) -> Emitted {
        let (answer, outcome) = PublishAnswer::call();
        let envelope = Envelope {
            audience: emission.audience,
            arity: emission.arity,
            attachments: emission.attachments,
            ack: round,
            volatile: emission.volatile,
            view_tags: emission.view_tags,
            account: None,
        };
        let publish = Publish {
            channel: home.clone(),
            data: emission.data,
            tags: Some(Arc::new(Tags::from([(NAME.to_owned(), emission.event)]))),
            publisher: None,
            // Neither can be brought later: one was worth nothing later, the other's answer is not waited for any more.
            skip_history: emission.volatile || round.is_some(),
            keep: false,
            local: emission.local,
            envelope: Some(Arc::new(envelope)),
            idempotency: emission.idempotency.map(|key| Idempotency { key, ttl: IDEMPOTENCY_TTL }),
            version: None,
            answer,
        };
        self.0.channels().send(publish.into());
        Emitted(Fate::Waits(outcome))
    }
}
