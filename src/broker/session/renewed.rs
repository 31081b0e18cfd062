//! What happens to a session when its token is renewed: rights that the new token no longer grants end, and what it says about the user
//! is shown from then on (decision 36).
use super::{Session, revoked::Right};
use crate::auth::SubscriptionOptions;
use crate::types::{ChannelName, ClientInfo, Identity, Json, Unsubscribed};
use std::sync::Arc;

impl Session {
    /// Takes over the identity of a new token, of the same user, or what is left of it.
    pub(super) fn renew(&mut self, identity: Arc<Identity>) {
        self.show(identity.info.clone());
        self.identity = identity;
        self.renew_noted();
        self.recheck();
    }

    /// Takes over the subscriptions of a new token; false where they are others than those of the one before, or under other
    /// settings.
    pub(super) fn renew_granted(&mut self, granted: Vec<(String, SubscriptionOptions)>) -> bool {
        let same = |(one, other): (&(String, SubscriptionOptions), &(String, SubscriptionOptions))| {
            one.0 == other.0 && one.1.overrides == other.1.overrides
        };
        if self.granted.len() != granted.len() || !self.granted.iter().zip(&granted).all(same) {
            return false;
        }
        for (name, options) in &granted {
            if let Ok(channel) = self.node().channels().named(name) {
                self.show_in(&channel, options.info.clone());
            }
        }
        self.granted = granted.into();
        true
    }

    /// Ends the subscriptions that a rule granted, and grants no more; joins and leaves are for who may see who is there.
    fn recheck(&mut self) {
        let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
        for channel in channels {
            let Some(namespace) = self.node().channels().namespace(&channel) else { continue };
            let Some(sub) = self.subs.get(&channel) else { continue };
            let is_by_rule = matches!(sub.right, Right::Rule);
            if is_by_rule && !self.under_rule_as_listener(&namespace.subscribe, &channel).is_allowed() {
                self.unsubscribe_and_say(&channel, Unsubscribed::SERVER);
            } else if sub.asked_notices && !self.under_rule_as_listener(&namespace.presence_for, &channel).is_allowed()
            {
                self.worker.with_listener(sub.source(&channel), sub.key, |listener| listener.notices = false);
            }
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
