//! Expiry of identities and subscriptions, and the tokens that extend them.
use super::{Session, Step};
use crate::auth::{ConnectionGrant, SubscriptionGrant, TokenError};
use crate::broker::{DeadlineKey, Due};
use crate::delivery::Ticket;
use crate::protocol::{Expiry, Reply, SubRefresh};
use crate::types::{Answer, ChannelName, Disconnect, Fault, ReplyError, Unsubscribed};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A client may come this much later than its token's end: it asks for a new one only then.
const GRACE: Duration = Duration::from_secs(25);

/// When something ends, and the deadline that says so.
pub(super) struct Ends {
    at: Instant,
    key: DeadlineKey,
}

impl Session {
    /// How long until a time in seconds since 1970; at least a second, or the client would ask again at once.
    pub(super) fn time_until(&self, at: Option<i64>) -> Option<Expiry> {
        at.map(|at| Expiry { ttl: u32::try_from((at - self.node().now()).max(1)).unwrap_or(u32::MAX) })
    }

    /// Sees to it that the session hears of the end of something, at this time in seconds since 1970 and the grace, if there is any.
    fn ends(&self, at: Option<i64>, due: Due, ctx: &Context<Self>) -> Option<Ends> {
        let grace = if self.terms.refreshes { GRACE } else { Duration::ZERO };
        let time = Duration::from_secs((at? - self.node().now()).max(0) as u64) + grace;
        // What ends after the end of the clock does not.
        self.ends_at(Instant::now().checked_add(time)?, due, ctx)
    }

    fn ends_at(&self, at: Instant, due: Due, ctx: &Context<Self>) -> Option<Ends> {
        let me = ctx.address().downgrade().recipient();
        let key = self.worker.deadlines().after(at.duration_since(Instant::now()), me, due);
        Some(Ends { at, key })
    }

