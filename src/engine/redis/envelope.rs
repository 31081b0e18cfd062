//! An event as bytes, on the bus and in histories: fields that name themselves, so that a node of another version passes
//! over those it does not know.
//!
//! A record is the version, then fields: a tag, the length of its value (4 bytes, little-endian), the value. What comes
//! from the bus with a position has `P`, the offset, `:`, the epoch and `:` before the record.
use super::keys::Short;
use crate::types::{Arity, ChannelName, ClientInfo, Envelope, Epoch, Event, Group, Json, Position, SessionId, Tags};
use bytes::{Buf, Bytes};
use serde::Deserialize;
use std::sync::Arc;

/// The version of records that this node writes and reads. A field more needs no new one.
const VERSION: u8 = 1;
/// The same, of an event that views must look at: a node that knows nothing of that must not pass over the field.
const GUARDED: u8 = 2;
/// Begins what has a position.
const POSITIONED: u8 = b'P';

const DATA: u8 = 1;
const TAG: u8 = 2;
const PUBLISHER: u8 = 3;
const NODE: u8 = 4;
const TO: u8 = 5;
const EXCEPT: u8 = 6;
const ATTACHMENT: u8 = 7;
const VOLATILE: u8 = 8;
const ROUND: u8 = 9;
const ARITY: u8 = 10;
const JOINED: u8 = 11;
const LEFT: u8 = 12;
/// Nobody: an audience that names its groups, and names none.
const NOBODY: u8 = 13;
/// The turn of the publish, for the node that published it.
const TURN: u8 = 14;
const VIEW_TAG: u8 = 15;
/// Names the publish, for the node that asks what became of the event. One that does not know the field is asked in vain.
const ACCOUNT: u8 = 16;

/// Why bytes are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// Not begun as an event is, or of a version that is not known here.
    #[error("unknown version")]
    Version,
    /// It ends too early, or a field holds what it cannot.
    #[error("malformed")]
    Malformed,
}

/// Writes an event without its channel and position, which stand elsewhere. `turn` is that of
/// [`crate::engine::PublishOptions`].
pub fn encode(event: &Event, node: &str, turn: Option<u64>) -> Short {
    let mut out = Short::with_capacity(event.data.bytes().len() + 128);
    let is_guarded = event.envelope.as_ref().is_some_and(|envelope| envelope.view_tags.is_some());
    out.push(if is_guarded { GUARDED } else { VERSION });
    field(&mut out, DATA, &[event.data.bytes()]);
    write_tags(&mut out, TAG, event.tags.as_deref());
    if let Some(publisher) = &event.publisher {
        field(&mut out, PUBLISHER, &[&write_info(publisher)]);
    }
    if let Some(envelope) = &event.envelope {
        let Envelope { audience, arity, attachments, ack, volatile, view_tags, account } = &**envelope;
        write_tags(&mut out, VIEW_TAG, view_tags.as_deref());
        match audience.to() {
            None => {}
            Some([]) => field(&mut out, NOBODY, &[]),
            Some(to) => to.iter().for_each(|group| field(&mut out, TO, &[group.as_str().as_bytes()])),
        }
        audience.excepted().iter().for_each(|group| field(&mut out, EXCEPT, &[group.as_str().as_bytes()]));
        attachments.iter().for_each(|bytes| field(&mut out, ATTACHMENT, &[bytes]));
        match arity {
            Arity::One => {}
            Arity::None => field(&mut out, ARITY, &[b"0"]),
            Arity::Several => field(&mut out, ARITY, &[b"+"]),
        }
        if *volatile {
            field(&mut out, VOLATILE, &[]);
        }
        if let Some(account) = account {
            field(&mut out, ACCOUNT, &[account.as_bytes()]);
        }
        if let Some(round) = ack {
            field(&mut out, NODE, &[node.as_bytes()]);
            field(&mut out, ROUND, &[&round.to_le_bytes()]);
        }
    }
    if let Some(turn) = turn {
        field(&mut out, NODE, &[node.as_bytes()]);
        field(&mut out, TURN, &[&turn.to_le_bytes()]);
    }
    out
}

fn write_tags(out: &mut Short, field_of: u8, tags: Option<&Tags>) {
    for (key, value) in tags.into_iter().flatten() {
        field(out, field_of, &[&(key.len() as u32).to_le_bytes(), key.as_bytes(), value.as_bytes()]);
    }
}

/// Writes that somebody joined or left.
pub fn encode_notice(joined: bool, info: &ClientInfo) -> Short {
    let mut out = Short::new();
    out.push(VERSION);
    field(&mut out, if joined { JOINED } else { LEFT }, &[&write_info(info)]);
    out
}

