//! Which pages may connect (decision 15). Browsers name the page's origin (RFC 6454); other clients name none.
use super::Error;
use globset::{Glob, GlobMatcher};
use std::net::IpAddr;

/// The config key that errors name where no other is meant.
const KEY: &str = "auth.origins";

/// The origins that may connect beside the broker's own host.
pub struct Origins {
    all: bool,
    patterns: Vec<GlobMatcher>,
}

/// Under which names the broker's own host counts as its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnNames {
    /// Under each one that a client uses.
    All,
    /// Under those of this machine: `localhost`, names below it (RFC 6761, section 6.3) and loopback addresses. Where a
    /// broker trusts whoever is on its machine, a page could else have its own name resolve to it (DNS rebinding).
    Loopback,
}

/// An origin in parts, in lower case, its port never the scheme's default.
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origins {
    /// Reads a list of `SCHEME://HOST[:PORT]`, in which `*` stands for any characters; `*` alone admits every
    /// origin, `null` included. A default port may be written or not. Fails where an entry is neither.
    pub fn new(list: &[String]) -> Result<Self, Error> {
        Self::of_key(KEY, list)
    }

    /// As [`Origins::new`], for the list of another config key, which errors name.
    pub fn of_key(key: &'static str, list: &[String]) -> Result<Self, Error> {
        let mut origins = Origins { all: false, patterns: Vec::new() };
        for entry in list {
            match entry.as_str() {
                "*" => origins.all = true,
                pattern => origins.patterns.push(matcher(key, pattern)?),
            }
        }
        Ok(origins)
    }

    /// Whether a request with this `Origin` header may connect to this `Host` (the forwarded one, if a trusted proxy
    /// forwarded it). No `Origin` passes; else its host and port must be those of `host`, under one of the broker's own
    /// names, or it must match the list.
    pub fn admits(&self, origin: Option<&str>, host: &str, own: OwnNames) -> bool {
        let Some(origin) = origin else { return true };
        if self.all {
            return true;
        }
        let Some(origin) = Origin::parse(origin) else { return false };
        let text = origin.text();
        let is_own = origin.is_at(host) && (own == OwnNames::All || origin.is_loopback());
        is_own || self.patterns.iter().any(|pattern| pattern.is_match(&text))
    }
}

/// Only `*` is special: brackets are those of IPv6 addresses.
fn matcher(key: &'static str, entry: &str) -> Result<GlobMatcher, Error> {
    let wrong = || Error::value(key, format!("{entry:?} is neither \"*\" nor like \"https://*.example.com\""));
    let (scheme, authority) = entry.split_once("://").ok_or_else(wrong)?;
    if scheme.is_empty() || authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ', ',']) {
        return Err(wrong());
    }
    let normal = Origin::parse(entry).map_or_else(|| entry.to_ascii_lowercase(), |origin| origin.text());
    let glob = normal.split('*').map(globset::escape).collect::<Vec<_>>().join("*");
    Ok(Glob::new(&glob).map_err(|_| wrong())?.compile_matcher())
}

impl Origin {
    /// None for `null` and for whatever a browser would not send.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = host_and_port(authority)?;
        let port = port.filter(|port| Some(*port) != default_port(scheme));
        Some(Origin { scheme: scheme.to_owned(), host: host.to_owned(), port })
    }

    /// Whether a `Host` header names the same host and port.
    fn is_at(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        host_and_port(&host).is_some_and(|(host, port)| {
            host == self.host && port.filter(|port| Some(*port) != default_port(&self.scheme)) == self.port
        })
    }

    fn is_loopback(&self) -> bool {
        let bare = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host);
        match bare.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    fn text(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" | "wss" => Some(443),
        "http" | "ws" => Some(80),
        _ => None,
    }
}

