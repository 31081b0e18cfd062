//! One connection: what is sent and received from the handshake to the close.
use super::Error;
use super::bounded::{Bounded, too_large};
use super::shared::{Shared, Step};
use super::subscriptions::{Callback, Told};
use super::wire::Received;
use super::writer::Writer;
use actix_codec::{AsyncRead, AsyncWrite, Framed};
use actix_http::ws::Item;
use awc::ws::{CloseCode, CloseReason, Codec, Frame, Message};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde_json::value::RawValue;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;

/// How long a close may take: the last frames, and then the broker's answer. Publishes that are kept
/// when the last handle is dropped are sent for as long.
pub(super) const CLOSING: Duration = Duration::from_secs(2);

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

/// Registers, tells the broker of the subscriptions, sends what is published and calls the callbacks, until one side ends it.
pub(super) async fn converse<T>(socket: Framed<T, Codec>, shared: &Shared, era: u64) -> End
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let socket = socket.into_parts();
    let (input, output) = tokio::io::split(socket.io);
    let bounded = Bounded::new(socket.codec.clone(), shared.settings.options.max_message);
    let mut input = FramedRead::new(input, bounded);
    // What came together with the answer to the handshake.
    input.read_buffer_mut().extend_from_slice(&socket.read_buf);
    let mut writer = Writer::new(output, socket.codec);
    let pong = Cell::new(None);
    let mut reader = Reader { input, parts: None, pong: &pong, shared };
    let stop = tokio::select! {
        stop = reader.read() => stop,
        stop = write(&mut writer, &pong, shared, era) => stop,
    };
    shared.ended(writer.taken());
    match stop {
        Stop::Broken(reason) => End::Lost(reason),
        Stop::Left => {
            // The broker's answer ends the TCP connection cleanly; without it the socket is dropped all the same.
            let _ = timeout(CLOSING, reader.read()).await;
            End::Left
        }
        Stop::Closed(reason) => {
            // A close is answered (RFC 6455, section 5.5.1), where no other frame has begun; the connection is over, whether that
            // still gets out or not.
            if writer.discard() {
                writer.push(Message::Close(reason.as_ref().map(|reason| reason.code.into())));
                let _ = timeout(CLOSING, writer.write_all()).await;
            }
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
    Stop::Broken(format!("the connection was lost: {error}"))
}

/// Sends what there is to send, and waits for more.
async fn write<W>(writer: &mut Writer<W>, pong: &Cell<Option<Bytes>>, shared: &Shared, era: u64) -> Stop
where
    W: AsyncWrite + Unpin,
{
    let mut told = Told::default();
    let mut changes = shared.changes();
    if let Some(register) = shared.register() {
        writer.push(Message::Text(register));
    }
    loop {
        // Before the state is read, so that no change is missed.
        changes.mark_unchanged();
        if !fill(writer, pong, shared, era, &mut told) {
            return leave(writer, shared, told).await;
        }
        if writer.is_empty() {
            // It cannot fail: the sender is in `shared`.
            let _ = changes.changed().await;
            continue;
        }
        tokio::select! {
            written = writer.write() => match written {
                Ok(()) => shared.sent(writer.taken()),
                Err(error) => return broken(error),
            },
            // A broker that reads nothing must not keep the client from leaving. It does leave, even where it is wanted again
            // meanwhile.
            () = shared.unwanted(era) => return leave(writer, shared, told).await,
        }
    }
}

/// Takes what is to be sent, as much as makes a write; whether the connection goes on.
fn fill<W>(writer: &mut Writer<W>, pong: &Cell<Option<Bytes>>, shared: &Shared, era: u64, told: &mut Told) -> bool
where
    W: AsyncWrite + Unpin,
{
    // Only the latest ping needs an answer (RFC 6455, section 5.5.3).
    if let Some(payload) = pong.take() {
        writer.push(Message::Pong(payload));
    }
    while !writer.is_full() {
        match shared.step(era, told) {
            Step::Tell(frame) => writer.push(Message::Text(frame)),
            Step::Publish(frame) => writer.publish(Message::Text(frame)),
            Step::Rest => break,
            Step::Leave => return false,
        }
    }
    true
}

/// Takes the subscriptions back and closes with 1000.
async fn leave<W>(writer: &mut Writer<W>, shared: &Shared, told: Told) -> Stop
where
    W: AsyncWrite + Unpin,
{
    shared.leaving();
    for frame in told.end() {
        writer.push(Message::Text(frame));
    }
    writer.push(Message::Close(Some(CloseCode::Normal.into())));
    // Where it does not get out, dropping the socket says the same.
    if let Ok(Ok(())) = timeout(CLOSING, writer.write_all()).await {
        shared.sent(writer.taken());
    }
    Stop::Left
}

struct Reader<'a, R> {
    input: FramedRead<R, Bounded>,
    /// A message that came in part; none where it is binary, which is no frame of the wire.
    parts: Option<BytesMut>,
    /// The payload of a ping that is to be answered.
    pong: &'a Cell<Option<Bytes>>,
    shared: &'a Shared,
}

