//! One connection of `callboard sub`, and what is kept between connections.
use super::client::{http_client, refusal, unreachable_at};
use super::table::shown;
use super::wire::{self, CONNECT, Left, Position, Publication, Push, Reply, ReplyError, Subscribed, may_come_back};
use super::{Error, print_line};
use actix_codec::Framed;
use actix_http::ws::Item;
use awc::BoxedSocket;
use awc::error::{WsClientError, WsProtocolError};
use awc::http::StatusCode;
use awc::ws::{CloseReason, Codec, Frame, Message};
use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use std::collections::HashMap;
use std::time::Duration;

/// Bytes of a message: a recovery brings up to 8 MiB of events, and a broker may be set to more.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// How much later than the interval between heartbeats a message may come; as the JavaScript client has it. The first one
/// has as long.
const PATIENCE: Duration = Duration::from_secs(10);
/// Errors below it concern the connection, not the request (as the JavaScript client has it).
const FIRST_REQUEST_ERROR: u32 = 100;
/// The channel is subscribed by the connection token already.
const ALREADY_SUBSCRIBED: u32 = 105;
/// Unsubscribed with this code or above, a client comes back.
const RESUBSCRIBE: u32 = 2500;

/// How a connection ended that did not fail for good.
pub(super) enum End {
    /// All wanted messages were printed.
    Done,
    /// It broke.
    Lost {
        /// Why.
        reason: String,
        /// Whether the broker had let it in.
        connected: bool,
    },
}

/// Who listens, and where it stands.
pub(super) struct Subscriber {
    /// The WebSocket's address.
    pub(super) url: String,
    /// The channels, each once.
    pub(super) names: Vec<String>,
    /// Where it stands in them.
    pub(super) positions: HashMap<String, Position>,
    /// The connection token.
    pub(super) token: Option<String>,
    /// The token of the only channel.
    pub(super) subscription_token: Option<String>,
    /// How many messages are still wanted; none for all.
    pub(super) left: Option<u64>,
    /// Whether whole events are printed.
    pub(super) is_json: bool,
}

type Socket = Framed<BoxedSocket, Codec>;

/// What is known of the connection.
#[derive(Default)]
struct Link {
    connected: bool,
    answers_pings: bool,
    ping: Option<Duration>,
    /// A message that came in part.
    parts: BytesMut,
}

