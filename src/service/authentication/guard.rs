//! What keeps those who guess passwords from others: bounds by address and by user name, and the queue of hashes.
use super::attempts::Attempts;
use super::config::AuthenticationConfig;
use super::hashing::Hashing;
use crate::auth::{self, Verified};
use crate::metrics::Metrics;
use crate::service::error::ServiceError;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;
use tokio::time::Instant;

/// Who tries a wrong password is answered after a multiple of this, whatever the look at it has taken: the time tells neither whether
/// there is such a user nor how its password is hashed.
const PACE: Duration = Duration::from_millis(250);

/// All that looks at passwords asks here.
pub(in crate::service) struct Guard {
    hashing: Hashing,
    by_address: Attempts<IpAddr>,
    by_account: Attempts<u64>,
    /// User names are kept as numbers: each takes the same room, and a dump of the table tells none.
    names: RandomState,
}

impl Guard {
    pub fn new(config: &AuthenticationConfig) -> Self {
        Guard {
            hashing: Hashing::new(config.hash_queue),
            by_address: Attempts::new(config.attempts_by_address),
            by_account: Attempts::new(config.attempts_by_account),
            names: RandomState::new(),
        }
    }

    /// Counts so many passwords that come from an address. Fails with `TooManyRequests`, which says when they may come again.
    pub fn admit_address(&self, address: Option<IpAddr>, count: u32, metrics: &Metrics) -> Result<(), ServiceError> {
        self.by_address.spend(&party(address), count, Instant::now()).map_err(|wait| {
            metrics.reached("authentication.attempts_by_address");
            limited(wait)
        })
    }

    /// Counts an attempt at the password of a user name, whether there is such a user or not. Fails as the other does.
    pub fn admit_account(&self, name: &str, metrics: &Metrics) -> Result<(), ServiceError> {
        self.by_account.spend(&self.names.hash_one(name), 1, Instant::now()).map_err(|wait| {
            metrics.reached("authentication.attempts_by_account");
            limited(wait)
        })
    }

    /// The attempt was right, so that it does not count.
    pub fn give_back(&self, name: &str) {
        self.by_account.give_back(&self.names.hash_one(name));
    }

    /// The hash of a password. Fails with `TooManyRequests` where too many wait.
    pub async fn hash(
        &self,
        password: String,
        address: Option<IpAddr>,
        metrics: &Metrics,
    ) -> Result<String, ServiceError> {
        let hashed = self.hashing.run(party(address), metrics, move || auth::hash_password(&password)).await?;
        hashed.map_err(|error| ServiceError::general_error(error.to_string()))
    }

    /// Whether a password is that of a hash; wrong where there is none. Fails as [`Guard::hash`] does.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
        address: Option<IpAddr>,
        metrics: &Metrics,
    ) -> Result<Verified, ServiceError> {
        let work = move || {
            let began = Instant::now();
            (auth::verify_password(&password, hash.as_deref()), began)
        };
        let (verified, began) = self.hashing.run(party(address), metrics, work).await?;
        if verified == Verified::Wrong {
            let paces = began.elapsed().as_millis() / PACE.as_millis() + 1;
            tokio::time::sleep_until(began + PACE * u32::try_from(paces).unwrap_or(1)).await;
        }
        Ok(verified)
    }
}

fn limited(wait: Duration) -> ServiceError {
    let seconds = wait.as_secs() + 1;
    let message = format!("Too many attempts; try again in {seconds} s");
    ServiceError::too_many_requests(message).with_data(serde_json::json!({"retryAfter": seconds}))
}

/// Those of whom nobody knows where they are share one address.
fn party(address: Option<IpAddr>) -> IpAddr {
    address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), network)
}

/// Who has one address of IPv6 has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_network_count_as_one() {
        let read = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(network(read("2001:db8::7")), network(read("2001:db8::ffff:1:2:3")));
        assert_ne!(network(read("2001:db8:0:1::7")), network(read("2001:db8::7")));
        assert_eq!(network(read("::ffff:10.0.0.1")), read("10.0.0.1"));
        assert_ne!(network(read("10.0.0.1")), network(read("10.0.0.2")));
    }
}
