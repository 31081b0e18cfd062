//! A session's way out through a socket: answers in the order of the commands, what is unanswered bounded.
use super::SocketOutlet;
use crate::delivery::{Outbox, Outlet};
use crate::metrics::Metrics;
use crate::protocol::Reply;
use crate::protocol::centrifuge::CentrifugeJson;
use crate::types::Disconnect;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};

struct Fixture {
    outlet: Rc<SocketOutlet>,
    outbox: Rc<Outbox>,
    queued: Arc<AtomicI64>,
}

fn fixture(bytes: usize, commands: usize) -> Fixture {
    let queued = Arc::new(AtomicI64::new(0));
    let outbox = Outbox::new(bytes, queued.clone(), None);
    Fixture {
        outlet: SocketOutlet::new(&CentrifugeJson, outbox.clone(), false, Metrics::new(), commands),
        outbox,
        queued,
    }
}

impl Fixture {
    /// The frames on their way, without their two bytes of header.
    fn sent(&self) -> Vec<String> {
        let mut sent = vec![];
        while let Poll::Ready(Some(frame)) = self.outbox.poll_next(&mut Context::from_waker(Waker::noop())) {
            sent.push(String::from_utf8_lossy(&frame.websocket()[2..]).into_owned());
        }
        sent
    }

    fn is_ready(&self) -> bool {
        self.outlet.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready()
    }
}

#[test]
fn answers_leave_in_the_order_of_their_commands_but_for_those_to_rpc() {
    let fixture = fixture(1_000, 8);
    let tickets = [1, 2, 3].map(|id| fixture.outlet.open(id, false));
    let loose = fixture.outlet.open(4, true);
    fixture.outlet.answer(tickets[2], Reply::Published);
    fixture.outlet.answer(loose, Reply::Rpc(None));
    fixture.outlet.answer(tickets[1], Reply::Unsubscribed);
    assert_eq!(fixture.sent(), [r#"{"id":4,"rpc":{}}"#]);
    fixture.outlet.answer(tickets[0], Reply::Published);
    assert_eq!(
        fixture.sent(),
        [r#"{"id":1,"publish":{}}"#, r#"{"id":2,"unsubscribe":{}}"#, r#"{"id":3,"publish":{}}"#]
    );
    fixture.outlet.answer(tickets[0], Reply::Published);
    assert_eq!(fixture.sent(), [] as [String; 0], "a command is answered once");
}

#[test]
fn a_command_without_an_answer_holds_up_nobody_once_it_is_done() {
    let fixture = fixture(1_000, 8);
    let (told, asked) = (fixture.outlet.open(0, false), fixture.outlet.open(1, false));
    fixture.outlet.answer(asked, Reply::Published);
    assert_eq!(fixture.sent(), [] as [String; 0]);
    fixture.outlet.done(told);
    assert_eq!(fixture.sent(), [r#"{"id":1,"publish":{}}"#]);
}

#[test]
fn no_more_is_read_while_as_many_commands_as_may_be_are_unanswered() {
    let fixture = fixture(1_000, 3);
    let first = fixture.outlet.open(1, false);
    let loose = fixture.outlet.open(2, true);
    assert!(fixture.is_ready());
    let second = fixture.outlet.open(3, false);
    assert!(!fixture.is_ready());
    fixture.outlet.answer(second, Reply::Published);
    assert!(!fixture.is_ready(), "its answer still waits for the first");
    fixture.outlet.answer(loose, Reply::Rpc(None));
    assert!(fixture.is_ready());
    fixture.outlet.answer(first, Reply::Published);
    assert!(fixture.is_ready());
}

#[test]
fn no_more_is_read_while_more_answers_wait_than_the_bound() {
    let fixture = fixture(30, 8);
    for id in 1..4 {
        let ticket = fixture.outlet.open(id, false);
        fixture.outlet.answer(ticket, Reply::Published);
    }
    assert!(!fixture.is_ready());
    assert_eq!(fixture.sent().len(), 3);
    assert!(fixture.is_ready());
}

#[test]
fn a_close_is_the_last_thing_and_frees_what_waits_for_room() {
    let fixture = fixture(1_000, 1);
    let ticket = fixture.outlet.open(1, false);
    assert!(!fixture.is_ready());
    fixture.outlet.close(Disconnect::SHUTDOWN);
    assert!(fixture.is_ready());
    fixture.outlet.answer(ticket, Reply::Published);
    fixture.outlet.close(Disconnect::STALE);
    assert_eq!(fixture.sent(), ["\u{b}\u{fffd}shutdown"], "3001 as two bytes, then the reason");
    assert_eq!(fixture.outlet.reason(), Disconnect::SHUTDOWN);
    assert_eq!(fixture.queued.load(Ordering::Relaxed), 0);
}

#[test]
fn a_client_that_does_not_read_is_cut_at_the_bound_and_nothing_stays_queued() {
    let fixture = fixture(8, 8);
    for _ in 0..9 {
        fixture.outlet.ping();
    }
    assert_eq!(fixture.outlet.reason(), Disconnect::SLOW);
    assert!(!fixture.outbox.is_open() && fixture.queued.load(Ordering::Relaxed) == 0);
}
