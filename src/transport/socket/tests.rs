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

struct Way {
    outlet: Rc<SocketOutlet>,
    outbox: Rc<Outbox>,
    queued: Arc<AtomicI64>,
}

fn way(bytes: usize, commands: usize) -> Way {
    let queued = Arc::new(AtomicI64::new(0));
    let outbox = Outbox::new(bytes, queued.clone(), None);
    Way { outlet: SocketOutlet::new(&CentrifugeJson, outbox.clone(), Metrics::new(), commands), outbox, queued }
}

impl Way {
    /// The frames on their way, without their two bytes of header.
    fn sent(&self) -> Vec<String> {
        let mut sent = vec![];
        while let Poll::Ready(Some(frame)) = self.outbox.poll_next(&mut Context::from_waker(Waker::noop())) {
            sent.push(String::from_utf8_lossy(&frame[2..]).into_owned());
        }
        sent
    }

    fn is_ready(&self) -> bool {
        self.outlet.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready()
    }
}

#[test]
fn answers_leave_in_the_order_of_their_commands_but_for_those_to_rpc() {
    let way = way(1_000, 8);
    let tickets = [1, 2, 3].map(|id| way.outlet.open(id, false));
    let loose = way.outlet.open(4, true);
    way.outlet.answer(tickets[2], Reply::Published);
    way.outlet.answer(loose, Reply::Rpc(None));
    way.outlet.answer(tickets[1], Reply::Unsubscribed);
    assert_eq!(way.sent(), [r#"{"id":4,"rpc":{}}"#]);
    way.outlet.answer(tickets[0], Reply::Published);
    assert_eq!(way.sent(), [r#"{"id":1,"publish":{}}"#, r#"{"id":2,"unsubscribe":{}}"#, r#"{"id":3,"publish":{}}"#]);
    way.outlet.answer(tickets[0], Reply::Published);
    assert_eq!(way.sent(), [] as [String; 0], "a command is answered once");
}

#[test]
fn a_command_without_an_answer_holds_up_nobody_once_it_is_done() {
    let way = way(1_000, 8);
    let (told, asked) = (way.outlet.open(0, false), way.outlet.open(1, false));
    way.outlet.answer(asked, Reply::Published);
    assert_eq!(way.sent(), [] as [String; 0]);
    way.outlet.done(told);
    assert_eq!(way.sent(), [r#"{"id":1,"publish":{}}"#]);
}

#[test]
fn no_more_is_read_while_as_many_commands_as_may_be_are_unanswered() {
    let way = way(1_000, 3);
    let first = way.outlet.open(1, false);
    let loose = way.outlet.open(2, true);
    assert!(way.is_ready());
    let second = way.outlet.open(3, false);
    assert!(!way.is_ready());
    way.outlet.answer(second, Reply::Published);
    assert!(!way.is_ready(), "its answer still waits for the first");
    way.outlet.answer(loose, Reply::Rpc(None));
    assert!(way.is_ready());
    way.outlet.answer(first, Reply::Published);
    assert!(way.is_ready());
}

#[test]
fn no_more_is_read_while_more_answers_wait_than_the_bound() {
    let way = way(30, 8);
    for id in 1..4 {
        let ticket = way.outlet.open(id, false);
        way.outlet.answer(ticket, Reply::Published);
    }
    assert!(!way.is_ready());
    assert_eq!(way.sent().len(), 3);
    assert!(way.is_ready());
}

#[test]
fn a_close_is_the_last_thing_and_frees_what_waits_for_room() {
    let way = way(1_000, 1);
    let ticket = way.outlet.open(1, false);
    assert!(!way.is_ready());
    way.outlet.close(Disconnect::SHUTDOWN);
    assert!(way.is_ready());
    way.outlet.answer(ticket, Reply::Published);
    way.outlet.close(Disconnect::STALE);
    assert_eq!(way.sent(), ["\u{b}\u{fffd}shutdown"], "3001 as two bytes, then the reason");
    assert_eq!(way.outlet.reason(), Disconnect::SHUTDOWN);
    assert_eq!(way.queued.load(Ordering::Relaxed), 0);
}

#[test]
fn a_client_that_does_not_read_is_cut_at_the_bound_and_nothing_stays_queued() {
    let way = way(8, 8);
    for _ in 0..9 {
        way.outlet.ping();
    }
    assert_eq!(way.outlet.reason(), Disconnect::SLOW);
    assert!(!way.outbox.is_open() && way.queued.load(Ordering::Relaxed) == 0);
}
