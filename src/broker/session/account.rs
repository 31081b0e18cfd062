//! Publishes that ask for an account.
use super::{Pace, Session};
use crate::broker::channel::{PublishAnswer, PublishOutcome};
use crate::delivery::Ticket;
use crate::protocol::{AccountReply, Publish as Asked, Reply};
use crate::types::{Account, ChannelName, Fault, Json, ReplyError, TOPIC_TAG};
use actix::prelude::*;
use std::sync::Arc;

/// What the answer to a publish that asks for an account says beside the numbers.
pub(super) struct Accounting {
    channel: String,
    topic: Option<String>,
    asked: Json,
}

impl Accounting {
    /// None where no account is asked for.
    fn of(publish: &Asked) -> Option<Self> {
        let asked = publish.account.clone()?;
        let topic = publish.tags.as_ref().and_then(|tags| tags.get(TOPIC_TAG)).cloned();
        Some(Accounting { channel: publish.channel.clone(), topic, asked })
    }

    fn reply(self, outcome: Result<Account, ReplyError>) -> Reply {
        let Accounting { channel, topic, asked } = self;
        Reply::Accounted(Box::new(AccountReply { channel, topic, asked, outcome }))
    }
}

/// How a publish is answered that is refused: one that asks for an account learns that it is this one.
pub(super) fn refused(publish: &Asked, fault: Fault) -> Result<Reply, Fault> {
    match (Accounting::of(publish), fault) {
        (Some(accounting), Fault::Reply(error)) => Ok(accounting.reply(Err(error))),
        (_, fault) => Err(fault),
    }
}

/// A publish that is answered with its account.
struct Accounted {
    ticket: Ticket,
    channel: ChannelName,
    /// What its event is counted under.
    name: Arc<str>,
    accounting: Accounting,
}

impl Session {
    /// The way to answer a publish into this channel with its account, and the name that its event is counted under; none where it asks
    /// for none. Later publishes do not wait for the account, nor do their answers.
    pub(super) fn account_for(
        &mut self,
        ticket: Ticket,
        channel: &ChannelName,
        publish: &Asked,
        ctx: &mut Context<Self>,
    ) -> Option<(PublishAnswer, Arc<str>)> {
        let mut accounting = Accounting::of(publish)?;
        // The publish goes into the channel that its session has registered for, whatever its client says.
        accounting.channel = channel.as_str().to_owned();
        let name = self.node().accounts().name(self.node().id());
        let accounted = Accounted { ticket, channel: channel.clone(), name: name.clone(), accounting };
        let (answer, outcome) = PublishAnswer::call();
        self.publishing += 1;
        self.later(ctx, outcome, move |session, outcome, ctx| {
            session.account(accounted, outcome.unwrap_or(Err(ReplyError::INTERNAL)), ctx);
            session.published_one(ctx);
        });
        Some((answer, name))
    }

    fn account(&self, accounted: Accounted, outcome: PublishOutcome, ctx: &mut Context<Self>) {
        let Accounted { ticket, channel, name, accounting } = accounted;
        let accepted = match outcome {
            Ok(accepted) => accepted,
            Err(error) => return self.outlet.answer(ticket, accounting.reply(Err(error))),
        };
        let node = self.node().clone();
        let account = async move { node.everywhere().account(&channel, &name, &accepted).await };
        self.later(ctx, account, move |session, account, _| {
            session.outlet.answer(ticket, accounting.reply(Ok(account)));
        });
    }

    /// A publish has its outcome. A command that waits for those before it begins when none is under way.
    pub(super) fn published_one(&mut self, ctx: &mut Context<Self>) {
        self.publishing -= 1;
        if self.publishing == 0 && self.pace == Pace::Barred {
            self.proceed(ctx);
        }
    }
}