/// Why a connection is left.
enum Stop {
    Done,
    Lost(String),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl Subscriber {
    /// Connects, subscribes and prints until the connection ends. Fails where coming back would not help.
    pub(super) async fn connection(&mut self) -> Result<End, Error> {
        let mut link = Link::default();
        match self.converse(&mut link).await {
            Stop::Done => Ok(End::Done),
            Stop::Lost(reason) => Ok(End::Lost { reason, connected: link.connected }),
            Stop::Failed(error) => Err(error),
        }
    }

    async fn converse(&mut self, link: &mut Link) -> Stop {
        let mut socket = match http_client().ws(&self.url).max_frame_size(MAX_MESSAGE).connect().await {
            Ok((_, socket)) => socket,
            Err(error) => return self.not_opened(&error),
        };
        let channels: Vec<_> = self.names.iter().map(|name| (name.as_str(), self.positions.get(name))).collect();
        let greeting = wire::greeting(self.token.as_deref(), &channels, self.subscription_token.as_deref());
        if let Err(error) = socket.send(Message::Text(greeting.into())).await {
            return Stop::Lost(format!("the connection was lost: {error}"));
        }
        let Err(stop) = self.receive(&mut socket, link).await;
        if matches!(stop, Stop::Done | Stop::Failed(_)) {
            // A courtesy: the socket goes away with the program anyway.
            let _ = socket.send(Message::Close(None)).await;
        }
        stop
    }

    fn not_opened(&self, error: &WsClientError) -> Stop {
        match error {
            WsClientError::SendRequest(error) => Stop::Lost(unreachable_at(&self.url, error).to_string()),
            WsClientError::InvalidResponseStatus(status) => {
                let hint = match *status {
                    StatusCode::NOT_FOUND => "; no broker is here: look at --url and at `server.connection_prefix`",
                    StatusCode::FORBIDDEN => "; see `auth.origins`",
                    _ => "",
                };
                let reason = format!("{}: answered {status}{hint}", self.url);
                match status.is_server_error() {
                    true => Stop::Lost(reason),
                    false => Stop::Failed(Error::Failed(reason)),
                }
            }
            other => Stop::Failed(Error::Failed(format!("{}: this is not a WebSocket of a broker: {other}", self.url))),
        }
    }

    async fn receive(&mut self, socket: &mut Socket, link: &mut Link) -> Result<std::convert::Infallible, Stop> {
        loop {
            let patience = PATIENCE + link.ping.unwrap_or_default();
            // A broker that told of no heartbeat may be silent for ever.
            let next = match link.connected && link.ping.is_none() {
                true => Ok(socket.next().await),
                false => tokio::time::timeout(patience, socket.next()).await,
            };
            let frame = match next {
                Err(_) => return Err(Stop::Lost(format!("the broker was silent for {} s", patience.as_secs()))),
                Ok(None) => return Err(Stop::Lost("the connection was lost".into())),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                Ok(Some(Ok(frame))) => frame,
            };
            for answer in self.frame(frame, link)? {
                socket.send(answer).await.map_err(|error| broken(&error))?;
            }
        }
    }

    /// Takes a frame; gives what is to be sent.
    fn frame(&mut self, frame: Frame, link: &mut Link) -> Result<Vec<Message>, Stop> {
        match frame {
            Frame::Text(text) | Frame::Binary(text) => self.message(&text, link),
            Frame::Continuation(Item::FirstText(part) | Item::FirstBinary(part)) => {
                link.parts = BytesMut::from(&part[..]);
                Ok(vec![])
            }
            Frame::Continuation(Item::Continue(part)) => link.add_part(&part).map(|()| vec![]),
            Frame::Continuation(Item::Last(part)) => {
                link.add_part(&part)?;
                let whole = std::mem::take(&mut link.parts);
                self.message(&whole, link)
            }
            Frame::Ping(payload) => Ok(vec![Message::Pong(payload)]),
            Frame::Pong(_) => Ok(vec![]),
            Frame::Close(reason) => Err(closed(reason)),
        }
    }

    fn message(&mut self, text: &[u8], link: &mut Link) -> Result<Vec<Message>, Stop> {
        let mut answers = vec![];
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let reply: Reply = serde_json::from_slice(line).map_err(|error| {
                Error::Failed(format!("{}: this is not the Centrifuge protocol: {error}", self.url))
            })?;
            match (reply.id, &reply.push) {
                (0, None) if link.answers_pings => answers.push(Message::Text("{}".into())),
                (0, None) => {}
                (0, Some(_)) => self.push(reply.push.unwrap_or_default())?,
                (CONNECT, _) => link.connect(reply)?,
                (id, _) => self.reply(id, reply)?,
            }
        }
        Ok(answers)
    }

    fn reply(&mut self, id: u32, reply: Reply) -> Result<(), Stop> {
        let index = id.checked_sub(CONNECT + 1).and_then(|index| usize::try_from(index).ok());
        let Some(name) = index.and_then(|index| self.names.get(index)).cloned() else { return Ok(()) };
        match (reply.error, reply.subscribe) {
            (Some(error), _) if error.code == ALREADY_SUBSCRIBED => {}
            (Some(error), _) => return Err(error.stop(Some(&name))),
            (None, Some(subscribed)) => self.subscribed(&name, subscribed)?,
            (None, None) => {}
        }
        eprintln!("listening to {name}");
        Ok(())
    }

    fn subscribed(&mut self, name: &str, subscribed: Subscribed) -> Result<(), Stop> {
        if subscribed.was_recovering && !subscribed.recovered {
            let asked = self.positions.get(name).filter(|asked| asked.epoch == subscribed.epoch);
            match asked.filter(|asked| asked.offset > subscribed.offset) {
                Some(Position { offset, .. }) => eprintln!(
                    "{name}: the position {offset} is ahead of the channel, which has come to {}; listening from there",
                    subscribed.offset
                ),
                None => eprintln!("{name}: messages were lost: the events since that position are no longer kept"),
            }
        }
        match subscribed.recoverable {
            true => {
                let position = Position { epoch: subscribed.epoch, offset: subscribed.offset };
                self.positions.insert(name.to_owned(), position);
            }
            false => drop(self.positions.remove(name)),
        }
        subscribed.publications.iter().try_for_each(|publication| self.print(name, publication))
    }