/// Splits `HOST[:PORT]`; an IPv6 host is in brackets. None where it is neither.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_bracket = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority[after_bracket..].find(':') {
        Some(colon) => authority.split_at(after_bracket + colon),
        None => (authority, ""),
    };
    if host.is_empty() || host.contains(['/', '?', '#', '@', '\\', ' ', ',']) {
        return None;
    }
    match port.strip_prefix(':') {
        None => Some((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some((host, Some(digits.parse().ok()?))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(list: &[&str], origin: &str, host: &str) -> bool {
        let list: Vec<String> = list.iter().map(|entry| entry.to_string()).collect();
        Origins::new(&list).unwrap().admits(Some(origin), host, OwnNames::All)
    }

    #[test]
    fn no_origin_passes() {
        assert!(Origins::new(&[]).unwrap().admits(None, "example.com", OwnNames::Loopback));
    }

    #[test]
    fn an_origin_passes_where_host_and_port_are_those_of_the_broker() {
        for (origin, host, same) in [
            ("http://example.com", "example.com", true),
            ("https://example.com", "example.com:443", true),
            ("https://example.com:443", "example.com", true),
            ("http://example.com:80", "EXAMPLE.com", true),
            ("http://localhost:8000", "localhost:8000", true),
            ("http://[::1]:8000", "[::1]:8000", true),
            ("http://[::1]", "[::1]:80", true),
            ("http://localhost:3000", "localhost:8000", false),
            ("http://127.0.0.1:8000", "localhost:8000", false),
            ("https://example.com", "example.com:80", false),
            ("http://example.com.evil.net", "example.com", false),
            ("http://example.com@evil.net", "evil.net", false),
            ("http://evil.net/example.com", "example.com", false),
            ("http://example.com:", "example.com", false),
            ("http://example.com:x", "example.com", false),
            ("example.com", "example.com", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            assert_eq!(admits(&[], origin, host), same, "{origin} at {host}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_lead_to_this_machine_is_none_of_its_own() {
        let origins = Origins::new(&["http://listed.test".to_owned()]).unwrap();
        for (host, own) in [
            ("localhost:8000", true),
            ("LOCALHOST", true),
            ("app.localhost:8000", true),
            ("127.0.0.1:8000", true),
            ("127.8.8.8", true),
            ("[::1]:8000", true),
            ("[::ffff:127.0.0.1]", true),
            ("listed.test", true),
            ("rebound.test:8000", false),
            ("localhost.evil.net", false),
            ("notlocalhost", false),
            ("127.0.0.1.evil.net", false),
            ("192.168.0.1", false),
        ] {
            assert_eq!(origins.admits(Some(&format!("http://{host}")), host, OwnNames::Loopback), own, "{host}");
        }
    }

    #[test]
    fn an_origin_passes_where_it_matches_the_list() {
        for (pattern, origin, passes) in [
            ("https://app.test", "https://app.test", true),
            ("https://app.test", "https://APP.test:443", true),
            ("https://app.test:443", "https://app.test", true),
            ("https://app.test", "http://app.test", false),
            ("https://app.test", "https://app.test:8443", false),
            ("https://*.app.test", "https://a.app.test", true),
            ("https://*.app.test", "https://a.b.app.test", true),
            ("https://*.app.test", "https://app.test", false),
            ("https://*.app.test", "https://evil.test/.app.test", false),
            ("https://*.app.test", "https://evil.test#.app.test", false),
            ("https://*.app.test", "https://a.app.test.evil.net", false),
            ("http://localhost:*", "http://localhost:3000", true),
            ("http://localhost:*", "http://localhost.evil.net:3000", false),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://[::1]:3000", "http://::3000", false),
            ("capacitor://localhost", "capacitor://localhost", true),
            ("*", "https://anything.test", true),
            ("*", "null", true),
            ("https://*", "null", false),
        ] {
            assert_eq!(admits(&[pattern], origin, "broker.test"), passes, "{pattern} for {origin}");
        }
    }

    #[test]
    fn an_entry_that_no_origin_could_match_is_an_error() {
        for wrong in ["", "example.com", "*.example.com", "https://", "https://a.test/", "null", "https://a b"] {
            let error = Origins::new(&[wrong.to_owned()]).err().unwrap_or_else(|| panic!("{wrong:?} was taken"));
            assert!(error.to_string().starts_with("auth.origins:"), "{error}");
        }
    }
}
