//! What a listener is shown of the events of its channel.
use super::TagsFilter;
use crate::types::{Event, Group, Json};

/// What becomes of an event for one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It gets the event as it is.
    Pass,
    /// It gets the event with this payload.
    Replace(Json),
    /// It does not get the event.
    Drop,
}

/// Decides what one listener is shown. Asked on the thread that delivers, for each event: it must be quick, and wait for
/// nothing.
pub trait View {
    /// What becomes of this event.
    fn look(&self, event: &Event) -> Shown;
}

impl View for TagsFilter {
    fn look(&self, event: &Event) -> Shown {
        match self.matches(event.tags.as_deref()) {
            true => Shown::Pass,
            false => Shown::Drop,
        }
    }
}

/// Passes what is meant for one group by name; without a group, what is meant for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView(pub Option<Group>);

impl View for GroupView {
    fn look(&self, event: &Event) -> Shown {
        let to = event.envelope.as_ref().and_then(|envelope| envelope.audience.to());
        let is_meant = match (&self.0, to) {
            (None, None) => true,
            (Some(group), Some(to)) => to.contains(group),
            (None, Some(_)) | (Some(_), None) => false,
        };
        if is_meant { Shown::Pass } else { Shown::Drop }
    }
}
