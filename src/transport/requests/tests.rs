//! What is read of a client, and what no more.
use super::*;
use crate::delivery::{Outbox, Outlet};
use crate::metrics::Metrics;
use crate::protocol::Reply;
use crate::protocol::centrifuge::CentrifugeJson;
use futures_util::{StreamExt, stream};
use std::convert::Infallible;
use std::task::Waker;

/// A text frame of a client, masked with zeros (RFC 6455, section 5.3).
fn frame(text: &str) -> Bytes {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).expect("a short text"), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame.into()
}

fn requests(
    frames: Vec<Bytes>,
) -> (Rc<SocketOutlet>, Rc<Outbox>, Requests<impl Stream<Item = Result<Bytes, Infallible>> + Unpin>) {
    let outbox = Outbox::new(1_000, Default::default(), None);
    let outlet = SocketOutlet::new(&CentrifugeJson, outbox.clone(), false, Metrics::new(), 8);
    let incoming = stream::iter(frames.into_iter().map(Ok::<_, Infallible>)).chain(stream::pending());
    (outlet.clone(), outbox, Requests::new(Inbound::new(incoming, 1_000), outlet, &CentrifugeJson))
}

fn next<P: Stream<Item = Result<Bytes, E>> + Unpin, E>(requests: &mut Requests<P>) -> Poll<Option<Incoming>> {
    Pin::new(requests).poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_connection_that_has_ended_is_asked_for_nothing_more_and_ends_when_its_last_words_are_written() {
    let rpc = frame(r#"{"id":7,"rpc":{"method":"a","data":1}}"#);
    let close = Bytes::from_static(&[0x88, 0x80, 0, 0, 0, 0]);
    let (outlet, outbox, mut requests) = requests([vec![rpc; 10], vec![close]].concat());
    assert!(matches!(next(&mut requests), Poll::Ready(Some(Incoming::Request(_)))));
    outlet.close(Disconnect::BAD_REQUEST);
    assert!(matches!(next(&mut requests), Poll::Ready(Some(Incoming::Ended))));
    assert!(next(&mut requests).is_pending(), "the close is not written yet");
    outbox.abandon();
    assert!(matches!(next(&mut requests), Poll::Ready(None)));
}

#[test]
fn what_came_before_a_malformed_line_is_answered_before_the_connection_ends() {
    let (outlet, _, mut requests) = requests(vec![frame("{\"id\":7,\"rpc\":{\"method\":\"a\"}}\nhello")]);
    assert!(matches!(next(&mut requests), Poll::Ready(Some(Incoming::Request(_)))));
    let ticket = outlet.open(7, true);
    assert!(next(&mut requests).is_pending(), "the command has no answer yet");
    outlet.answer(ticket, Reply::Rpc(None));
    assert!(matches!(next(&mut requests), Poll::Ready(Some(Incoming::Violation(_)))));
}
