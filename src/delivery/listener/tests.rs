use super::{Claimant, Gap, GroupMember, Lag, Listener, Loss, Missed, Offered, Settled, Since, Skipped};
use crate::delivery::{Body, Delivered, Delivery, Holder, Naming, Outlet, Seq, SessionOrder, Ticket, WhenFull};
use crate::protocol::{Push, Reply};
use crate::types::{ChannelName, Disconnect, Epoch, Event, Group, Json, Place, Position, SessionId};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the counts of what is delivered, and in its place what it is told to have missed.
#[derive(Default)]
struct Seen(RefCell<Vec<Seq>>, RefCell<Vec<(usize, Loss)>>);

impl Outlet for Seen {
    fn deliver(&self, delivery: &Delivery, _: Naming<'_>, _: WhenFull) -> Delivered {
        self.0.borrow_mut().push(delivery.seq);
        Delivered::Queued
    }

    fn push(&self, _: &Push) {}

    fn answer(&self, _: Ticket, _: Reply) {}

    fn done(&self, _: Ticket) {}

    fn lagged(&self, lag: &Lag) {
        self.1.borrow_mut().push((self.0.borrow().len(), lag.loss));
    }

    fn close(&self, _: Disconnect) {}
}

/// What a listener's holder is told is not this room's matter.
struct Nobody;

impl Holder for Nobody {
    fn order(&self, _: SessionOrder) {}
}

fn place(offset: u64) -> Place {
    Place::of(position(offset))
}

fn joining() -> (Listener, Rc<Seen>) {
    let seen = Rc::new(Seen::default());
    (Listener::joining(seen.clone(), Arc::new(Nobody)), seen)
}

fn live(seq: Seq) -> (Listener, Rc<Seen>) {
    let (mut listener, seen) = joining();
    listener.go_live(&news(), Since { seq, top: None, ..Since::default() });
    (listener, seen)
}

fn event(seq: Seq) -> Arc<Delivery> {
    let channel = ChannelName::user("news", 255).expect("a valid name");
    let position = Some(position(seq as u64));
    let event =
        Event { channel: channel.clone(), data: Json::null(), tags: None, publisher: None, position, envelope: None };
    Arc::new(Delivery::new(channel, Body::Event(Arc::new(event)), seq))
}

fn position(offset: u64) -> Position {
    Position { offset, epoch: Epoch::new("e") }
}

/// So many deliveries before one were not sent, of which so many were events.
fn before(deliveries: u64, events: u32) -> Gap {
    Gap::Before(Skipped { deliveries, events, ..Skipped::default() })
}

fn news() -> ChannelName {
    ChannelName::user("news", 255).expect("a valid name")
}

#[test]
fn a_listener_that_missed_something_gets_nothing_that_came_after_it() {
    let (mut listener, seen) = joining();
    listener.go_live(&news(), Since { seq: 0, top: Some(place(0)), ..Since::default() });
    assert_eq!(listener.offer(&event(1), 0), Offered::Sent);
    assert_eq!(listener.missed(Gap::Behind, 2), Missed::ComesBack);
    assert_eq!(listener.offer(&event(3), 0), Offered::Skipped);
    assert_eq!(listener.missed(before(2, 2), 4), Missed::Nothing, "it is told once");
    assert_eq!(*seen.0.borrow(), [1]);
}

#[test]
fn what_was_lost_before_a_listener_began_is_none_of_its_business() {
    let (mut listener, _) = live(5);
    assert_eq!(listener.missed(Gap::Behind, 5), Missed::Nothing);
    assert_eq!(listener.offer(&event(6), 0), Offered::Sent);
    let (mut listener, seen) = joining();
    listener.offer(&event(7), 9);
    assert_eq!(listener.missed(Gap::Behind, 5), Missed::Nothing);
    let since = Since { seq: 5, top: Some(place(5)), ..Since::default() };
    assert_eq!(listener.settle(since.clone()), Settled::AsTold(since.clone()));
    listener.go_live(&news(), since);
    assert_eq!(*seen.0.borrow(), [7]);
}

#[test]
fn a_listener_that_missed_something_while_it_joined_gets_nothing_of_what_was_held_back() {
    let (mut listener, seen) = joining();
    listener.offer(&event(6), 9);
    listener.missed(Gap::Behind, 7);
    listener.offer(&event(8), 9);
    let since = Since { seq: 5, top: Some(place(5)), ..Since::default() };
    assert_eq!(listener.settle(since.clone()), Settled::Cut);
    listener.go_live(&news(), since);
    assert_eq!(listener.offer(&event(9), 9), Offered::Skipped);
    assert_eq!(*seen.0.borrow(), [] as [Seq; 0]);
}

#[test]
fn more_than_can_be_held_back_moves_the_beginning_behind_the_last_of_it() {
    let (mut listener, seen) = joining();
    assert!((6..10).all(|seq| listener.offer(&event(seq), 2) == Offered::Held));
    let begin = Since { seq: 9, top: Some(place(9)), ..Since::default() };
    assert_eq!(
        listener.settle(Since { seq: 5, top: Some(place(5)), ..Since::default() }),
        Settled::Later(begin.clone())
    );
    listener.go_live(&news(), begin);
    listener.offer(&event(10), 2);
    assert_eq!(*seen.0.borrow(), [10]);
}

#[test]
fn what_the_reply_tells_already_is_not_told_again() {
    let (mut listener, seen) = joining();
    assert!((6..10).all(|seq| listener.offer(&event(seq), 9) == Offered::Held));
    listener.go_live(&news(), Since { seq: 5, top: Some(place(8)), ..Since::default() });
    assert_eq!(*seen.0.borrow(), [9]);
}

