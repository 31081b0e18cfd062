//! What a listener is shown of the events of its channel.
use super::TagsFilter;
use crate::types::{BoxFuture, Event, Group, Json};
use std::rc::Rc;

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

/// What a view answers.
pub enum Look {
    /// It has decided.
    Now(Shown),
    /// It decides when this is done. Later events for the same listener wait for it, so that they keep their order; their own
    /// looks begin at once.
    Later(BoxFuture<Shown>),
}

/// Decides what one listener is shown.
pub trait View {
    /// What becomes of this event. Called on the thread that delivers, once for each listener: it must be quick, and wait for
    /// nothing; what takes time goes into the future of [`Look::Later`].
    fn look(&self, event: &Event) -> Look;
}

/// Passes what the tags admit, as it is.
impl View for TagsFilter {
    fn look(&self, event: &Event) -> Look {
        Look::passing(self.matches(event.tags.as_deref()))
    }
}

/// Passes what is meant for one group by name; without a group, what is meant for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView(pub Option<Group>);

impl View for GroupView {
    fn look(&self, event: &Event) -> Look {
        let to = event.envelope.as_ref().and_then(|envelope| envelope.audience.to());
        Look::passing(match (&self.0, to) {
            (None, None) => true,
            (Some(group), Some(to)) => to.contains(group),
            (None, Some(_)) | (Some(_), None) => false,
        })
    }
}

/// Shows what a filter passes as the second view shows it.
pub struct Filtered<F>(pub F, pub Rc<dyn View>);

impl<F: View> View for Filtered<F> {
    fn look(&self, event: &Event) -> Look {
        match self.0.look(event) {
            Look::Now(Shown::Pass) => self.1.look(event),
            decided => decided,
        }
    }
}

impl Look {
    fn passing(passes: bool) -> Self {
        Look::Now(if passes { Shown::Pass } else { Shown::Drop })
    }
}

/// A filter alone, or before the view of its channel.
pub fn filtered<F: View + 'static>(filter: F, view: Option<Rc<dyn View>>) -> Rc<dyn View> {
    match view {
        Some(view) => Rc::new(Filtered(filter, view)),
        None => Rc::new(filter),
    }
}
