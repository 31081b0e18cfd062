//! What ends by itself: identities and subscriptions, and the tokens that prolong them.
use super::{Session, Step};
use crate::auth::{ConnectionGrant, SubscriptionGrant, TokenError};
use crate::broker::{Due, Ticket};
use crate::protocol::{Expiry, Reply, SubRefresh};
use crate::types::{Answer, ChannelName, Disconnect, Fault, ReplyError, Unsubscribed};
use actix::prelude::*;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A client may come this much later than its token's end: it asks for a new one only then.
const GRACE: Duration = Duration::from_secs(25);

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    // Before 1970 only on a machine whose clock is lost; tokens are then neither refused nor prolonged by it.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}

/// How long until a time in seconds since 1970; at least a second, or the client would ask again at once.
pub(super) fn expiry(at: Option<i64>) -> Option<Expiry> {
    at.map(|at| Expiry { ttl: u32::try_from((at - now()).max(1)).unwrap_or(u32::MAX) })
}

fn until(at: i64) -> Duration {
    // The deadline queue reaches two years; a token that lives longer is looked at again then.
    const FAR: Duration = Duration::from_secs(600 * 24 * 3600);
    (Duration::from_secs((at - now()).max(0) as u64) + GRACE).min(FAR)
}

impl Session {
    pub(super) fn schedule_identity(&mut self, ctx: &mut Context<Self>) {
        if let Some(key) = self.expiry.take() {
            self.worker.deadlines().cancel(key);
        }
        let me = ctx.address().downgrade().recipient();
        let at = self.identity.expires_at;
        self.expiry = at.map(|at| self.worker.deadlines().after(until(at), me, Due::Identity));
    }

    pub(super) fn schedule_subscription(&mut self, channel: &ChannelName, at: Option<i64>, ctx: &mut Context<Self>) {
        let Some(sub) = self.subs.get_mut(channel) else { return };
        if let Some(key) = sub.expiry.take() {
            self.worker.deadlines().cancel(key);
        }
        let me = ctx.address().downgrade().recipient();
        let due = Due::Subscription(channel.clone());
        sub.expiry = at.map(|at| self.worker.deadlines().after(until(at), me, due));
    }

    pub(super) fn refresh(&mut self, ticket: Ticket, token: &str, ctx: &mut Context<Self>) -> Step {
        match self.node().settings().authenticator.verify_connection(token) {
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
        Ok(Reply::Refreshed(expiry(self.identity.expires_at)))
    }

    pub(super) fn sub_refresh(&mut self, ticket: Ticket, refresh: SubRefresh, ctx: &mut Context<Self>) -> Step {
        let channel = match self.node().channel(&refresh.channel) {
            Ok(channel) if self.subs.contains_key(&channel) => channel,
            _ => return ReplyError::PERMISSION_DENIED.into(),
        };
        match self.node().settings().authenticator.verify_subscription(&refresh.token) {
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
        if let Some(sub) = self.subs.get_mut(channel) {
            sub.right = right;
        }
        self.show_in(channel, grant.info);
        self.schedule_subscription(channel, grant.expires_at, ctx);
        Ok(Reply::SubRefreshed(expiry(grant.expires_at)))
    }
}

impl Handler<Due> for Session {
    type Result = ();

    fn handle(&mut self, due: Due, ctx: &mut Self::Context) {
        match due {
            Due::Identity => {
                self.expiry = None;
                match self.identity.expires_at {
                    Some(at) if at + GRACE.as_secs() as i64 > now() => self.schedule_identity(ctx),
                    Some(_) => self.end(Disconnect::CONNECTION_EXPIRED, ctx),
                    None => {}
                }
            }
            Due::Subscription(channel) => match self.subs.get_mut(&channel) {
                Some(sub) if sub.server_side => self.end(Disconnect::SUBSCRIPTION_EXPIRED, ctx),
                Some(sub) => {
                    sub.expiry = None;
                    self.unsubscribe_and_say(&channel, Unsubscribed::EXPIRED);
                }
                None => {}
            },
            Due::Linger => self.end(Disconnect::STALE, ctx),
            Due::Heartbeat | Due::Own(_) => {}
        }
    }
}