#[test]
fn a_listener_without_positions_goes_on_and_is_told_how_much_it_missed() {
    let (mut listener, seen) = joining();
    listener.go_live(&news(), Since { seq: 2, top: None, ..Since::default() });
    let told = |count| Missed::GoesOn(Loss { count, is_exact: true });
    assert_eq!(listener.missed(Gap::Behind, 5), Missed::Nothing, "the next delivery tells how much");
    assert_eq!(listener.missed(before(5, 5), 5), told(3), "what came before it is none of its business");
    assert_eq!(listener.offer(&event(6), 0), Offered::Sent);
    assert_eq!(listener.missed(before(1, 1), 7), told(1));
    assert_eq!(listener.missed(Gap::Orphaned, 8), Missed::ComesBack, "its channel is no more");
    assert_eq!(*seen.0.borrow(), [6]);
}

#[test]
fn what_a_listener_would_not_have_been_sent_is_not_counted_as_missed() {
    let (mut listener, _) = live(0);
    assert_eq!(listener.missed(before(3, 0), 3), Missed::Nothing, "instructions, joins and leaves");
    let skipped = Skipped { deliveries: 6, events: 1, notices: 3, is_undone: false };
    assert_eq!(listener.missed(Gap::Before(skipped), 9), Missed::GoesOn(Loss { count: 1, is_exact: true }));
    listener.notices = true;
    assert_eq!(listener.missed(Gap::Before(skipped), 9), Missed::GoesOn(Loss { count: 4, is_exact: true }));
    let (mut late, _) = live(5);
    let some = Missed::GoesOn(Loss { count: 3, is_exact: false });
    assert_eq!(late.missed(before(9, 3), 9), some, "three of the nine, but not known which");
    assert_eq!(late.missed(Gap::Elsewhere(skipped), 12), Missed::GoesOn(Loss { count: 1, is_exact: false }));
}

#[test]
fn what_a_listener_missed_while_it_joined_is_told_between_what_came_before_and_after() {
    let (mut listener, seen) = joining();
    listener.offer(&event(6), 9);
    listener.missed(before(2, 2), 8);
    listener.offer(&event(9), 9);
    let since = Since { seq: 5, top: None, ..Since::default() };
    assert_eq!(listener.settle(since.clone()), Settled::AsTold(since.clone()));
    listener.go_live(&news(), since);
    assert_eq!(*seen.0.borrow(), [6, 9]);
    assert_eq!(*seen.1.borrow(), [(1, Loss { count: 2, is_exact: true })]);
}

/// One whose events are claimed for somebody, with the counts that it sees.
fn claiming() -> (Listener, Rc<Seen>) {
    let (mut listener, seen) = joining();
    let who = SessionId::random();
    let claimant = Claimant { name: "mia".into(), ttl: Duration::from_secs(10) };
    listener.member = GroupMember::of(who, &[Group::of_session(who)]);
    listener.member.as_mut().expect("it is in a group").claimant = Some(Arc::new(claimant));
    (listener, seen)
}

#[test]
fn what_was_brought_is_not_delivered_too_and_what_was_not_is() {
    let (mut listener, seen) = claiming();
    for seq in 1..=4 {
        assert_eq!(listener.offer(&event(seq), 10), Offered::Held);
    }
    let since = Since { seq: 1, top: None, brought: [position(2), position(4), position(5)].into() };
    assert_eq!(listener.settle(since.clone()), Settled::AsTold(since.clone()));
    // Its claimant has got the third by now, and the others were claimed when they were brought.
    assert_eq!(listener.go_live(&news(), since), [position(3)]);
    assert_eq!([listener.offer(&event(5), 10), listener.offer(&event(6), 10)], [Offered::Early, Offered::Sent]);
    assert_eq!(*seen.0.borrow(), [3, 6]);
}

#[test]
fn a_paused_listener_goes_on_in_order_from_where_it_was() {
    let (mut listener, seen) = claiming();
    assert!(listener.pause().is_none(), "its join is under way");
    listener.go_live(&news(), Since { seq: 5, ..Since::default() });
    listener.offer(&event(6), 10);
    let since = listener.pause().expect("it is live");
    assert!(listener.is_joining());
    assert_eq!([listener.offer(&event(7), 10), listener.offer(&event(8), 10)], [Offered::Held; 2]);
    assert_eq!(*seen.0.borrow(), [6]);
    let since = Since { brought: [position(7)].into(), ..since };
    assert_eq!(listener.settle(since.clone()), Settled::AsTold(since.clone()));
    assert_eq!(listener.go_live(&news(), since), [position(8)]);
    listener.offer(&event(9), 10);
    assert_eq!(*seen.0.borrow(), [6, 8, 9]);
}

#[test]
fn what_is_claimed_for_nobody_is_not_told_when_it_was_held_back() {
    let (mut listener, seen) = joining();
    listener.offer(&event(1), 10);
    assert!(listener.go_live(&news(), Since::default()).is_empty());
    assert_eq!(*seen.0.borrow(), [1]);
}

#[test]
fn who_is_brought_kept_events_goes_on_after_a_loss_as_any_listener_without_positions() {
    let (mut listener, seen) = claiming();
    let since = Since { brought: [position(1)].into(), ..Since::default() };
    listener.go_live(&news(), since);
    let skipped = Skipped { deliveries: 2, events: 2, notices: 0, is_undone: false };
    assert!(matches!(listener.missed(Gap::Before(skipped), 4), Missed::GoesOn(_)));
    assert_eq!(listener.offer(&event(5), 10), Offered::Sent);
    assert_eq!(*seen.0.borrow(), [5]);
}
