//! How a session describes itself.
use super::{Session, Subscription};
use crate::delivery::{DescribedSubscription, DescriptionQuery, SessionDescription};
use crate::types::{ChannelName, Topic};

impl Session {
    /// Answers a query, if it is meant.
    pub(super) fn describe(&self, query: &DescriptionQuery) {
        let is_subscribed = |channel: &ChannelName| self.subs.get(channel).is_some_and(|sub| stands(sub));
        if query.subscribed_to().is_none_or(is_subscribed) {
            query.answer(|| self.description());
        }
    }

    fn description(&self) -> SessionDescription {
        let standing = self.subs.iter().filter(|(_, sub)| stands(sub));
        let mut subscriptions: Vec<_> = standing.map(|(channel, sub)| described(channel, sub)).collect();
        subscriptions.sort_unstable();
        SessionDescription {
            client: self.id,
            user: self.info.user.clone(),
            kind: self.identity.kind,
            realm: self.identity.realm.clone(),
            registered: self.registered.as_ref().map(|channel| channel.as_str().to_owned()),
            groups: self.identity.groups.iter().map(|group| group.as_str().to_owned()).collect(),
            subscriptions,
            transport: self.outlet.transport(),
        }
    }
}

/// A subscription whose join is under way may yet be refused, and its client does not know of it.
fn stands(sub: &Subscription) -> bool {
    sub.membership.is_some()
}

fn described(channel: &ChannelName, sub: &Subscription) -> DescribedSubscription {
    let narrowing = sub.topics.as_ref().filter(|topics| !topics.has(&Topic::Every));
    let topics = narrowing.map(|topics| topics.names()).unwrap_or_default();
    DescribedSubscription { space: channel.space().clone(), channel: channel.as_str().to_owned(), topics }
}
