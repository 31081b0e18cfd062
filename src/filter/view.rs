//! What a listener sees of the events of its channel.
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

/// Passes what has all these tags for views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewTagsView(pub Vec<(&'static str, String)>);

impl View for ViewTagsView {
    fn look(&self, event: &Event) -> Look {
        let tags = event.envelope.as_ref().and_then(|envelope| envelope.view_tags.as_deref());
        let has = |(key, value): &(&'static str, String)| tags.is_some_and(|tags| tags.get(*key) == Some(value));
        Look::passing(self.0.iter().all(has))
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

/// Shows what both views show: the second is asked about what the first has made of an event.
struct Chained(Rc<dyn View>, Rc<dyn View>);

impl View for Chained {
    fn look(&self, event: &Event) -> Look {
        let first = match self.0.look(event) {
            Look::Now(Shown::Pass) => return self.1.look(event),
            Look::Now(Shown::Drop) => return Look::Now(Shown::Drop),
            Look::Now(Shown::Replace(data)) => {
                let second = self.1.look(&Event { data: data.clone(), ..event.clone() });
                let replaced = |shown| if shown == Shown::Pass { Shown::Replace(data) } else { shown };
                return match second {
                    Look::Now(shown) => Look::Now(replaced(shown)),
                    Look::Later(shown) => Look::Later(Box::pin(async move { replaced(shown.await) })),
                };
            }
            Look::Later(first) => first,
        };
        // The second must be asked on this thread, before the first has decided.
        match self.1.look(event) {
            Look::Now(second) => Look::Later(Box::pin(async move { agreed(first.await, second) })),
            Look::Later(second) => Look::Later(Box::pin(async move {
                match first.await {
                    Shown::Drop => Shown::Drop,
                    first => agreed(first, second.await),
                }
            })),
        }
    }
}

/// What two views show that looked at the same event. Where each shows something else, nobody knows what both would show.
fn agreed(first: Shown, second: Shown) -> Shown {
    match (first, second) {
        (Shown::Pass, shown) | (shown, Shown::Pass) => shown,
        (Shown::Drop, _) | (_, Shown::Drop) | (Shown::Replace(_), Shown::Replace(_)) => Shown::Drop,
    }
}

/// One view after the other, where there are two.
pub fn chained(first: Option<Rc<dyn View>>, second: Option<Rc<dyn View>>) -> Option<Rc<dyn View>> {
    match (first, second) {
        (Some(first), Some(second)) => Some(Rc::new(Chained(first, second))),
        (first, second) => first.or(second),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ChannelName;

    struct Says(fn() -> Look);

    impl View for Says {
        fn look(&self, _: &Event) -> Look {
            (self.0)()
        }
    }

    fn event() -> Event {
        let channel = ChannelName::user("news", 255).expect("a valid name");
        Event { channel, data: Json::null(), tags: None, publisher: None, position: None, envelope: None }
    }

    fn two() -> Json {
        Json::parse("2".into()).expect("JSON")
    }

    async fn shown(first: fn() -> Look, second: fn() -> Look) -> Shown {
        let view = chained(Some(Rc::new(Says(first))), Some(Rc::new(Says(second)))).expect("two views are a view");
        match view.look(&event()) {
            Look::Now(shown) => shown,
            Look::Later(shown) => shown.await,
        }
    }

    #[actix_rt::test]
    async fn two_views_show_what_both_show_whether_they_decide_now_or_later() {
        let pass = [|| Look::Now(Shown::Pass), || Look::Later(Box::pin(async { Shown::Pass }))];
        let drop = [|| Look::Now(Shown::Drop), || Look::Later(Box::pin(async { Shown::Drop }))];
        let replace = [|| Look::Now(Shown::Replace(two())), || Look::Later(Box::pin(async { Shown::Replace(two()) }))];
        for first in 0..2 {
            for second in 0..2 {
                assert_eq!(shown(pass[first], pass[second]).await, Shown::Pass);
                assert_eq!(shown(pass[first], drop[second]).await, Shown::Drop);
                assert_eq!(shown(drop[first], replace[second]).await, Shown::Drop);
                assert_eq!(shown(replace[first], drop[second]).await, Shown::Drop);
                assert_eq!(shown(replace[first], pass[second]).await, Shown::Replace(two()));
                assert_eq!(shown(pass[first], replace[second]).await, Shown::Replace(two()));
            }
        }
    }
}
