//! An address to listen on, as written in the config and on the command line.
use serde::{Deserialize, Deserializer, de};
use std::net::{IpAddr, Ipv4Addr};

/// A text that is no address to listen on.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not an address to listen on; write 127.0.0.1 or `localhost` for this machine only, 0.0.0.0 or :: for every address"
)]
pub struct NoAddress(String);

/// Reads an address to listen on: an IP address, or `localhost`, which is 127.0.0.1. Fails with other names: what they stand for
/// may change while the broker runs.
pub fn parse_host(text: &str) -> Result<IpAddr, NoAddress> {
    match text.eq_ignore_ascii_case("localhost") {
        true => Ok(Ipv4Addr::LOCALHOST.into()),
        false => text.parse().map_err(|_| NoAddress(text.to_owned())),
    }
}

/// For serde.
pub(super) fn host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpAddr, D::Error> {
    parse_host(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// For serde, of a host that may be left out.
pub(super) fn some_host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_host(&text)).transpose().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_loopback_and_another_name_is_none() {
        assert!(parse_host("Localhost").is_ok_and(|host| host.is_loopback()));
        assert_eq!(parse_host("::1").unwrap().to_string(), "::1");
        for wrong in ["", "example.com", "127.0.0.1:8000", "[::1]", "localhost:8000"] {
            assert!(parse_host(wrong).unwrap_err().to_string().starts_with(&format!("`{wrong}` ")), "{wrong}");
        }
    }
}
