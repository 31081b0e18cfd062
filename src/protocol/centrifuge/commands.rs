//! From the protocol's requests to the commands that every wire shares: which payload counts, what is required, what is
//! refused. Nothing here knows how the requests were encoded, except that payloads are JSON.
use super::shapes::{
    ChannelShape, CommandShape, ConnectShape, HistoryShape, Object, PublishShape, RefreshShape, SubRefreshShape,
    SubscribeShape,
};
use crate::protocol::{
    Command, Connect, History, Publish, Recover, Refresh, Request, Rpc, SubRefresh, Subscribe, Unsubscribe,
};
use crate::types::{Disconnect, Epoch, Json, ReplyError, Topic};
use bytes::Bytes;
use serde_json::value::RawValue;

/// The client can take pushes that carry a number instead of the channel's name.
const FLAG_COMPACTION: i64 = 1;
/// The client wants an error where its position cannot be recovered.
const FLAG_REJECT_UNRECOVERED: i64 = 2;

/// A shared payload keeps the buffer of the whole read alive, which may hold more than the message; only where copying
/// would cost more than that (bytes) is it shared.
const SHARED_FROM: usize = 16 * 1024;

type Decoded = Result<Command, Disconnect>;

/// The request that a command makes; `message` is the buffer that its payloads lie in.
///
/// Fails with [`Disconnect::BAD_REQUEST`] where there is no known payload, or no id though the client must be answered,
/// or no channel or token where there must be one.
pub(super) fn request(shape: CommandShape<'_>, message: &Bytes) -> Result<Request, Disconnect> {
    let id = shape.id.unwrap_or(0);
    let command = command(shape, message)?;
    match (&command, id) {
        (Command::Send(_), _) => Ok(Request { id: 0, command }),
        (_, 0) => Err(Disconnect::BAD_REQUEST),
        _ => Ok(Request { id, command }),
    }
}

/// The first payload counts.
fn command(shape: CommandShape<'_>, message: &Bytes) -> Decoded {
    if let Some(Object(c)) = shape.connect {
        return Ok(connect(*c, message));
    }
    if let Some(Object(c)) = shape.subscribe {
        return subscribe(*c, message);
    }
    if let Some(Object(c)) = shape.unsubscribe {
        return Ok(Command::Unsubscribe(Unsubscribe::all(channel(c)?)));
    }
    if let Some(Object(c)) = shape.publish {
        return publish(c, message);
    }
    if let Some(Object(c)) = shape.presence {
        return channel(c).map(Command::Presence);
    }
    if let Some(Object(c)) = shape.presence_stats {
        return channel(c).map(Command::PresenceStats);
    }
    if let Some(Object(c)) = shape.history {
        return history(c);
    }
    if let Some(Object(c)) = shape.rpc {
        return Ok(Command::Rpc(Rpc { method: c.method.unwrap_or_default(), data: payload(c.data, message) }));
    }
    if let Some(Object(c)) = shape.send {
        return Ok(Command::Send(payload(c.data, message).unwrap_or_else(Json::null)));
    }
    if let Some(Object(c)) = shape.refresh {
        return refresh(c);
    }
    match shape.sub_refresh {
        Some(Object(c)) => sub_refresh(c),
        None => Err(Disconnect::BAD_REQUEST),
    }
}

fn connect(shape: ConnectShape<'_>, message: &Bytes) -> Command {
    let subs = shape.subs.unwrap_or_default().into_iter().filter_map(|(channel, hint)| {
        let Object(hint) = hint?;
        Some((channel, recover(hint.recover, hint.epoch, hint.offset)?))
    });
    Command::Connect(Box::new(Connect {
        token: shape.token.unwrap_or_default(),
        data: payload(shape.data, message),
        name: shape.name.unwrap_or_default(),
        version: shape.version.unwrap_or_default(),
        headers: shape.headers.unwrap_or_default(),
        subs: subs.collect(),
        ..Connect::default()
    }))
}