impl<R: AsyncRead + Unpin> Reader<'_, R> {
    async fn read(&mut self) -> Stop {
        let silence = self.shared.settings.options.silence;
        loop {
            let read = match timeout(silence, self.input.next()).await {
                Err(_) => return Stop::Broken(format!("the broker was silent for {silence:?}")),
                Ok(None) => return Stop::Broken("the connection was lost".into()),
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
            Frame::Continuation(Item::FirstText(part)) => self.parts = Some(BytesMut::from(&*part)),
            Frame::Continuation(Item::Continue(part)) => self.add_part(&part)?,
            Frame::Continuation(Item::Last(part)) => {
                self.add_part(&part)?;
                if let Some(whole) = self.parts.take() {
                    self.message(&whole);
                }
            }
            Frame::Ping(payload) => {
                self.pong.set(Some(payload));
                self.shared.changed();
            }
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => self.unreadable("a binary message"),
            Frame::Pong(_) => {}
            Frame::Close(reason) => return Err(Stop::Closed(reason)),
        }
        Ok(())
    }

    fn add_part(&mut self, part: &[u8]) -> Result<(), Stop> {
        let Some(parts) = &mut self.parts else { return Ok(()) };
        let most = self.shared.settings.options.max_message;
        if parts.len() + part.len() > most {
            return Err(broken(too_large(most)));
        }
        parts.extend_from_slice(part);
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
            ("account", _) => match (received.account(), serde_json::from_slice(text)) {
                (Some(name), Ok(account)) => {
                    // One that nobody waits for any more is of no interest.
                    self.shared.account(&name, Ok(account));
                }
                _ => self.unreadable("an account of no publish"),
            },
            ("error", _) => {
                let Received { refused, code, message, .. } = &received;
                let (refused, message) =
                    (refused.as_deref().unwrap_or("command"), message.as_deref().unwrap_or_default());
                self.shared.tallies.refused.add(1);
                self.shared.warn("refused", || format!("the broker refused a {refused:?}: {message:?} ({code})"));
                // Whoever waits finds it counted.
                if let Some(name) = received.account() {
                    self.shared.account(&name, Err(Error::Refused { code: *code, message: message.to_owned() }));
                }
            }
            // What a later broker may send besides.
            (command, _) => log::debug!("{}: the broker sent {command:?}, which is ignored", self.shared.role),
        }
    }

    fn unreadable(&self, reason: &str) {
        self.shared.tallies.unreadable.add(1);
        self.shared.warn("unreadable", || format!("the broker sent what is no frame of the events wire: {reason}"));
    }

    /// Calls the callbacks for an event; one that fails keeps no other from being called.
    fn call(&self, plugin: &str, topic: Option<&str>, data: &RawValue) {
        for callback in self.shared.matching(plugin, topic) {
            if let Err(failure) = call(callback, data) {
                self.shared.tallies.failed_callbacks.add(1);
                self.shared.warn("callback", || format!("a callback for plugin {plugin:?}, topic {topic:?} {failure}"));
            }
        }
    }
}

/// Calls a callback. It may be dropped here, if it was unsubscribed meanwhile, so a destructor that panics is caught, too, and apart
/// from the call, since a panic within a panic aborts the program.
fn call(callback: Callback, data: &RawValue) -> Result<(), String> {
    let called = catch_unwind(AssertUnwindSafe(|| callback.call(data)));
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(callback)));
    match (called, dropped) {
        (Ok(Ok(())), Ok(())) => Ok(()),
        (Ok(Err(error)), _) => Err(format!("does not take the data: {error}")),
        (Err(_), _) | (_, Err(_)) => Err("panicked".into()),
    }
}

#[cfg(test)]
mod tests;
