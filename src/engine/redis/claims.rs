//! Which users have received which kept events: each event has a set of its own, which expires.
use super::core::{Core, odd};
use super::{millis, scripts};
use crate::engine::{CLAIMANTS_PER_EVENT, Claim, Claimed, EngineAnswer, Error};
use crate::types::{Answer, ChannelName};
use std::sync::Arc;

/// Claimants that one call of the script remembers: a script keeps all others waiting.
const BATCH: usize = 1_000;

impl Core {
    pub fn claim(self: &Arc<Self>, channel: &ChannelName, claim: Claim) -> EngineAnswer<Claimed> {
        let Claim { epoch, offsets, claimants, ttl } = claim;
        if offsets.is_empty() || claimants.is_empty() {
            return EngineAnswer::ok(Claimed { new: offsets, is_full: false });
        }
        let keys: Vec<Vec<u8>> = offsets.iter().map(|offset| self.keys.claims(channel, &epoch, *offset)).collect();
        let names: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let asked: Vec<_> = claimants
            .chunks(BATCH)
            .map(|batch| {
                let mut command = scripts::call(&scripts::CLAIMS, &names);
                command.arg(millis(ttl)).arg(CLAIMANTS_PER_EVENT);
                for claimant in batch {
                    command.arg(&**claimant);
                }
                self.ask(names[0], command, false)
            })
            .collect();
        Answer::Later(Box::pin(async move {
            let mut claimed = Claimed { new: offsets.clone(), is_full: false };
            for asked in asked {
                let verdicts: Vec<u8> = redis::from_redis_value::<Vec<String>>(asked.wait().await?)
                    .ok()
                    .and_then(|words| words.iter().map(|word| word.parse().ok()).collect())
                    .ok_or_else(|| odd("a claim"))?;
                let (is_full, are_new) = verdicts.split_last().ok_or_else(|| odd("a claim"))?;
                claimed.is_full |= *is_full == 1;
                let known = offsets.iter().zip(are_new).filter(|(_, is_new)| **is_new == 0).map(|(offset, _)| *offset);
                let known: Vec<u64> = known.collect();
                claimed.new.retain(|offset| !known.contains(offset));
            }
            Ok::<_, Error>(claimed)
        }))
    }
}
