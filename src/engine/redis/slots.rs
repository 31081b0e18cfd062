//! Which server has which keys: one has all, or those of a cluster share 16,384 slots.
//!
//! The `redis` crate has a cluster connection of its own. It is not used because the order of publishes, the replication
//! id that each script is stamped with, and what is subscribed belong to one server, which it hides.
use super::config::Host;
use super::core::Core;
use super::link::Link;
use super::server::Unusable;
use redis::Value;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Slots of a cluster.
const SLOTS: usize = 16_384;
/// Between two looks at the map where nothing asks for one.
const LOOK: Duration = Duration::from_secs(5);
/// No sooner than this after the last one.
const PAUSE: Duration = Duration::from_millis(200);

/// Which server has which slot.
pub(super) struct Slots {
    pub links: Vec<Arc<Link>>,
    /// The index of the link of each slot; empty where there is one for all.
    owners: Vec<u16>,
}

impl Slots {
    /// One server has everything.
    pub fn one(link: Arc<Link>) -> Self {
        Slots { links: vec![link], owners: vec![] }
    }

    /// A cluster that has not been asked yet: the first server will say who has what.
    pub fn unknown(links: Vec<Arc<Link>>) -> Self {
        Slots { links, owners: vec![] }
    }

    pub fn link(&self, slot: u16) -> &Arc<Link> {
        let owner = self.owners.get(usize::from(slot)).copied().unwrap_or_default();
        &self.links[usize::from(owner)]
    }
}

/// The slot of a key: of its hash tag, where it has one (CRC16 XMODEM, as the cluster specification says).
pub(super) fn slot_of(key: &[u8]) -> u16 {
    let tag = memchr::memchr(b'{', key).and_then(|open| {
        let close = open + 1 + memchr::memchr(b'}', &key[open + 1..])?;
        (close > open + 1).then(|| &key[open + 1..close])
    });
    let mut crc = 0_u16;
    for byte in tag.unwrap_or(key) {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    crc % SLOTS as u16
}

/// Asks the servers that are known who has what, until one tells.
pub(super) async fn learn(core: &Arc<Core>) -> Result<Slots, Unusable> {
    let mut last = Unusable::Other(core.config.url.to_string(), "no server of the cluster answers".into());
    for link in &core.slots().links {
        match link.map_of(core).await {
            Ok(told) => {
                if let Some(slots) = read(core, &told, &link.name) {
                    return Ok(slots);
                }
                last = Unusable::Other(link.name.clone(), "it is not part of a cluster that has all slots".into());
            }
            Err(unusable) => last = unusable,
        }
    }
    Err(last)
}

/// Reads what `CLUSTER SLOTS` tells: first slot, last slot, master, replicas. None where slots are missing.
fn read(core: &Core, told: &Value, asked: &str) -> Option<Slots> {
    let Value::Array(ranges) = told else { return None };
    let (mut links, mut owners): (Vec<Arc<Link>>, _) = (vec![], vec![u16::MAX; SLOTS]);
    for range in ranges {
        let Value::Array(parts) = range else { return None };
        let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = &parts[..] else { return None };
        let Some(Value::Int(port)) = master.get(1) else { return None };
        let host = match master.first() {
            Some(Value::BulkString(host)) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
            // It does not know its own address: that is the one it was asked at.
            _ => asked.rsplit_once(':')?.0.to_owned(),
        };
        let host: Host = (host, u16::try_from(*port).ok()?);
        let name = format!("{}:{}", host.0, host.1);
        let index = match links.iter().position(|link| link.name == name) {
            Some(index) => index,
            None => {
                links.push(core.link_to(&host)?);
                links.len() - 1
            }
        };
        let slots = owners.get_mut(usize::try_from(*first).ok()?..=usize::try_from(*last).ok()?)?;
        slots.fill(u16::try_from(index).ok()?);
    }
    owners.iter().all(|owner| *owner != u16::MAX).then_some(Slots { links, owners })
}

/// Keeps the map up to date as long as the engine is there.
pub(super) async fn follow(core: Weak<Core>) {
    loop {
        let Some(strong) = core.upgrade() else { return };
        let _ = tokio::time::timeout(LOOK, strong.stale.notified()).await;
        match learn(&strong).await {
            Ok(slots) => strong.adopt(slots),
            Err(unusable) => log::debug!("the slots of the cluster are unknown: {unusable}"),
        }
        drop(strong);
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot_of(b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"a{foo}b"), slot_of(b"foo"));
        assert_ne!(slot_of(b"{}foo"), slot_of(b"foo"));
        assert_eq!(slot_of(b"{u:a}b}m"), slot_of(b"{u:a}b}e"));
    }
}
