//! A publish in progress, and who waits for its outcome.
use crate::broker::Namespace;
use crate::delivery::{Holder, InFlightPlace, Ticket};
use crate::engine::{Accepted, Idempotency, PublishOptions, Version};
use crate::types::{ChannelName, ClientInfo, Envelope, Event, Json, ReplyError, Tags};
use actix::prelude::*;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A publish on its way to its channel, or to the bus.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Publish {
    /// Where to.
    pub channel: ChannelName,
    /// The payload.
    pub data: Json,
    /// The tags.
    pub tags: Option<Arc<Tags>>,
    /// Who, as listeners see it.
    pub publisher: Option<Arc<ClientInfo>>,
    /// To whom it goes; none for everybody.
    pub envelope: Option<Arc<Envelope>>,
    /// Do not keep it.
    pub skip_history: bool,
    /// Keep it for users who subscribe later, where the channel keeps on request only.
    pub keep: bool,
    /// For this node alone, whatever the engine.
    pub local: bool,
    /// Answer a repetition with the first answer.
    pub idempotency: Option<Idempotency>,
    /// Refuse to go back in versions.
    pub version: Option<Version>,
    /// Who waits for the outcome.
    pub answer: PublishAnswer,
}

impl Publish {
    /// The event without a position, how it is to be published, and who waits for the outcome; the event is kept as
    /// `namespace` says unless it asks not to be, or has to ask and does not.
    pub fn split(self, namespace: &Namespace) -> (Event, PublishOptions, PublishAnswer) {
        let is_kept = !self.skip_history && (self.keep || !namespace.keeps_on_request);
        let options = PublishOptions {
            retention: namespace.retention().filter(|_| is_kept),
            idempotency: self.idempotency,
            version: self.version,
            local: self.local,
            turn: None,
        };
        let event = Event {
            channel: self.channel,
            data: self.data,
            tags: self.tags,
            publisher: self.publisher,
            position: None,
            envelope: self.envelope,
        };
        (event, options, self.answer)
    }
}

/// What became of a publish: accepted, new or as a repetition, or refused.
pub type PublishOutcome = Result<Accepted, ReplyError>;

/// Who waits for the outcome of a publish. Dropped without an answer (its channel died) it says "internal error", which
/// is temporary: the outcome is unknown (decision 21).
pub struct PublishAnswer(Option<Waiting>);

enum Waiting {
    Session(Arc<dyn Holder>, Ticket),
    Call(oneshot::Sender<PublishOutcome>),
    Nobody(InFlightPlace),
}

impl PublishAnswer {
    /// Answers a command of a session.
    pub fn session(session: Arc<dyn Holder>, ticket: Ticket) -> Self {
        PublishAnswer(Some(Waiting::Session(session, ticket)))
    }

    /// Answers nobody; only the place is given back.
    pub fn nobody(place: InFlightPlace) -> Self {
        PublishAnswer(Some(Waiting::Nobody(place)))
    }

    /// Answers a call.
    pub fn call() -> (Self, oneshot::Receiver<PublishOutcome>) {
        let (answer, waiting) = oneshot::channel();
        (PublishAnswer(Some(Waiting::Call(answer))), waiting)
    }

    /// Tells the outcome.
    pub fn give(mut self, outcome: PublishOutcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: PublishOutcome) {
        match self.0.take() {
            Some(Waiting::Session(session, ticket)) => session.published(ticket, outcome.err()),
            Some(Waiting::Call(answer)) => drop(answer.send(outcome)),
            Some(Waiting::Nobody(place)) => drop(place),
            None => {}
        }
    }
}

impl Drop for PublishAnswer {
    fn drop(&mut self) {
        self.tell(Err(ReplyError::INTERNAL));
    }
}
