//! Commands of the server to a session: from the API, from handlers, from the hub.
use super::join::{Asked, Wanted};
use super::message::PublishDone;
use super::{Phase, Session, Subscription};
use crate::delivery::{Body, Delivery, Holder, Naming, SessionOrder, SubscribeOptions, Ticket, WhenFull};
use crate::protocol::{Push, Recovered};
use crate::types::{ChannelName, Disconnect, Event, Fault, Identity, Json, ReplyError, Space, Unsubscribed};
use actix::prelude::*;
use std::sync::Arc;

impl Session {
    /// What a server-side subscription shall be: above the rules, but not in an unknown namespace (decision 4).
    pub(super) fn wanted_by_server(&self, channel: &ChannelName, options: SubscribeOptions) -> Result<Wanted, Fault> {
        let namespace = self.node().channels().namespace(channel).ok_or(ReplyError::UNKNOWN_CHANNEL)?;
        self.node().channels().source(channel)?;
        let asked = Asked { recoverable: options.recover.is_some(), ..Asked::default() };
        Ok(Wanted {
            info: options.info,
            data: options.data,
            expires_at: options.expire_at,
            recover: options.recover,
            server_side: true,
            groups: self.groups_in(&namespace),
            ..Wanted::under(&namespace, &options.overrides, asked)
        })
    }

    fn subscribe_by_server(&mut self, channel: ChannelName, options: SubscribeOptions, ctx: &mut Context<Self>) {
        if self.subs.contains_key(&channel) || !self.terms.names.is_of_everybody() {
            return;
        }
        if self.subs.len() >= self.node().limits().channels_per_connection {
            return self.node().metrics().reached("channels_per_connection");
        }
        let Ok(wanted) = self.wanted_by_server(&channel, options) else { return };
        let (plan, joined) = self.begin_join(channel, wanted, ctx);
        self.later(ctx, joined, move |session, joined, ctx| {
            let channel = plan.channel.clone();
            match session.finish_join(plan, joined, ctx) {
                Ok((mut subscribed, since)) => {
                    let recovered = subscribed.recovery.take();
                    let push = Push::Subscribe { channel: channel.clone(), subscribed: Box::new(subscribed) };
                    session.outlet.push(&push);
                    session.deliver_recovered(recovered);
                    session.begin(&channel, since);
                }
                Err(fault) => log::warn!("a server-side subscription to {channel} failed: {fault}"),
            }
        });
    }

    /// A push that tells of a subscription has no room for events: they follow as pushes of their own.
    fn deliver_recovered(&self, recovered: Option<Recovered>) {
        for event in recovered.into_iter().flat_map(|recovered| recovered.events) {
            let delivery = Delivery::new(event.channel.clone(), Body::Event(event), 0);
            self.outlet.deliver(&delivery, Naming::Own, WhenFull::Disconnect);
        }
    }

    /// An event of its home that came past the channel.
    fn bring(&self, event: Arc<Event>) {
        if self.is_home(&event.channel) {
            let delivery = Delivery::new(event.channel.clone(), Body::Event(event), 0);
            self.outlet.deliver(&delivery, Naming::Own, WhenFull::Disconnect);
        }
    }

    /// Ends a subscription and tells the client, which would otherwise wait for events that never come.
    pub(super) fn unsubscribe_and_say(&mut self, channel: &ChannelName, reason: Unsubscribed) {
        let Some(sub) = self.subs.get_mut(channel) else { return };
        if sub.membership.is_none() {
            // The client does not know of it yet: it is told after the reply to its subscribe.
            sub.ended = Some(reason);
            return;
        }
        self.drop_subscription(channel);
        self.outlet.push(&Push::Unsubscribe { channel: channel.clone(), reason });
    }

    pub(super) fn resync(&mut self, channel: &ChannelName, ctx: &mut Context<Self>) {
        match self.subs.get(channel) {
            // One that cannot be told comes back with a new connection.
            Some(sub) if sub.server_side || !self.outlet.has_pushes() => {
                self.end(Disconnect::INSUFFICIENT_STATE, ctx);
            }
            Some(_) => self.unsubscribe_and_say(channel, Unsubscribed::INSUFFICIENT_STATE),
            None => {}
        }
    }

    /// The subscriptions that this channel's events come to, and that have missed some.
    fn cut_off(&self, source: &ChannelName) -> Vec<ChannelName> {
        let is_cut = |sub: &Subscription| self.worker.is_cut(source, sub.key);
        let of_source = self.subs.iter().filter(|(channel, sub)| sub.source(channel) == source && is_cut(sub));
        of_source.map(|(channel, _)| channel.clone()).collect()
    }

    fn prolong(&mut self, expire_at: Option<i64>, info: Option<Json>, ctx: &mut Context<Self>) {
        let known = &self.identity;
        let info = info.or_else(|| known.info.clone());
        self.renew(Arc::new(Identity { expires_at: expire_at, info, ..(**known).clone() }));
        self.schedule_identity(ctx);
        self.outlet.push(&Push::Refresh(self.time_until(expire_at)));
    }
}

impl Holder for Addr<Session> {
    fn order(&self, order: SessionOrder) {
        self.do_send(order);
    }

    fn published(&self, ticket: Ticket, refused: Option<ReplyError>) {
        self.do_send(PublishDone { ticket, refused });
    }
}

impl Handler<SessionOrder> for Session {
    type Result = ();

    fn handle(&mut self, order: SessionOrder, ctx: &mut Self::Context) {
        if self.phase != Phase::In {
            return;
        }
        match order {
            SessionOrder::Subscribe(order) => {
                let (channel, options) = *order;
                self.subscribe_by_server(channel, options, ctx);
            }
            SessionOrder::Unsubscribe(channel, reason) => self.unsubscribe_and_say(&channel, reason),
            SessionOrder::UnsubscribeAll(reason) => {
                // What belongs to other spaces is no channel of the API's.
                let of_everybody = self.subs.keys().filter(|channel| *channel.space() == Space::User);
                let channels: Vec<ChannelName> = of_everybody.cloned().collect();
                channels.iter().for_each(|channel| self.unsubscribe_and_say(channel, reason.clone()));
            }
            SessionOrder::Disconnect(reason) => self.end(reason, ctx),
            SessionOrder::Refresh { expire_at, info } => self.prolong(expire_at, info, ctx),
            SessionOrder::Identify(identity) => self.stand_for(identity, ctx),
            SessionOrder::Message(data) => self.outlet.push(&Push::Message(data)),
            SessionOrder::Bring(event) => self.bring(event),
            SessionOrder::Revoke(revocation, upto) => self.apply_revocation(&revocation, upto, ctx),
            SessionOrder::Describe(query) => self.describe(&query),
            SessionOrder::Resync(channel) => {
                // The client may have come back for it by itself meanwhile.
                for channel in self.cut_off(&channel) {
                    self.resync(&channel, ctx);
                }
            }
        }
    }
}
