use super::*;
use bytes::Bytes;
use std::cell::Cell;

struct Flag(Cell<bool>);

impl Cut for Flag {
    fn cut(&self) {
        self.0.set(true);
    }
}

fn outbox(limit: usize) -> (Rc<Outbox>, Rc<Flag>, Arc<AtomicI64>) {
    let (flag, bytes) = (Rc::new(Flag(Cell::new(false))), Arc::new(AtomicI64::new(0)));
    (Outbox::new(limit, bytes.clone(), Some(flag.clone())), flag, bytes)
}

fn poll(outbox: &Outbox) -> Poll<Option<Bytes>> {
    let next = outbox.poll_next(&mut Context::from_waker(Waker::noop()));
    next.map(|frame| frame.map(|frame| frame.websocket().clone()))
}

fn frame(bytes: &'static [u8]) -> Frame {
    Frame::without_message(Bytes::from_static(bytes))
}

fn push(bytes: &'static [u8]) -> Outgoing {
    Outgoing::Push(frame(bytes), WhenFull::Disconnect)
}

#[test]
fn a_push_past_the_bound_cuts_the_socket_and_frees_the_queue() {
    let (outbox, cut, bytes) = outbox(10);
    assert_eq!(outbox.put(push(b"123456")), Pushed::Queued);
    assert_eq!(outbox.put(push(b"123456")), Pushed::Overflow);
    assert!(cut.0.get());
    assert_eq!((outbox.bytes(), bytes.load(Ordering::Relaxed)), (0, 0));
    assert_eq!(poll(&outbox), Poll::Ready(None));
    assert_eq!(outbox.put(push(b"1")), Pushed::Ended);
}

#[test]
fn an_empty_outbox_takes_any_one_frame() {
    let (outbox, cut, _) = outbox(4);
    assert_eq!(outbox.put(push(b"larger than the bound")), Pushed::Queued);
    assert!(!cut.0.get());
}

#[test]
fn an_answer_has_no_bound_but_stops_the_reading() {
    let (outbox, cut, _) = outbox(4);
    outbox.put(Outgoing::Reply(frame(b"12345678")));
    outbox.put(Outgoing::Reply(frame(b"12345678")));
    assert!(!cut.0.get());
    assert!(outbox.poll_room(&mut Context::from_waker(Waker::noop())).is_pending());
    let _ = (poll(&outbox), poll(&outbox));
    assert!(outbox.poll_room(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn what_is_queued_leaves_before_the_end() {
    let (outbox, _, bytes) = outbox(100);
    outbox.put(push(b"a"));
    outbox.put(Outgoing::Last(Some(frame(b"b"))));
    assert_eq!(outbox.put(push(b"c")), Pushed::Ended);
    assert_eq!(poll(&outbox), Poll::Ready(Some(Bytes::from_static(b"a"))));
    assert_eq!(poll(&outbox), Poll::Ready(Some(Bytes::from_static(b"b"))));
    assert_eq!(poll(&outbox), Poll::Ready(None));
    assert_eq!(bytes.load(Ordering::Relaxed), 0);
}

struct Told(Cell<usize>);

impl Flush for Told {
    fn flush(self: Rc<Self>) {
        self.0.set(self.0.get() + 1);
    }
}

#[actix_rt::test]
async fn a_socket_is_told_once_until_it_has_written_everything() {
    let (outbox, _, _) = outbox(100);
    let socket = Rc::new(Told(Cell::new(0)));
    outbox.flush_with(&socket);
    let turns = async || {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    };
    outbox.put(push(b"ab"));
    outbox.put(push(b"c"));
    turns().await;
    assert_eq!(socket.0.get(), 1);
    outbox.consume(1);
    // Something is left: the task that waits for the socket has it now.
    outbox.flush_with(&socket);
    outbox.put(push(b"d"));
    turns().await;
    assert_eq!(socket.0.get(), 1);
    outbox.consume(3);
    outbox.flush_with(&socket);
    outbox.put(push(b"e"));
    turns().await;
    assert_eq!(socket.0.get(), 2);
}
