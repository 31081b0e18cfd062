//! The place of the listeners of a home, and the events that only this node keeps there. Each node receives the Redis emitters' events
//! itself, so those events have no place in the history that nodes share.
use super::{Channel, Join};
use crate::broker::Namespace;
use crate::delivery::Body;
use crate::engine::{Engine, HistoryPage, HistoryQuery, PublishOptions, Published, Retention};
use crate::types::{Answer, Event, Place, Position, Space};
use std::sync::Arc;

impl Channel {
    /// Keeps an event of a home that the engine has not kept, unless nobody would want it later.
    pub(super) fn keep_aside(&mut self, event: Arc<Event>) -> Arc<Event> {
        let is_fleeting = event.envelope.as_ref().is_some_and(|envelope| envelope.volatile || envelope.ack.is_some());
        if event.position.is_some() || is_fleeting || !self.is_home() {
            return event;
        }
        let retention = self.node.channels().namespace(&self.name).and_then(|namespace| namespace.retention());
        let (Some(aside), Some(_)) = (self.node.aside(), retention) else { return event };
        match aside.publish((*event).clone(), PublishOptions { retention, ..PublishOptions::default() }) {
            Answer::Ready(Ok(Published::Deliver(kept))) => {
                if let Some(place) = &mut self.stands {
                    place.aside = kept.position.clone();
                }
                kept
            }
            // The memory engine answers at once, and delivers what is no repetition.
            _ => event,
        }
    }

    /// What is kept aside after the place that a join begins at, and its top.
    pub(super) fn read_aside(&self, join: &Join, namespace: &Namespace) -> Option<HistoryPage> {
        let retention = namespace.retention().filter(|_| join.positioned)?;
        let limit = join.recover.as_ref().map_or(0, |_| join.recover_max + 1);
        self.page_aside(HistoryQuery { since: join.aside.clone(), limit, reverse: false }, retention)
    }

    fn page_aside(&self, query: HistoryQuery, retention: Retention) -> Option<HistoryPage> {
        let aside = self.node.aside().filter(|_| self.is_home())?;
        match aside.history(&self.name, query, retention) {
            Answer::Ready(page) => page.ok(),
            Answer::Later(_) => None,
        }
    }

    fn top_aside(&self) -> Option<Position> {
        let retention = self.node.channels().namespace(&self.name)?.retention()?;
        Some(self.page_aside(HistoryQuery::default(), retention)?.top)
    }

    /// Where listeners stand that have got this; none in a channel that is no home, and where it is not known yet.
    pub(super) fn stand(&mut self, body: &Body) -> Option<Place> {
        let Body::Event(event) = body else { return None };
        if !self.is_home() {
            return None;
        }
        if let Some(position) = &event.position {
            match &mut self.stands {
                Some(place) => place.pass(position),
                None => self.stand_at(position),
            }
        }
        self.stands.clone()
    }

    /// Listeners who have got all stand at this position.
    pub(super) fn stand_at(&mut self, position: &Position) {
        if !self.is_home() {
            return;
        }
        let aside = self.top_aside();
        // One of those that are kept aside says nothing of the other history.
        if aside.as_ref().is_some_and(|aside| aside.epoch == position.epoch) {
            return;
        }
        match &mut self.stands {
            // Readers may be told of what the bus has yet to bring; and it is not known what a new epoch begins with.
            Some(place) if place.position.epoch == position.epoch => place.aside = aside,
            stands => *stands = Some(Place { position: position.clone(), aside }),
        }
    }

    /// Whether sessions belong to it: things are done to its listeners in order with its events.
    pub(super) fn is_home(&self) -> bool {
        *self.name.space() == Space::SocketIo
    }
}
