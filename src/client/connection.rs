//! One connection: what is sent and received from the handshake to the close.
use super::shared::{Shared, Step};
use super::subscriptions::Told;
use super::wire::Received;
use actix_codec::{AsyncRead, AsyncWrite, Framed};
use actix_http::ws::Item;
use awc::ws::{CloseCode, CloseReason, Codec, Frame, Message};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::timeout;

/// How long a close may take: the last frames, and then the broker's answer.
const CLOSING: Duration = Duration::from_secs(2);

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client left.
    Left,
    /// The broker closed it with 1000, and this reason.
    Revoked(String),
    /// It broke, or the broker closed it for another reason.
    Lost(String),
}

/// Why a connection is over, before the close is answered.
enum Stop {
    Closed(Option<CloseReason>),
    Broken(String),
    Left,
}

type Sink<T> = SplitSink<Framed<T, Codec>, Message>;

/// Registers, tells the broker of the subscriptions, sends what is published and calls who subscribed, until one side ends it.
pub(super) async fn converse<T>(socket: Framed<T, Codec>, shared: &Shared, era: u64) -> End
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, stream) = socket.split();
    let pong = Cell::new(None);
    let mut reader = Reader { stream, parts: BytesMut::new(), pong: &pong, shared };
    let stop = tokio::select! {
        stop = reader.read() => stop,
        stop = write(&mut sink, &pong, shared, era) => stop,
    };
    match stop {
        Stop::Broken(reason) => End::Lost(reason),
        Stop::Left => {
            // The broker's answer ends the TCP connection cleanly; without it the socket is dropped all the same.
            let _ = timeout(CLOSING, reader.read()).await;
            End::Left
        }
        Stop::Closed(reason) => {
            // A close is answered (RFC 6455, section 5.5.1); the connection is over, whether that still gets out or not.
            let answer = reason.as_ref().map(|reason| reason.code.into());
            let _ = timeout(CLOSING, sink.send(Message::Close(answer))).await;
            closed(reason)
        }
    }
}

fn closed(reason: Option<CloseReason>) -> End {
    let Some(CloseReason { code, description }) = reason else {
        return End::Lost("the broker closed the connection".into());
    };
    let description = description.unwrap_or_default();
    match code {
        CloseCode::Normal => End::Revoked(description),
        code => End::Lost(format!("the broker closed the connection: {description:?} ({})", u16::from(code))),
    }
}

fn broken(error: impl std::fmt::Display) -> Stop {
    Stop::Broken(format!("the connection broke: {error}"))
}

/// Sends what there is to send, and waits for more.
async fn write<T>(sink: &mut Sink<T>, pong: &Cell<Option<Bytes>>, shared: &Shared, era: u64) -> Stop
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut told = Told::default();
    let mut first = shared.register();
    let mut changes = shared.changes();
    loop {
        // Before the state is read, so that no change is missed.
        changes.mark_unchanged();
        // Only the latest ping needs an answer (RFC 6455, section 5.5.3).
        let message = match pong.take() {
            Some(payload) => Some(Message::Pong(payload)),
            None => match first.take().map_or_else(|| shared.step(era, &mut told), Step::Send) {
                Step::Send(frame) => Some(Message::Text(frame)),
                Step::Rest => None,
                Step::Leave => return leave(sink, told).await,
            },
        };
        let is_last = message.is_none();
        let sent = async {
            match message {
                Some(message) => sink.feed(message).await,
                None => sink.flush().await,
            }
        };
        tokio::select! {
            sent = sent => if let Err(error) = sent {
                return broken(error);
            },
            // A broker that reads nothing must not keep the client from leaving. It does leave, even where it is wanted again
            // meanwhile: the message is lost.
            () = shared.unwanted(era) => return leave(sink, told).await,
        }
        if is_last {
            shared.sent();
            // It cannot fail: the sender is in `shared`.
            let _ = changes.changed().await;
        }
    }
}

