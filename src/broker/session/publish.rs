//! The commands publish, rpc and send.
use super::account::refused;
use super::message::PublishDone;
use super::{Phase, Session, Step};
use crate::broker::channel::{Publish, PublishAnswer};
use crate::broker::handler::{MessageCall, PublishCall, RpcCall};
use crate::broker::{Namespace, Rule, fault};
use crate::delivery::Ticket;
use crate::protocol::{Publish as Asked, Reply, Rpc};
use crate::types::{Audience, ChannelName, Disconnect, Envelope, Fault, Group, Json, ReplyError};
use actix::prelude::*;
use std::sync::Arc;

impl Session {
    pub(super) fn publish(&mut self, ticket: Ticket, mut publish: Asked, ctx: &mut Context<Self>) -> Step {
        let (channel, namespace, data) = match self.publishable(&mut publish) {
            Ok(found) => found,
            Err(fault) => return Step::Done(refused(&publish, fault)),
        };
        let handlers = self.node().handlers();
        if !handlers.looks_at(&channel) {
            self.send_publish(ticket, (channel, namespace), data, publish, ctx);
            return Step::Handed;
        }
        let call = PublishCall { session: self.view(), channel: channel.clone(), data };
        let looked_at = handlers.publish(call);
        self.last_words.holds_publish = true;
        // Publishes of this session wait behind the handler, so their order stays (decision 24).
        self.later(ctx, looked_at, move |session, verdict, ctx| {
            session.last_words.holds_publish = false;
            match verdict {
                Ok(data) => {
                    session.send_publish(ticket, (channel, namespace), data, publish, ctx);
                    session.proceed(ctx);
                }
                Err(fault) => session.resume(ticket, refused(&publish, fault), ctx),
            }
        });
        Step::Waits
    }

    /// Where a publish goes, with its payload, if the session may publish there: one that has registered publishes into the channel that it
    /// has registered for, whatever its client names.
    fn publishable(&self, publish: &mut Asked) -> Result<(ChannelName, Arc<Namespace>, Json), Fault> {
        let (channel, namespace) = match self.registered.as_deref() {
            None => self.known_channel(&publish.channel)?,
            Some(channel) => {
                let namespace = self.node().channels().namespace(channel).ok_or(ReplyError::UNKNOWN_CHANNEL)?;
                (channel.clone(), namespace)
            }
        };
        let decision = self.under_rule(&namespace.publish, &channel);
        self.hold_to(decision, "to publish to", &channel).map_err(|fault| match namespace.publish {
            Rule::Registered => unregistered().into(),
            _ => fault,
        })?;
        fault::unless_kept(publish.keep, &namespace)?;
        let data = publish.data.take().ok_or_else(|| ReplyError::missing_field("data"))?;
        Ok((channel, namespace, data))
    }

    /// What goes along with a publish that is not simply for everybody.
    fn envelope(
        &self,
        to: Option<Vec<Group>>,
        spares_publisher: bool,
        account: Option<Arc<str>>,
    ) -> Option<Arc<Envelope>> {
        let audience = to.map_or(Audience::EVERYONE, Audience::of);
        let audience = if spares_publisher { audience.but([Group::of_session(self.id)]) } else { audience };
        Envelope::unless_plain(audience, account)
    }

    fn send_publish(
        &mut self,
        ticket: Ticket,
        (channel, namespace): (ChannelName, Arc<Namespace>),
        data: Json,
        publish: Asked,
        ctx: &mut Context<Self>,
    ) {
        // Where events are for groups, who is behind them is not shown either.
        let publisher =
            (!namespace.has_groups).then(|| self.subs.get(&channel).map_or(&self.info, |sub| &sub.member.info).clone());
        let (answer, account) = self.answer_to(ticket, &channel, &publish, ctx);
        self.worker.publish(Publish {
            channel,
            data,
            tags: publish.tags.map(Arc::new),
            publisher,
            envelope: self.envelope(publish.to, publish.spares_publisher, account),
            skip_history: false,
            keep: publish.keep,
            local: false,
            idempotency: None,
            version: None,
            answer,
        });
    }

    /// Who is told the outcome of a publish, and the name that its event is counted under.
    fn answer_to(
        &mut self,
        ticket: Ticket,
        channel: &ChannelName,
        publish: &Asked,
        ctx: &mut Context<Self>,
    ) -> (PublishAnswer, Option<Arc<str>>) {
        if let Some((answer, account)) = self.account_for(ticket, channel, publish, ctx) {
            return (answer, Some(account));
        }
        let answer = match self.outlet.quiet(ticket) {
            Some(place) => PublishAnswer::nobody(place),
            None => {
                self.publishing += 1;
                PublishAnswer::session(self.me(ctx), ticket)
            }
        };
        (answer, None)
    }

    pub(super) fn rpc(&mut self, ticket: Ticket, rpc: Rpc, ctx: &mut Context<Self>) -> Step {
        let handlers = self.node().handlers();
        if !handlers.has_rpc() {
            return ReplyError::NOT_AVAILABLE.into();
        }
        let call = RpcCall { session: Some(self.view()), method: rpc.method, data: rpc.data };
        let Some(asked) = handlers.rpc(call) else { return ReplyError::METHOD_NOT_FOUND.into() };
        self.later(ctx, asked, move |session, result, ctx| session.conclude(ticket, result.map(Reply::Rpc), ctx));
        Step::Handed
    }

    pub(super) fn message(&mut self, ticket: Ticket, data: Json, ctx: &mut Context<Self>) -> Step {
        let call = MessageCall { session: self.view(), data };
        let Some(told) = self.node().handlers().message(call) else {
            return Fault::Close(Disconnect::NOT_AVAILABLE).into();
        };
        self.later(ctx, told, move |session, result, ctx| match result {
            Err(Fault::Close(reason)) => session.end(reason, ctx),
            _ => session.outlet.done(ticket),
        });
        Step::Handed
    }
}

/// Why a session may not publish that has not registered.
fn unregistered() -> ReplyError {
    ReplyError {
        message: "only a registered publisher may publish: register first".into(),
        ..ReplyError::PERMISSION_DENIED
    }
}

impl Handler<PublishDone> for Session {
    type Result = ();

    fn handle(&mut self, done: PublishDone, ctx: &mut Self::Context) {
        if self.phase != Phase::Ended {
            let result = done.refused.map_or(Ok(Reply::Published), |error| Err(error.into()));
            self.conclude(done.ticket, result, ctx);
            self.published_one(ctx);
        }
    }
}