    /// Whether it is the end. Where it is not, as the queue of deadlines reaches less far, this is looked at again.
    fn is_over(&self, ends: &mut Option<Ends>, due: Due, ctx: &Context<Self>) -> bool {
        match ends.take() {
            Some(later) if later.at > Instant::now() => {
                *ends = self.ends_at(later.at, due, ctx);
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// Nothing ends by itself any more.
    pub(super) fn goes_on(&self, ends: Option<Ends>) {
        if let Some(ends) = ends {
            self.worker.deadlines().cancel(ends.key);
        }
    }

    pub(super) fn schedule_identity(&mut self, ctx: &mut Context<Self>) {
        let ends = self.ends(self.identity.expires_at, Due::Identity, ctx);
        let before = std::mem::replace(&mut self.ends, ends);
        self.goes_on(before);
    }

    pub(super) fn schedule_subscription(&mut self, channel: &ChannelName, at: Option<i64>, ctx: &mut Context<Self>) {
        let ends = self.ends(at, Due::Subscription(channel.clone()), ctx);
        let before = match self.subs.get_mut(channel) {
            Some(sub) => std::mem::replace(&mut sub.ends, ends),
            None => ends,
        };
        self.goes_on(before);
    }

    pub(super) fn refresh(&mut self, ticket: Ticket, token: &str, ctx: &mut Context<Self>) -> Step {
        match self.authenticator().verify_connection_at(token, self.node().now()) {
            Answer::Ready(grant) => Step::Done(self.refreshed(grant, ctx)),
            Answer::Later(grant) => {
                self.later(ctx, grant, move |session, grant, ctx| {
                    let result = session.refreshed(grant, ctx);
                    session.resume(ticket, result, ctx);
                });
                Step::Waits
            }
        }
    }

    fn refreshed(
        &mut self,
        grant: Result<ConnectionGrant, TokenError>,
        ctx: &mut Context<Self>,
    ) -> Result<Reply, Fault> {
        let grant = grant.map_err(|error| match error {
            TokenError::Invalid(_) => Disconnect::INVALID_TOKEN.into(),
            TokenError::Expired => Disconnect::CONNECTION_EXPIRED.into(),
            TokenError::Unavailable => Fault::Reply(ReplyError::INTERNAL),
        })?;
        if grant.identity.user != self.identity.user {
            return Err(Disconnect::INVALID_TOKEN.into());
        }
        let identity = self.unrevoked(Arc::new(grant.identity))?;
        if !self.renew_granted(grant.subs) {
            // The SDK comes back with this token, and gets its channels.
            return Err(Disconnect::INSUFFICIENT_STATE.into());
        }
        self.renew(identity);
        self.schedule_identity(ctx);
        Ok(Reply::Refreshed(self.time_until(self.identity.expires_at)))
    }

    fn subscription_is_due(&mut self, channel: ChannelName, ctx: &mut Context<Self>) {
        let Some(sub) = self.subs.get_mut(&channel) else { return };
        let (is_by_server, mut ends) = (sub.server_side, sub.ends.take());
        let is_over = self.is_over(&mut ends, Due::Subscription(channel.clone()), ctx);
        if let Some(sub) = self.subs.get_mut(&channel) {
            sub.ends = ends;
        }
        match (is_over, is_by_server) {
            (true, true) => self.end(Disconnect::SUBSCRIPTION_EXPIRED, ctx),
            (true, false) => self.unsubscribe_and_say(&channel, Unsubscribed::EXPIRED),
            (false, _) => {}
        }
    }

    pub(super) fn sub_refresh(&mut self, ticket: Ticket, refresh: SubRefresh, ctx: &mut Context<Self>) -> Step {
        let channel = match self.channel(&refresh.channel) {
            Ok(channel) if self.subs.contains_key(&channel) => channel,
            _ => return ReplyError::PERMISSION_DENIED.into(),
        };
        match self.authenticator().verify_subscription_at(&refresh.token, self.node().now()) {
            Answer::Ready(grant) => Step::Done(self.sub_refreshed(&channel, grant, ctx)),
            Answer::Later(grant) => {
                self.later(ctx, grant, move |session, grant, ctx| {
                    let result = session.sub_refreshed(&channel, grant, ctx);
                    session.resume(ticket, result, ctx);
                });
                Step::Waits
            }
        }
    }

    fn sub_refreshed(
        &mut self,
        channel: &ChannelName,
        grant: Result<SubscriptionGrant, TokenError>,
        ctx: &mut Context<Self>,
    ) -> Result<Reply, Fault> {
        let grant = grant.map_err(|error| match error {
            TokenError::Invalid(_) => Fault::Close(Disconnect::INVALID_TOKEN),
            TokenError::Expired => ReplyError::TOKEN_EXPIRED.into(),
            TokenError::Unavailable => ReplyError::INTERNAL.into(),
        })?;
        if !self.is_for_me(&grant, channel.as_str()) {
            return Err(Disconnect::INVALID_TOKEN.into());
        }
        let right = self.right_of(&grant).ok_or(ReplyError::PERMISSION_DENIED)?;
        let Some(sub) = self.subs.get_mut(channel) else { return Err(ReplyError::PERMISSION_DENIED.into()) };
        sub.right = right;
        if sub.overrides != grant.overrides {
            // The SDK subscribes again with this token, and gets its settings.
            return match sub.server_side {
                true => Err(Disconnect::INSUFFICIENT_STATE.into()),
                false => {
                    self.unsubscribe_and_say(channel, Unsubscribed::INSUFFICIENT_STATE);
                    Ok(Reply::SubRefreshed(self.time_until(grant.expires_at)))
                }
            };
        }
        self.show_in(channel, grant.info);
        self.schedule_subscription(channel, grant.expires_at, ctx);
        Ok(Reply::SubRefreshed(self.time_until(grant.expires_at)))
    }
}

impl Handler<Due> for Session {
    type Result = ();

    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        match due {
            Due::Identity => {
                let mut ends = self.ends.take();
                let is_over = self.is_over(&mut ends, Due::Identity, ctx);
                self.ends = ends;
                if is_over {
                    self.end(Disconnect::CONNECTION_EXPIRED, ctx);
                }
            }
            Due::Subscription(channel) => self.subscription_is_due(channel, ctx),
            Due::Linger => self.end(Disconnect::STALE, ctx),
            Due::Heartbeat | Due::Own(_) => {}
        }
    }
}
