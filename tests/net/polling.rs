//! A Socket.IO client that polls: one request waits for what comes, others carry what it says, one after the other.
use super::house::{Answering, House};
use super::packets::Carrier;
use actix_http::Payload;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::test::TestRequest;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use serde_json::Value;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

const PATH: &str = "/socket.io/?EIO=4&transport=polling";
/// What is between the packets of a payload.
const SEPARATOR: char = '\u{1e}';

/// See the file's text.
pub struct Polling {
    house: House,
    sid: Option<String>,
    get: Option<Request>,
    post: Option<Request>,
    /// What waits for the POST before it.
    unsaid: Vec<String>,
    is_gone: bool,
}

/// A request under way.
enum Request {
    Asked(Answering),
    Read(Pin<Box<BoxBody>>, BytesMut),
}

impl Request {
    /// The body, once it is there as a whole; none where the status says that the session is over.
    fn poll(&mut self) -> Poll<Option<Bytes>> {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match self {
                Request::Asked(answering) => {
                    let Poll::Ready(answer) = answering.poll_unpin(&mut context) else { return Poll::Pending };
                    if answer.status() != 200 {
                        return Poll::Ready(None);
                    }
                    *self = Request::Read(Box::pin(answer.into_body()), BytesMut::new());
                }
                Request::Read(body, read) => match body.as_mut().poll_next(&mut context) {
                    Poll::Ready(Some(Ok(bytes))) => read.extend_from_slice(&bytes),
                    Poll::Ready(Some(Err(_))) => return Poll::Ready(None),
                    Poll::Ready(None) => return Poll::Ready(Some(read.split().freeze())),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }
}

impl Polling {
    pub fn open(house: &House) -> Self {
        Polling { house: house.clone(), sid: None, get: None, post: None, unsaid: vec![], is_gone: false }
    }

    fn target(&self) -> String {
        self.sid.as_ref().map_or(PATH.to_owned(), |sid| format!("{PATH}&sid={sid}"))
    }
}

impl Carrier for Polling {
    /// Said with the next POST, which goes out when the client reads.
    fn say(&mut self, packet: &str) {
        self.unsaid.push(packet.to_owned());
    }

    /// Takes what is there, and begins what can begin.
    fn read(&mut self) -> Vec<String> {
        let mut came = vec![];
        if let Some(Poll::Ready(body)) = self.post.as_mut().map(Request::poll) {
            self.post = None;
            self.is_gone |= body.is_none();
        }
        if self.post.is_none() && !self.unsaid.is_empty() && self.sid.is_some() && !self.is_gone {
            let body = std::mem::take(&mut self.unsaid).join(&SEPARATOR.to_string());
            let request = TestRequest::post().uri(&self.target()).insert_header(("Host", "localhost")).to_request();
            let body = Payload::from(Bytes::from(body));
            self.post = Some(Request::Asked(self.house.ask(request, body)));
        }
        while !self.is_gone {
            let target = self.target();
            let get = self.get.get_or_insert_with(|| {
                let request = TestRequest::get().uri(&target).insert_header(("Host", "localhost")).to_request();
                Request::Asked(self.house.ask(request, Payload::None))
            });
            let Poll::Ready(body) = get.poll() else { break };
            self.get = None;
            let Some(body) = body else {
                self.is_gone = true;
                break;
            };
            let body = String::from_utf8(body.to_vec()).expect("text");
            if self.sid.is_none() {
                let opening: Value = serde_json::from_str(&body[1..]).expect("the opening");
                self.sid = Some(opening["sid"].as_str().expect("an id").to_owned());
            }
            came.extend(body.split(SEPARATOR).map(str::to_owned));
        }
        came
    }

    fn is_gone(&self) -> bool {
        self.is_gone
    }
}