fn subscribe(shape: SubscribeShape<'_>, message: &Bytes) -> Decoded {
    let channel = required(shape.channel)?;
    let asks_for_a_map = is_set(shape.phase)
        || is_set(shape.cursor)
        || is_set(shape.limit)
        || is_set(shape.asc)
        || shape.state.is_some();
    match shape.kind.unwrap_or(0) {
        0 if asks_for_a_map => return Ok(Command::Refused(ReplyError::NOT_AVAILABLE)),
        0 => {}
        1..=4 => return Ok(Command::Refused(ReplyError::PERMISSION_DENIED)),
        _ => return Ok(Command::Refused(ReplyError::bad_field("type", "is not a number from 0 to 4"))),
    }
    let flags = shape.flag.unwrap_or(0);
    Ok(Command::Subscribe(Box::new(Subscribe {
        channel,
        token: shape.token.unwrap_or_default(),
        data: payload(shape.data, message),
        recover: recover(shape.recover, shape.epoch, shape.offset),
        positioned: is_set(shape.positioned),
        recoverable: is_set(shape.recoverable),
        join_leave: is_set(shape.join_leave),
        delta: shape.delta.unwrap_or_default(),
        filter: shape.tf.map(|Object(filter)| filter),
        reject_unrecovered: flags & FLAG_REJECT_UNRECOVERED != 0,
        compaction: flags & FLAG_COMPACTION != 0,
        topic: Topic::Unnamed,
    })))
}

fn publish(shape: PublishShape<'_>, message: &Bytes) -> Decoded {
    let channel = required(shape.channel)?;
    if is_set(shape.kind) || is_set(shape.key) || is_set(shape.removed) {
        return Ok(Command::Refused(ReplyError::NOT_AVAILABLE));
    }
    Ok(Command::Publish(Publish { channel, data: payload(shape.data, message), ..Publish::default() }))
}

fn history(shape: HistoryShape) -> Decoded {
    let since = shape.since.map(|Object(since)| position(since.epoch, since.offset));
    Ok(Command::History(History {
        channel: required(shape.channel)?,
        limit: shape.limit.unwrap_or(0),
        since,
        reverse: is_set(shape.reverse),
    }))
}

fn refresh(shape: RefreshShape) -> Decoded {
    Ok(Command::Refresh(Refresh { token: required(shape.token)? }))
}

fn sub_refresh(shape: SubRefreshShape) -> Decoded {
    let channel = required(shape.channel)?;
    let tracks = is_set(shape.kind)
        || is_set(shape.signature)
        || shape.items.is_some_and(|items| !items.is_empty())
        || shape.untrack_keys.is_some_and(|keys| !keys.is_empty())
        || shape.track.is_some()
        || shape.untrack.is_some();
    match tracks {
        true => Ok(Command::Refused(ReplyError::NOT_AVAILABLE)),
        false => Ok(Command::SubRefresh(SubRefresh { channel, token: shape.token.unwrap_or_default() })),
    }
}

fn channel(shape: ChannelShape) -> Result<String, Disconnect> {
    required(shape.channel)
}

/// A text that must be there and not be empty.
fn required(text: Option<String>) -> Result<String, Disconnect> {
    text.filter(|text| !text.is_empty()).ok_or(Disconnect::BAD_REQUEST)
}

/// Whether a field has another value than its zero.
fn is_set<T: Default + PartialEq>(field: Option<T>) -> bool {
    field.is_some_and(|value| value != T::default())
}

fn recover(asked: Option<bool>, epoch: Option<String>, offset: Option<u64>) -> Option<Recover> {
    is_set(asked).then(|| position(epoch, offset))
}

fn position(epoch: Option<String>, offset: Option<u64>) -> Recover {
    Recover { offset: offset.unwrap_or(0), epoch: Epoch::new(epoch.unwrap_or_default()) }
}

fn payload(raw: Option<&RawValue>, message: &Bytes) -> Option<Json> {
    raw.map(|raw| match raw.get().len() < SHARED_FROM {
        true => Json::copied(raw),
        false => Json::of(raw, message),
    })
}
