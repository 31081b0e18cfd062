//! Rust code that listens to streams and posts.
use super::client::{Client, Event, Said, payload};
use super::house::House;
use callboard::broker::PublishRequest;
use callboard::broker::messages::{MessageError, MessageStream, ServerSession, StreamError, TypedMessage};
use callboard::types::{Identity, Json};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

/// The payload of an event.
#[derive(Serialize, Deserialize)]
struct Payload {
    from: usize,
    n: u64,
    pad: String,
}

impl TypedMessage for Payload {
    const TYPE: &'static str = "payload";
}

type Stream = MessageStream<Payload>;

/// See the file's text.
pub struct Rust {
    house: House,
    session: ServerSession,
    coming: Vec<(String, LocalBoxFuture<'static, Result<Stream, MessageError>>)>,
    streams: BTreeMap<String, Stream>,
    publishing: Vec<LocalBoxFuture<'static, bool>>,
    left: Vec<String>,
}

impl Rust {
    pub fn connect(house: &House) -> Self {
        let session = house.broker.open_session(Identity::anonymous()).expect("there is room");
        let (coming, publishing, left) = (vec![], vec![], vec![]);
        Rust { house: house.clone(), session, coming, streams: BTreeMap::new(), publishing, left }
    }
}

impl Client for Rust {
    fn subscribe(&mut self, channel: &str, _: Option<&(u64, String)>) {
        let (messages, name) = (self.session.messages(), channel.to_owned());
        let stream = async move { messages.create_stream::<Payload>(&name).await };
        self.coming.push((channel.to_owned(), stream.boxed_local()));
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.streams.remove(channel);
        self.left.push(channel.to_owned());
    }

    fn publish(&mut self, channel: &str, from: usize, number: u64) {
        let data = Json::write(&payload(from, number)).expect("JSON");
        let (node, channel) = (self.house.broker.node().clone(), channel.to_owned());
        let publish = async move { node.channels().publish(&channel, PublishRequest::new(data)).await.is_ok() };
        self.publishing.push(publish.boxed_local());
    }

    fn read(&mut self) -> Vec<Said> {
        let mut context = Context::from_waker(Waker::noop());
        let mut said: Vec<Said> = self.left.drain(..).map(|channel| Said::Left { channel }).collect();
        self.publishing.retain_mut(|publish| match publish.poll_unpin(&mut context) {
            Poll::Ready(is_accepted) => {
                said.push(Said::Published { is_accepted });
                false
            }
            Poll::Pending => true,
        });
        self.coming.retain_mut(|(channel, stream)| match stream.poll_unpin(&mut context) {
            Poll::Ready(Ok(stream)) => {
                self.streams.insert(channel.clone(), stream);
                said.push(Said::Subscribed {
                    channel: channel.clone(),
                    position: None,
                    recovered: None,
                    events: vec![],
                });
                false
            }
            Poll::Ready(Err(_)) => {
                said.push(Said::Refused { channel: channel.clone() });
                false
            }
            Poll::Pending => true,
        });
        for (channel, stream) in &mut self.streams {
            while let Poll::Ready(Some(item)) = stream.poll_next_unpin(&mut context) {
                said.push(match item {
                    Ok(Payload { from, n: number, .. }) => {
                        Said::Event { channel: channel.clone(), event: Event { from, number, offset: None } }
                    }
                    Err(StreamError::Lagged(loss)) => {
                        Said::Lagged { channel: channel.clone(), count: loss.count, is_exact: loss.is_exact }
                    }
                    Err(error) => panic!("{error}"),
                });
            }
        }
        said
    }

    fn is_gone(&self) -> bool {
        false
    }

    fn is_in(&self) -> bool {
        true
    }
}