fn field(out: &mut Short, tag: u8, parts: &[&[u8]]) {
    out.push(tag);
    // A payload is bounded by the limits of frames and bodies, far below 4 GiB.
    let length = parts.iter().map(|part| part.len()).sum::<usize>() as u32;
    out.extend_from_slice(&length.to_le_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// What the bus brings of a channel.
#[derive(Debug)]
pub enum Brought {
    /// An event, and the turn of its publish where this node published it.
    Event(Event, Option<u64>),
    /// Somebody joined, or left.
    Notice(bool, Arc<ClientInfo>),
}

/// Reads what the bus brought to `node`.
pub fn from_bus(channel: ChannelName, node: &str, mut bytes: Bytes) -> Result<Brought, Undecodable> {
    if let [VERSION, tag @ (JOINED | LEFT), ..] = bytes[..] {
        bytes.advance(1);
        let info = read_info(&take(&mut bytes)?.1).ok_or(Undecodable::Malformed)?;
        return Ok(Brought::Notice(tag == JOINED, Arc::new(info)));
    }
    if bytes.first() != Some(&POSITIONED) {
        return read(channel, node, None, bytes).map(|(event, turn)| Brought::Event(event, turn));
    }
    let head = memchr::memchr(b':', &bytes).ok_or(Undecodable::Malformed)?;
    let tail = head + 1 + memchr::memchr(b':', &bytes[head + 1..]).ok_or(Undecodable::Malformed)?;
    let text = std::str::from_utf8(&bytes[1..tail]).map_err(|_| Undecodable::Malformed)?;
    let position = position(text).ok_or(Undecodable::Malformed)?;
    bytes.advance(tail + 1);
    read(channel, node, Some(position), bytes).map(|(event, turn)| Brought::Event(event, turn))
}

/// Reads `OFFSET:EPOCH`.
pub fn position(text: &str) -> Option<Position> {
    let (offset, epoch) = text.split_once(':')?;
    Some(Position { offset: offset.parse().ok()?, epoch: Epoch::new(epoch) })
}

/// Reads a record. A round of acknowledgements is known to the node that asks for them alone.
pub fn decode(
    channel: ChannelName,
    node: &str,
    position: Option<Position>,
    bytes: Bytes,
) -> Result<Event, Undecodable> {
    read(channel, node, position, bytes).map(|(event, _)| event)
}

/// The same, with the turn of its publish.
fn read(
    channel: ChannelName,
    node: &str,
    position: Option<Position>,
    mut bytes: Bytes,
) -> Result<(Event, Option<u64>), Undecodable> {
    if !matches!(bytes.first(), Some(&(VERSION | GUARDED))) {
        return Err(Undecodable::Version);
    }
    bytes.advance(1);
    let (mut data, mut tags, mut view_tags, mut publisher) = (None, Tags::new(), Tags::new(), None);
    let mut envelope = Envelope::PLAIN;
    let (mut is_own, mut turn) = (false, None);
    while bytes.has_remaining() {
        let (tag, mut value) = take(&mut bytes)?;
        match tag {
            DATA => data = Some(Json::parse(value).map_err(|_| Undecodable::Malformed)?),
            TAG | VIEW_TAG => {
                let key = split(&mut value)?;
                let tags = if tag == TAG { &mut tags } else { &mut view_tags };
                tags.insert(text(&key)?.to_owned(), text(&value)?.to_owned());
            }
            PUBLISHER => publisher = Some(Arc::new(read_info(&value).ok_or(Undecodable::Malformed)?)),
            TO => envelope.audience.narrow([Group::from(text(&value)?)]),
            EXCEPT => envelope.audience.exclude([Group::from(text(&value)?)]),
            NOBODY => envelope.audience.narrow([]),
            ATTACHMENT => envelope.attachments.push(value),
            VOLATILE => envelope.volatile = true,
            ARITY => {
                envelope.arity = match &value[..] {
                    b"0" => Arity::None,
                    b"+" => Arity::Several,
                    _ => Arity::One,
                }
            }
            ACCOUNT => envelope.account = Some(text(&value)?.into()),
            NODE => is_own = value == node.as_bytes(),
            ROUND if is_own => envelope.ack = value.try_get_u64_le().ok(),
            TURN if is_own => turn = value.try_get_u64_le().ok(),
            _ => {}
        }
    }
    envelope.view_tags = (!view_tags.is_empty()).then(|| Arc::new(view_tags));
    let event = Event {
        channel,
        data: data.ok_or(Undecodable::Malformed)?,
        tags: (!tags.is_empty()).then(|| Arc::new(tags)),
        publisher,
        position,
        envelope: (envelope != Envelope::PLAIN).then(|| Arc::new(envelope)),
    };
    Ok((event, turn))
}

fn take(bytes: &mut Bytes) -> Result<(u8, Bytes), Undecodable> {
    let tag = bytes.first().copied().ok_or(Undecodable::Malformed)?;
    bytes.advance(1);
    Ok((tag, split(bytes)?))
}

/// A length, and as many bytes.
fn split(bytes: &mut Bytes) -> Result<Bytes, Undecodable> {
    if bytes.remaining() < 4 {
        return Err(Undecodable::Malformed);
    }
    let length = bytes.get_u32_le() as usize;
    match length <= bytes.remaining() {
        true => Ok(bytes.split_to(length)),
        false => Err(Undecodable::Malformed),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Undecodable> {
    std::str::from_utf8(bytes).map_err(|_| Undecodable::Malformed)
}

/// A session as JSON.
pub fn write_info(info: &ClientInfo) -> Vec<u8> {
    // It is made of texts and JSON that has been read already; were it not, an empty value says that nothing is known.
    serde_json::to_vec(info).unwrap_or_default()
}

/// Reads a session; none where it is none.
pub fn read_info(bytes: &[u8]) -> Option<ClientInfo> {
    #[derive(Deserialize)]
    struct Info<'a> {
        #[serde(default)]
        user: Arc<str>,
        client: &'a str,
        conn_info: Option<Json>,
        chan_info: Option<Json>,
    }
    let info: Info<'_> = serde_json::from_slice(bytes).ok()?;
    let client = SessionId::parse(info.client)?;
    Some(ClientInfo { user: info.user, client, conn_info: info.conn_info, chan_info: info.chan_info })
}

#[cfg(test)]
mod tests;
