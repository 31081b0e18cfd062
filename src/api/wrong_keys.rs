//! Wrong API keys per client address: after five in a row the address has to wait, twice as long each time.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong keys in a row that cost nothing.
const FREE: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// An address without a wrong key for at least this long is forgotten.
const KEPT: Duration = Duration::from_secs(600);
/// Addresses in one generation of the table.
const MOST: usize = 10_000;

/// The addresses that sent wrong keys, at most 20,000 of them: two generations, of which the older is dropped when the younger is
/// full or old. An IPv6 client has a whole network of 64 bits, which counts as one address.
#[derive(Debug, Default)]
pub struct WrongKeys {
    generations: Mutex<Generations>,
    /// Some address is known. While none is, right keys cost no lock.
    is_any: AtomicBool,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<IpAddr, Tries>,
    old: HashMap<IpAddr, Tries>,
    began: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    /// Wrong keys in a row.
    wrong: u32,
    /// No key is looked at before.
    until: Option<Instant>,
}

/// What a wrong key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// How long no key of the address is looked at.
    pub wait: Option<Duration>,
    /// The table was full, and addresses were forgotten early.
    pub is_full: bool,
}

impl WrongKeys {
    /// How much longer no key of this address is looked at; none where the next one is.
    pub fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        if !self.is_any.load(Ordering::Acquire) {
            return None;
        }
        let until = self.with(|generations| generations.of(network(address))?.until)?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Notes a wrong key.
    pub fn wrong(&self, address: IpAddr, now: Instant) -> Noted {
        self.is_any.store(true, Ordering::Release);
        self.with(|generations| generations.wrong(network(address), now))
    }

    /// Notes a right key: the next wrong one is the first again.
    pub fn right(&self, address: IpAddr) {
        if self.is_any.load(Ordering::Acquire) {
            let is_empty = self.with(|generations| generations.forget(network(address)));
            // A wrong key that is noted in between may stay unseen until the next one: it is one of those that cost nothing.
            self.is_any.store(!is_empty, Ordering::Release);
        }
    }

    fn with<R>(&self, change: impl FnOnce(&mut Generations) -> R) -> R {
        // An entry is changed as a whole, so the table is whole even where a thread panicked.
        change(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Generations {
    fn of(&self, address: IpAddr) -> Option<Tries> {
        self.young.get(&address).or_else(|| self.old.get(&address)).copied()
    }

    fn wrong(&mut self, address: IpAddr, now: Instant) -> Noted {
        let known = self.of(address);
        let is_full = self.young.len() >= MOST && !self.young.contains_key(&address);
        let began = *self.began.get_or_insert(now);
        if is_full || now.saturating_duration_since(began) >= KEPT {
            self.old = std::mem::take(&mut self.young);
            self.began = Some(now);
        }
        let wrong = known.map_or(0, |tries| tries.wrong).saturating_add(1);
        let wait = wrong.checked_sub(FREE).map(|more| {
            let times = 2_u32.checked_pow(more).unwrap_or(u32::MAX);
            FIRST_WAIT.saturating_mul(times).min(LONGEST_WAIT)
        });
        self.young.insert(address, Tries { wrong, until: wait.map(|wait| now + wait) });
        Noted { wait, is_full }
    }

    /// Whether no address is known any more.
    fn forget(&mut self, address: IpAddr) -> bool {
        self.young.remove(&address);
        self.old.remove(&address);
        self.young.is_empty() && self.old.is_empty()
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    /// Sends wrong keys as fast as they are looked at; the waits.
    fn waits(keys: &WrongKeys, address: IpAddr, mut now: Instant, count: usize) -> Vec<u64> {
        let waits = (0..count).map(|_| {
            let wait = keys.wrong(address, now).wait.unwrap_or_default();
            assert_eq!(keys.wait(address, now), Some(wait).filter(|wait| !wait.is_zero()));
            now += wait;
            assert_eq!(keys.wait(address, now), None);
            wait.as_secs()
        });
        waits.collect()
    }

    #[test]
    fn the_fifth_wrong_key_costs_a_second_and_each_further_one_twice_as_long_up_to_five_minutes() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        assert_eq!(keys.wait(address(1), now), None);
        assert_eq!(waits(&keys, address(1), now, 15), [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn other_addresses_do_not_wait_and_a_right_key_starts_anew() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        waits(&keys, address(1), now, 7);
        let now = now + 3 * SECOND;
        assert_eq!(keys.wrong(address(1), now).wait, Some(8 * SECOND));
        assert_eq!((keys.wait(address(1), now), keys.wait(address(2), now)), (Some(8 * SECOND), None));
        keys.right(address(2));
        assert_eq!(keys.wait(address(1), now), Some(8 * SECOND));
        keys.right(address(1));
        assert_eq!(keys.wrong(address(1), now).wait, None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_an_address_of_ipv4_inside_it_its_own() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        for host in 0..5 {
            keys.wrong(ip(&format!("2001:db8::{host}")), now);
            keys.wrong(ip("::ffff:10.0.0.1"), now);
        }
        assert!(keys.wait(ip("2001:db8::ffff:1"), now).is_some() && keys.wait(ip("2001:db8:0:1::1"), now).is_none());
        assert!(keys.wait(ip("10.0.0.1"), now).is_some() && keys.wait(ip("::ffff:10.0.0.2"), now).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_an_address_is_forgotten_after_a_while() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        let full = (0..50_000).filter(|number| keys.wrong(address(*number), now).is_full).count();
        let known = keys.with(|generations| generations.young.len() + generations.old.len());
        assert!(full == 4 && known <= 2 * MOST, "{full} {known}");
        // Two generations later.
        for later in 1..=2 {
            keys.wrong(address(60_000), now + later * KEPT);
        }
        let known = |number| keys.with(|generations| generations.of(address(number)).is_some());
        assert!(known(60_000) && !known(49_999));
    }
}
