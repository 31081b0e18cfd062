//! `callboard pub --as-client`: publishing over the WebSocket, as a client does, so that rules, hooks and handlers see it.
use super::Error;
use super::client::{http_client, refusal, unreachable_at};
use super::wire::{self, CONNECT, Reply};
use actix_codec::Framed;
use awc::BoxedSocket;
use awc::ws::{Codec, Frame, Message};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use serde_json::value::RawValue;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connected client that publishes.
pub(super) struct Publisher {
    url: String,
    socket: Framed<BoxedSocket, Codec>,
    last: u32,
}

impl Publisher {
    /// Connects to the WebSocket at `url`, with a connection token or as nobody in particular.
    pub(super) async fn connect(url: String, token: Option<&str>) -> Result<Self, Error> {
        let (_, socket) = http_client().ws(&url).connect().await.map_err(|error| match error {
            awc::error::WsClientError::SendRequest(error) => unreachable_at(&url, &error),
            other => Error::Failed(format!("{url}: this is not a WebSocket of a broker: {other}")),
        })?;
        let mut publisher = Publisher { url, socket, last: CONNECT };
        publisher.say(wire::greeting(token, &[], None)).await?;
        publisher.answered(CONNECT).await?;
        Ok(publisher)
    }

    /// Publishes one event, and waits until the broker has accepted it.
    pub(super) async fn publish(&mut self, channel: &str, data: &RawValue) -> Result<(), Error> {
        self.last += 1;
        let id = self.last;
        let command = json!({"id": id, "publish": {"channel": channel, "data": null}}).to_string();
        // The payload goes as it is written.
        let command = command.replacen("\"data\":null", &format!("\"data\":{data}"), 1);
        self.say(command).await?;
        self.answered(id).await
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        // A courtesy: the socket goes away with the program anyway.
        let _ = self.socket.send(Message::Close(None)).await;
    }

    async fn say(&mut self, text: String) -> Result<(), Error> {
        self.socket.send(Message::Text(text.into())).await.map_err(|error| self.broken(&error))
    }

    /// Waits for the reply to a command, answering heartbeats meanwhile.
    async fn answered(&mut self, id: u32) -> Result<(), Error> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let late = |_| Error::Failed(format!("{}: no answer within {} s", self.url, PATIENCE.as_secs()));
            let text = match next.map_err(late)? {
                Some(Ok(Frame::Text(text) | Frame::Binary(text))) => text,
                Some(Ok(Frame::Ping(payload))) => {
                    let _ = self.socket.send(Message::Pong(payload)).await;
                    continue;
                }
                Some(Ok(Frame::Close(reason))) => return Err(super::listen::closed_for(reason)),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(self.broken(&error)),
                None => return Err(Error::Failed(format!("{}: the connection was lost", self.url))),
            };
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let reply: Reply = serde_json::from_slice(line).map_err(|error| {
                    Error::Failed(format!("{}: this is not the Centrifuge protocol: {error}", self.url))
                })?;
                match (reply.id, reply.error, reply.push) {
                    (0, None, None) => self.say("{}".to_owned()).await?,
                    (of, Some(error), _) if of == id => {
                        return Err(Error::Refused(error.code, refusal(error.code, &error.message, None)));
                    }
                    (of, None, _) if of == id => return Ok(()),
                    _ => {}
                }
            }
        }
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> Error {
        Error::Failed(format!("{}: the connection was lost: {error}", self.url))
    }
}
