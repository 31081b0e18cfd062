//! The commands subscribe and unsubscribe.
use super::join::{Asked, Wanted};
use super::revoked::Right;
use super::{Session, Step};
use crate::auth::{Overrides, SubscriptionGrant, TokenError};
use crate::broker::Namespace;
use crate::delivery::Ticket;
use crate::filter::{TagsFilter, Topics};
use crate::protocol::{Reply, Subscribe, Unsubscribe};
use crate::types::{Answer, ChannelName, Disconnect, Fault, ReplyError, Topic};
use actix::prelude::*;
use std::sync::Arc;

/// What clients that may filter by tags call the field of the filter.
const FILTER: &str = "tf";

impl Session {
    pub(super) fn subscribe(&mut self, ticket: Ticket, subscribe: Subscribe, ctx: &mut Context<Self>) -> Step {
        match self.channel(&subscribe.channel).and_then(|channel| self.widen(channel, &subscribe)) {
            Ok(Some(widened)) => return self.answer_widened(ticket, widened, ctx),
            Ok(None) => {}
            Err(fault) => return fault.into(),
        }
        let (channel, namespace) = match self.subscribable(&subscribe) {
            Ok(found) => found,
            Err(fault) => return fault.into(),
        };
        if subscribe.token.is_empty() {
            let decision = self.may_subscribe(&channel, &namespace);
            if let Err(fault) = self.hold_to(decision, "to subscribe to", &channel) {
                return fault.into();
            }
            let right = if channel.admitted_users().is_some() { Right::Other } else { Right::Rule };
            return self.join_asked(ticket, channel, &namespace, subscribe, (right, None), ctx);
        }
        match self.authenticator().verify_subscription_at(&subscribe.token, self.node().now()) {
            Answer::Ready(grant) => self.subscribe_granted(ticket, channel, &namespace, subscribe, grant, ctx),
            Answer::Later(grant) => {
                self.later(ctx, grant, move |session, grant, ctx| {
                    match session.subscribe_granted(ticket, channel, &namespace, subscribe, grant, ctx) {
                        Step::Done(result) => session.resume(ticket, result, ctx),
                        Step::Waits | Step::Handed => {}
                    }
                });
                Step::Waits
            }
        }
    }

    fn subscribable(&self, subscribe: &Subscribe) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        let (channel, namespace) = self.known_channel(&subscribe.channel)?;
        self.node().channels().source(&channel)?;
        if self.subs.contains_key(&channel) {
            return Err(ReplyError::ALREADY_SUBSCRIBED.into());
        }
        let most = self.node().limits().channels_per_connection;
        let has_topics = subscribe.topic != Topic::Unnamed;
        if self.subs.len() >= most || has_topics && self.subscription_count() >= most {
            self.node().metrics().reached("channels_per_connection");
            return Err(ReplyError::LIMIT_EXCEEDED.into());
        }
        if subscribe.filter.is_some() && !namespace.allow_tags_filter {
            let why = "is not allowed here: the namespace needs allow_tags_filter";
            return Err(ReplyError::bad_field(FILTER, why).into());
        }
        Ok((channel, namespace))
    }

    fn subscribe_granted(
        &mut self,
        ticket: Ticket,
        channel: ChannelName,
        namespace: &Namespace,
        subscribe: Subscribe,
        grant: Result<SubscriptionGrant, TokenError>,
        ctx: &mut Context<Self>,
    ) -> Step {
        match grant {
            Ok(grant) if self.is_for_me(&grant, &subscribe.channel) => match self.right_of(&grant) {
                Some(right) => self.join_asked(ticket, channel, namespace, subscribe, (right, Some(grant)), ctx),
                None => ReplyError::PERMISSION_DENIED.into(),
            },
            Ok(_) => Fault::Close(Disconnect::INVALID_TOKEN).into(),
            Err(TokenError::Expired) => ReplyError::TOKEN_EXPIRED.into(),
            Err(TokenError::Invalid(_)) => ReplyError::PERMISSION_DENIED.into(),
            Err(TokenError::Unavailable) => ReplyError::INTERNAL.into(),
        }
    }

    /// Whether a subscription token is for this session and channel.
    pub(super) fn is_for_me(&self, grant: &SubscriptionGrant, channel: &str) -> bool {
        let client = grant.client.as_deref().is_none_or(|client| client == self.id.to_string());
        client && grant.user == self.identity.user && grant.channel == channel
    }

    fn join_asked(
        &mut self,
        ticket: Ticket,
        channel: ChannelName,
        namespace: &Namespace,
        subscribe: Subscribe,
        (right, grant): (Right, Option<SubscriptionGrant>),
        ctx: &mut Context<Self>,
    ) -> Step {
        let filter = match subscribe.filter.as_ref().map(TagsFilter::compile).transpose() {
            Ok(filter) => filter,
            Err(error) => return ReplyError::bad_field(FILTER, format_args!("is not valid: {error}")).into(),
        };
        let overrides = grant.as_ref().map_or(Overrides::default(), |grant| grant.overrides);
        let asked = Asked {
            positioned: subscribe.positioned,
            recoverable: subscribe.recoverable || subscribe.recover.is_some(),
            join_leave: subscribe.join_leave,
            history: self.under_rule_as_listener(&namespace.history_for, &channel).is_allowed(),
            presence: self.under_rule_as_listener(&namespace.presence_for, &channel).is_allowed(),
        };
        let (info, expires_at) = grant.map_or((None, None), |grant| (grant.info, grant.expires_at));
        let wanted = Wanted {
            info,
            expires_at,
            right,
            filter,
            topics: Topics::of(&subscribe.topic),
            groups: self.groups_in(namespace),
            claimant: self.claimant_in(namespace),
            recover: subscribe.recover,
            reject_unrecovered: subscribe.reject_unrecovered,
            compaction: subscribe.compaction && namespace.allow_channel_compaction,
            ..Wanted::under(namespace, &overrides, asked)
        };
        let (plan, joined) = self.begin_join(channel, wanted, ctx);
        self.later(ctx, joined, move |session, joined, ctx| {
            let channel = plan.channel.clone();
            let result = session.finish_join(plan, joined, ctx).map(|(subscribed, since)| {
                session.after_reply.push((channel, since));
                Reply::Subscribed(Box::new(subscribed))
            });
            session.resume(ticket, result, ctx);
        });
        Step::Waits
    }

    pub(super) fn unsubscribe(&mut self, unsubscribe: &Unsubscribe) -> Step {
        if let Ok(channel) = self.channel(&unsubscribe.channel)
            && self.narrow(&channel, &unsubscribe.topic)
        {
            self.drop_subscription(&channel);
        }
        Step::Done(Ok(Reply::Unsubscribed))
    }
}
