//! A WebSocket without a socket: what its client writes is the request's body, what it reads the answer's.
use super::house::{Answering, House};
use super::packets::Carrier;
use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::test::TestRequest;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::poll_fn;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

/// One WebSocket as its client has it.
pub struct Link {
    answering: Option<Answering>,
    body: Option<Pin<Box<BoxBody>>>,
    pipe: Pipe,
    socket: WebSocket<Pipe>,
    is_gone: bool,
}

/// Both directions: bytes that came, and where written ones go.
#[derive(Clone)]
struct Pipe {
    came: Rc<RefCell<VecDeque<u8>>>,
    out: mpsc::UnboundedSender<Result<Bytes, PayloadError>>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut came = self.came.borrow_mut();
        if came.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        came.read(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Who is gone does not read; that shows when the client reads.
        let _ = self.out.send(Ok(Bytes::copy_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link {
    /// Asks for a WebSocket at this path.
    pub fn open(house: &House, path: &str) -> Self {
        let (out, mut written) = mpsc::unbounded_channel();
        let request = TestRequest::get().uri(path).insert_header(("Host", "localhost"));
        let request = request.insert_header(("Connection", "Upgrade")).insert_header(("Upgrade", "websocket"));
        let request = request.insert_header(("Sec-WebSocket-Version", "13"));
        let request = request.insert_header(("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="));
        let written: BoxedPayloadStream = Box::pin(poll_fn(move |context| written.poll_recv(context)));
        let payload = Payload::Stream { payload: written };
        let pipe = Pipe { came: Rc::default(), out };
        let socket = WebSocket::from_raw_socket(pipe.clone(), Role::Client, None);
        let answering = Some(house.ask(request.to_request(), payload));
        Link { answering, body: None, pipe, socket, is_gone: false }
    }

    /// Writes a text frame.
    pub fn say(&mut self, text: &str) {
        if self.socket.send(Message::text(text)).is_err() {
            self.is_gone = true;
        }
    }

    /// Whether nothing more will come.
    pub fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// The texts that came since the last time.
    pub fn read(&mut self) -> Vec<String> {
        self.take_in();
        let mut texts = vec![];
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => texts.push(text.to_string()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return texts,
                Err(_) => {
                    self.is_gone = true;
                    return texts;
                }
            }
        }
    }

    /// Takes what is there of the answer; polled anew each time, so nothing has to be woken.
    fn take_in(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        if let Some(answering) = &mut self.answering {
            let Poll::Ready(answer) = answering.poll_unpin(&mut context) else { return };
            assert_eq!(answer.status(), 101, "the handshake");
            self.answering = None;
            self.body = Some(Box::pin(answer.into_body()));
        }
        while let Some(body) = &mut self.body {
            match body.as_mut().poll_next(&mut context) {
                Poll::Ready(Some(Ok(bytes))) => self.pipe.came.borrow_mut().extend(bytes),
                Poll::Ready(_) => {
                    self.body = None;
                    self.is_gone = true;
                }
                Poll::Pending => return,
            }
        }
    }
}

impl Carrier for Link {
    fn say(&mut self, packet: &str) {
        self.say(packet);
    }

    fn read(&mut self) -> Vec<String> {
        self.read()
    }

    fn is_gone(&self) -> bool {
        self.is_gone
    }
}