    fn push(&mut self, push: Push) -> Result<(), Stop> {
        if let Some(Left { code, reason }) = push.disconnect {
            return Err(left(code, &reason));
        }
        // The connection token may have subscribed us to other channels, too.
        if !self.names.contains(&push.channel) {
            return Ok(());
        }
        match (push.publication, push.unsubscribe) {
            (Some(publication), _) => self.print(&push.channel, &publication),
            (None, Some(Left { code, reason })) => {
                let reason = format!("unsubscribed from {}: {reason} ({code})", push.channel);
                match code >= RESUBSCRIBE {
                    true => Err(Stop::Lost(reason)),
                    false => Err(Error::Failed(reason).into()),
                }
            }
            (None, None) => Ok(()),
        }
    }

    fn print(&mut self, channel: &str, publication: &Publication) -> Result<(), Stop> {
        let position = self.positions.get_mut(channel);
        match self.is_json {
            true => print_line(&publication.line(channel, position.as_deref().map(|p| p.epoch.as_str()))?)?,
            // One channel needs no name: the lines are its payloads alone.
            false if self.names.len() == 1 => print_line(publication.data())?,
            false => print_line(&format!("{}\t{}", shown(channel), publication.data()))?,
        }
        if let Some(position) = position {
            position.offset = position.offset.max(publication.offset);
        }
        self.left = self.left.map(|left| left - 1);
        match self.left {
            Some(0) => Err(Stop::Done),
            _ => Ok(()),
        }
    }
}

impl Link {
    fn connect(&mut self, reply: Reply) -> Result<(), Stop> {
        if let Some(error) = reply.error {
            return Err(error.stop(None));
        }
        let connected = reply.connect.unwrap_or_default();
        self.connected = true;
        self.answers_pings = connected.pong;
        self.ping = (connected.ping > 0).then(|| Duration::from_secs(connected.ping));
        Ok(())
    }

    fn add_part(&mut self, part: &[u8]) -> Result<(), Stop> {
        if self.parts.len() + part.len() > MAX_MESSAGE {
            return Err(Error::Failed(format!("the broker sent a message of more than {MAX_MESSAGE} bytes")).into());
        }
        self.parts.extend_from_slice(part);
        Ok(())
    }
}

impl ReplyError {
    fn stop(&self, channel: Option<&str>) -> Stop {
        let refusal = refusal(self.code, &self.message, channel);
        let reason = channel.map_or_else(|| refusal.clone(), |channel| format!("{channel}: {refusal}"));
        match self.temporary || self.code < FIRST_REQUEST_ERROR {
            true => Stop::Lost(reason),
            false => Stop::Failed(Error::Refused(self.code, reason)),
        }
    }
}

fn closed(reason: Option<CloseReason>) -> Stop {
    match reason {
        Some(reason) => left(u16::from(reason.code).into(), reason.description.as_deref().unwrap_or_default()),
        None => Stop::Lost("the broker closed the connection".into()),
    }
}

/// Why a connection that is not made again was closed.
pub(super) fn closed_for(reason: Option<CloseReason>) -> Error {
    match closed(reason) {
        Stop::Failed(error) => error,
        Stop::Lost(reason) => Error::Failed(reason),
        Stop::Done => Error::Failed("the broker closed the connection".into()),
    }
}

fn left(code: u32, reason: &str) -> Stop {
    let hint = match code {
        3500 => "; sign another token: callboard token --help",
        3501 => "; where `auth.anonymous` is off, pass --token TOKEN: callboard token --help",
        _ => "",
    };
    let reason = format!("the broker closed the connection: {reason} ({code}){hint}");
    match may_come_back(code) {
        true => Stop::Lost(reason),
        false => Stop::Failed(Error::Failed(reason)),
    }
}

fn broken(error: &WsProtocolError) -> Stop {
    match error {
        WsProtocolError::Io(_) => Stop::Lost(format!("the connection was lost: {error}")),
        _ => Stop::Failed(Error::Failed(format!("the broker sent an invalid WebSocket frame: {error}"))),
    }
}
