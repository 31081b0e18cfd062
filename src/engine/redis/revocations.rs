//! Revocations, kept in Redis in pieces, each as long as its tokens could be valid.
use super::core::{Core, odd};
use super::{millis, scripts};
use crate::engine::{EngineAnswer, RevocationPage};
use crate::types::{Epoch, Position, Revocation};
use redis::Cmd;
use std::sync::Arc;
use std::time::Duration;

/// Pieces that are told at once: a script keeps all others waiting.
const PAGE: usize = 500;

impl Core {
    fn revoked_call(&self, verb: &str) -> (Vec<u8>, Cmd) {
        let [marks, ends, order] = self.keys.revocations();
        let mut command = scripts::call(&scripts::REVOKED, &[&marks, &ends, &order]);
        command.arg(verb);
        (marks, command)
    }

    pub fn revoke(self: &Arc<Self>, revocation: &Revocation, ttl: Duration) -> EngineAnswer<()> {
        let (key, mut command) = self.revoked_call("add");
        command.arg(revocation.at).arg(millis(ttl));
        for piece in revocation.pieces() {
            command.arg(name(piece));
        }
        self.ask(&key, command, true).then(|kept| kept.map(drop))
    }

    pub fn revocations(self: &Arc<Self>, since: Option<&Position>) -> EngineAnswer<RevocationPage> {
        let (key, mut command) = self.revoked_call("since");
        let (offset, epoch) = since.map_or((0, ""), |since| (since.offset, since.epoch.as_str()));
        command.arg(offset).arg(epoch).arg(PAGE);
        self.ask(&key, command, true).then(|answer| {
            let parts: Vec<String> = redis::from_redis_value(answer?).map_err(|_| odd("what was revoked"))?;
            page(&parts).ok_or_else(|| odd("what was revoked"))
        })
    }
}

/// The name of a piece: the same for all nodes, whenever it was revoked. Part of what is stored.
fn name(piece: Revocation) -> String {
    // Texts and numbers can be written.
    serde_json::to_string(&Revocation { at: 0, ..piece }).unwrap_or_default()
}

/// Reads the answer of revoked.lua.
fn page(parts: &[String]) -> Option<RevocationPage> {
    let ([epoch, offset, has_more], pieces) = parts.split_first_chunk()?;
    let upto = Position { offset: offset.parse().ok()?, epoch: Epoch::new(epoch.as_str()) };
    let mut kept = vec![];
    for piece in pieces.chunks_exact(3) {
        let left = Duration::from_millis(piece[2].parse().ok()?);
        let at = piece[1].parse().ok()?;
        match serde_json::from_str::<Revocation>(&piece[0]) {
            Ok(revocation) => kept.push((Revocation { at, ..revocation }, left)),
            // Whoever wrote it, the others are to be told.
            Err(error) => log::error!("a revocation cannot be read and is not in force here: {error}"),
        }
    }
    Some(RevocationPage { kept, upto, has_more: has_more == "1" })
}
