//! Whose forwarding headers count (`server.trusted_proxies`).
use super::Error;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The proxies that may say for whom they forward. Empty: none, and every forwarding header is ignored.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses (`10.0.0.1`, `::1`) and networks (`10.0.0.0/8`). Fails where an entry is neither.
    pub fn new(list: &[String]) -> Result<Self, Error> {
        let wrong = |entry: &str| {
            Error::value(
                "server.trusted_proxies",
                format!("{entry:?} is neither an address nor a network like 10.0.0.0/8"),
            )
        };
        let read = |entry: &String| {
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| wrong(entry))
        };
        list.iter().map(read).collect::<Result<_, _>>().map(TrustedProxies)
    }

    /// Whether this address is a trusted proxy's. An IPv4 address inside an IPv6 one counts as itself.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the last one in the way that is no trusted proxy's. `x_forwarded_for` are the values of all
    /// headers of that name, in order; each proxy appends whom it heard from, so what stands left of an untrusted
    /// address may be invented. Where it makes no sense, the proxy that passed it on stands for the client.
    pub fn client_ip(&self, peer: IpAddr, x_forwarded_for: &[&str]) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = x_forwarded_for.iter().rev().flat_map(|header| header.rsplit(','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }

    /// The host that the client asked for, from `X-Forwarded-Host`, if the peer is trusted: the last one named, which the
    /// nearest proxy wrote.
    pub fn forwarded_host<'a>(&self, peer: IpAddr, x_forwarded_host: Option<&'a str>) -> Option<&'a str> {
        self.last(peer, x_forwarded_host)
    }

    /// The scheme the client spoke, `http` or `https`, from `X-Forwarded-Proto`, if the peer is trusted.
    pub fn forwarded_proto(&self, peer: IpAddr, x_forwarded_proto: Option<&str>) -> Option<&'static str> {
        match self.last(peer, x_forwarded_proto)?.to_ascii_lowercase().as_str() {
            "https" | "wss" => Some("https"),
            "http" | "ws" => Some("http"),
            _ => None,
        }
    }

    fn last<'a>(&self, peer: IpAddr, value: Option<&'a str>) -> Option<&'a str> {
        let value = value.filter(|_| self.trusts(peer))?;
        value.rsplit(',').next().map(str::trim).filter(|last| !last.is_empty())
    }
}

/// Some proxies append the port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(list: &[&str]) -> TrustedProxies {
        TrustedProxies::new(&list.iter().map(|entry| entry.to_string()).collect::<Vec<_>>()).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let trusted = proxies(&["10.0.0.0/8", "::1"]);
        for (peer, headers, client) in [
            ("10.0.0.1", &["203.0.113.7"][..], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["1.2.3.4", "203.0.113.7, 10.0.0.3"], "203.0.113.7"),
            ("::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.9"], "10.0.0.9"),
            ("10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("198.51.100.1", &["203.0.113.7"], "198.51.100.1"),
        ] {
            assert_eq!(trusted.client_ip(ip(peer), headers), ip(client), "{peer} {headers:?}");
        }
    }

    #[test]
    fn host_and_scheme_are_believed_of_trusted_proxies_only() {
        let trusted = proxies(&["10.0.0.1"]);
        let (proxy, other) = (ip("10.0.0.1"), ip("10.0.0.2"));
        assert_eq!(trusted.forwarded_host(proxy, Some("invented.test, app.test")), Some("app.test"));
        assert_eq!(trusted.forwarded_host(other, Some("app.test")), None);
        assert_eq!(trusted.forwarded_host(proxy, Some("")), None);
        assert_eq!(trusted.forwarded_proto(proxy, Some("HTTPS")), Some("https"));
        assert_eq!(trusted.forwarded_proto(proxy, Some("gopher")), None);
        assert_eq!(trusted.forwarded_proto(other, Some("https")), None);
    }

    #[test]
    fn without_trusted_proxies_no_header_counts() {
        assert_eq!(TrustedProxies::default().client_ip(ip("10.0.0.1"), &["203.0.113.7"]), ip("10.0.0.1"));
    }

    #[test]
    fn an_entry_that_is_no_network_is_an_error() {
        let error = TrustedProxies::new(&["10.0.0.0/33".into()]).unwrap_err();
        assert!(error.to_string().starts_with("server.trusted_proxies:"), "{error}");
    }
}
