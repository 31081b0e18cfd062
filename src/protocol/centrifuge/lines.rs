//! Reading the JSON encoding: a message is split at line feeds, each line is a command.
use super::commands;
use super::shapes::{CommandShape, Object};
use crate::protocol::{Command, Request};
use crate::types::Disconnect;
use bytes::{Buf, Bytes};

/// Takes one line off the front of `rest` and reads it; none where nothing is left. The line is taken off also where it
/// breaks the protocol.
pub(super) fn next(rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
    if rest.is_empty() {
        return Ok(None);
    }
    let end = memchr::memchr(b'\n', rest);
    let request = read(&rest[..end.unwrap_or(rest.len())], rest);
    rest.advance(end.map_or(rest.len(), |end| end + 1));
    request.map(Some)
}

/// Reads one line. `message` is what the line is a part of.
fn read(line: &[u8], message: &Bytes) -> Result<Request, Disconnect> {
    let text = std::str::from_utf8(line).map_err(|_| Disconnect::BAD_REQUEST)?;
    let Object(shape) = serde_json::from_str::<Object<CommandShape<'_>>>(text).map_err(|_| Disconnect::BAD_REQUEST)?;
    // Only an object without members has no quote in it: that is the answer to a heartbeat.
    match memchr::memchr(b'"', line) {
        Some(_) => commands::request(shape, message),
        None => Ok(Request { id: 0, command: Command::Pong }),
    }
}
