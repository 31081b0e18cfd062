//! The commands presence, presence_stats and history.
use super::viewing::shown;
use super::{Session, Step};
use crate::broker::{Namespace, Rule, fault, query};
use crate::delivery::Ticket;
use crate::protocol::{History, Reply};
use crate::types::{Answer, ChannelName, Fault, ReplyError};
use actix::prelude::*;
use std::sync::Arc;

impl Session {
    pub(super) fn presence(&mut self, ticket: Ticket, channel: &str, ctx: &mut Context<Self>) -> Step {
        let (channel, _) = match self.readable(channel, |n| n.presence, |n| &n.presence_for) {
            Ok(found) => found,
            Err(fault) => return fault.into(),
        };
        let present = self.node().engine().presence(&channel);
        let reply = present.then(|present| {
            let present = present.map_err(fault::of_engine)?;
            Ok(Reply::Presence(present.into_iter().map(|info| (info.client.to_string(), info)).collect()))
        });
        self.answer_with(ticket, reply, ctx)
    }

    pub(super) fn presence_stats(&mut self, ticket: Ticket, channel: &str, ctx: &mut Context<Self>) -> Step {
        let (channel, _) = match self.readable(channel, |n| n.presence, |n| &n.presence_for) {
            Ok(found) => found,
            Err(fault) => return fault.into(),
        };
        let stats = self.node().engine().presence_stats(&channel);
        let reply = stats.then(|stats| {
            let stats = stats.map_err(fault::of_engine)?;
            Ok(Reply::PresenceStats { clients: stats.clients, users: stats.users })
        });
        self.answer_with(ticket, reply, ctx)
    }

    pub(super) fn history(&mut self, ticket: Ticket, history: History, ctx: &mut Context<Self>) -> Step {
        let (channel, namespace) = match self.readable(&history.channel, Namespace::has_history, |n| &n.history_for) {
            Ok(found) => found,
            Err(fault) => return fault.into(),
        };
        let asked = query::HistoryRequest { since: history.since, limit: history.limit, reverse: history.reverse };
        let page = query::history(self.node(), &channel, &namespace, asked);
        let Some(view) = self.view_of(&channel) else {
            return self.answer_with(ticket, page.then(|page| Ok(Reply::History(page?))), ctx);
        };
        let node = self.node().clone();
        let seen = async move {
            let mut page = page.wait().await?;
            page.events = shown(page.events, |_| true, &*view, &node).await?;
            Ok(Reply::History(page))
        };
        self.answer_later(ticket, seen, ctx)
    }

    /// A channel that this session may read from. What is switched off is so for everybody, so it is told before the
    /// right is looked at.
    fn readable(
        &self,
        channel: &str,
        on: impl Fn(&Namespace) -> bool,
        rule: impl Fn(&Namespace) -> &Rule,
    ) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        let (channel, namespace) = self.known_channel(channel)?;
        if !on(&namespace) {
            return Err(ReplyError::NOT_AVAILABLE.into());
        }
        self.hold_to(self.under_rule(rule(&namespace), &channel), "to read", &channel)?;
        Ok((channel, namespace))
    }

    fn answer_with(&mut self, ticket: Ticket, reply: Answer<Reply, Fault>, ctx: &mut Context<Self>) -> Step {
        match reply {
            Answer::Ready(result) => Step::Done(result),
            Answer::Later(result) => self.answer_later(ticket, result, ctx),
        }
    }

    fn answer_later<F>(&mut self, ticket: Ticket, result: F, ctx: &mut Context<Self>) -> Step
    where
        F: Future<Output = Result<Reply, Fault>> + 'static,
    {
        self.later(ctx, result, move |session, result, ctx| session.resume(ticket, result, ctx));
        Step::Waits
    }
}