/// Takes the subscriptions back and closes with 1000.
async fn leave<T>(sink: &mut Sink<T>, told: Told) -> Stop
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        for frame in told.end() {
            sink.feed(Message::Text(frame)).await?;
        }
        sink.send(Message::Close(Some(CloseCode::Normal.into()))).await
    };
    // Where it does not get out, dropping the socket says the same.
    let _ = timeout(CLOSING, goodbye).await;
    Stop::Left
}

struct Reader<'a, T> {
    stream: SplitStream<Framed<T, Codec>>,
    /// A message that came in part.
    parts: BytesMut,
    /// The payload of a ping that is to be answered.
    pong: &'a Cell<Option<Bytes>>,
    shared: &'a Shared,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Reader<'_, T> {
    async fn read(&mut self) -> Stop {
        let silence = self.shared.settings.options.silence;
        loop {
            let read = match timeout(silence, self.stream.next()).await {
                Err(_) => return Stop::Broken(format!("the broker was silent for {silence:?}")),
                Ok(None) => return Stop::Broken("the connection broke".into()),
                Ok(Some(Err(error))) => return broken(error),
                Ok(Some(Ok(frame))) => self.frame(frame),
            };
            if let Err(stop) = read {
                return stop;
            }
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Stop> {
        match frame {
            Frame::Text(text) => self.message(&text),
            Frame::Continuation(Item::FirstText(part) | Item::FirstBinary(part)) => {
                self.parts.clear();
                self.add_part(&part)?;
            }
            Frame::Continuation(Item::Continue(part)) => self.add_part(&part)?,
            Frame::Continuation(Item::Last(part)) => {
                self.add_part(&part)?;
                let whole = std::mem::take(&mut self.parts);
                self.message(&whole);
            }
            Frame::Ping(payload) => {
                self.pong.set(Some(payload));
                self.shared.changed();
            }
            Frame::Binary(_) => self.unreadable("a binary message"),
            Frame::Pong(_) => {}
            Frame::Close(reason) => return Err(Stop::Closed(reason)),
        }
        Ok(())
    }

    fn add_part(&mut self, part: &[u8]) -> Result<(), Stop> {
        let most = self.shared.settings.options.message;
        if self.parts.len() + part.len() > most {
            return Err(broken(format!("a message has more than {most} bytes (`ClientOptions::message`)")));
        }
        self.parts.extend_from_slice(part);
        Ok(())
    }

    fn message(&self, text: &[u8]) {
        let received: Received = match serde_json::from_slice(text) {
            Ok(received) => received,
            Err(error) => return self.unreadable(&error.to_string()),
        };
        match (&*received.command, &received.plugin_id) {
            ("publish", Some(plugin)) => self.call(plugin, received.topic.as_deref(), received.data),
            ("publish", None) => self.unreadable("an event of no plugin"),
            ("error", _) => {
                let Received { refused, code, message, .. } = &received;
                let (refused, message) =
                    (refused.as_deref().unwrap_or("command"), message.as_deref().unwrap_or_default());
                self.shared.count_refused();
                self.shared.warn("refused", || format!("the broker refused a {refused:?}: {message:?} ({code})"));
            }
            // What a later broker may send besides.
            (command, _) => log::debug!("{}: the broker sent {command:?}, which is left out", self.shared.role),
        }
    }

    fn unreadable(&self, reason: &str) {
        self.shared.count_unreadable();
        self.shared.warn("unreadable", || format!("the broker sent what is no frame of the events wire: {reason}"));
    }

    /// Calls all who subscribed; one that fails keeps no other from being called.
    fn call(&self, plugin: &str, topic: Option<&str>, data: &RawValue) {
        for callback in self.shared.matching(plugin, topic) {
            let called = catch_unwind(AssertUnwindSafe(|| {
                // The state of a callback may be half changed after a panic; that is the callback's to keep right.
                let mut callback = callback.lock().unwrap_or_else(PoisonError::into_inner);
                callback(data)
            }));
            let failure = match called {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => format!("does not take the data: {error}"),
                Err(_) => "panicked".into(),
            };
            self.shared.count_failed_callback();
            self.shared.warn("callback", || format!("a callback for plugin {plugin:?}, topic {topic:?} {failure}"));
        }
    }
}

#[cfg(test)]
mod tests;
