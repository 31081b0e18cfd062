//! What becomes of a session when its token is renewed: what the new one does not grant any more ends, and what it says about the
//! user is shown from then on (decision 36).
use super::{Session, revoked::Right};
use crate::auth::SubscriptionOptions;
use crate::broker::Namespace;
use crate::types::{ChannelName, ClientInfo, Identity, Json, Unsubscribed};
use std::sync::Arc;

impl Session {
    /// Takes over the identity of a new token, of the same user.
    pub(super) fn renew(&mut self, identity: Arc<Identity>) {
        self.show(identity.info.clone());
        self.identity = identity;
        self.recheck();
    }

    /// Whether a new token subscribes to other channels than the one before, or otherwise.
    pub(super) fn is_elsewhere(&self, granted: &[(String, SubscriptionOptions)]) -> bool {
        *self.granted != *granted
    }

    /// Ends the subscriptions that a rule granted, and grants no more.
    fn recheck(&mut self) {
        let by_rule = self.subs.iter().filter(|(_, sub)| matches!(sub.right, Right::Rule));
        let by_rule: Vec<ChannelName> = by_rule.map(|(channel, _)| channel.clone()).collect();
        for channel in by_rule {
            let Some(namespace) = self.node().namespace(&channel) else { continue };
            if !self.will_be_admitted(&namespace.subscribe, &channel) {
                self.unsubscribe_and_say(&channel, Unsubscribed::SERVER);
            } else if !self.will_be_admitted(&namespace.presence_for, &channel) {
                self.stop_notices(&channel, &namespace);
            }
        }
    }

    /// Joins and leaves are for who may see who is there, but where all are told.
    pub(super) fn stop_notices(&self, channel: &ChannelName, namespace: &Namespace) {
        if let Some(sub) = self.subs.get(channel).filter(|_| !namespace.force_push_join_leave) {
            self.worker.with_listener(channel, sub.key, |listener| listener.notices = false);
        }
    }

    /// Others see this of the user from now on, in all channels.
    pub(super) fn show(&mut self, info: Option<Json>) {
        if self.info.conn_info == info {
            return;
        }
        self.info = Arc::new(ClientInfo { conn_info: info, ..(*self.info).clone() });
        let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
        for channel in channels {
            let chan_info = self.subs.get(&channel).and_then(|sub| sub.member.info.chan_info.clone());
            self.show_in(&channel, chan_info);
        }
    }

    /// Others see this of the user in a channel from now on, beside what they see of it everywhere.
    pub(super) fn show_in(&mut self, channel: &ChannelName, chan_info: Option<Json>) {
        let info = self.info_in(chan_info);
        let Some(sub) = self.subs.get_mut(channel) else { return };
        sub.member.info = info;
        // Where the join is under way, its end looks at this again.
        if let Some(membership) = &mut sub.membership {
            membership.renew(&sub.member);
        }
    }
}
