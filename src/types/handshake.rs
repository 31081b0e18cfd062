//! The request with which a connection began, as handlers see it.
use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

/// Bytes of headers and parameters that are kept of a request; those beyond are left out.
const MOST_BYTES: usize = 16 * 1024;

/// The request with which a connection began.
#[derive(Clone, PartialEq, Eq)]
pub struct Handshake {
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    is_whole: bool,
    /// The path of the endpoint that it came to, such as `/socket.io/`; empty where nobody has said.
    pub endpoint: String,
    /// Where the client is; behind a trusted proxy, where that says it is.
    pub address: Option<IpAddr>,
    /// When it came.
    pub time: SystemTime,
    /// Whether it came encrypted, to the broker or to a trusted proxy before it.
    pub secure: bool,
}

impl Handshake {
    /// A request with these headers and parameters, in their order. At most 16 KiB of them are kept.
    pub fn new<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        query: impl IntoIterator<Item = (String, String)>,
        address: Option<IpAddr>,
        secure: bool,
    ) -> Self {
        let mut left = MOST_BYTES;
        let mut is_whole = true;
        let mut fits = |name: &str, value: &str| {
            let rest = left.checked_sub(name.len() + value.len());
            is_whole &= rest.is_some();
            left = rest.unwrap_or(left);
            rest.is_some()
        };
        let headers = headers.into_iter().filter(|(name, value)| fits(name, value));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let query = query.into_iter().filter(|(name, value)| fits(name, value)).collect();
        Handshake { headers, query, is_whole, endpoint: String::new(), address, time: SystemTime::now(), secure }
    }

    /// The same, come to the endpoint at this path.
    pub fn at(self, endpoint: &str) -> Self {
        Handshake { endpoint: endpoint.to_owned(), ..self }
    }

    /// The first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first parameter of this name in the address, as `io(url, {query})` sets it.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All headers, their names in lower case. Those that are no text are left out.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// All parameters of the address, those of Engine.IO (`EIO`, `transport`) among them.
    pub fn parameters(&self) -> &[(String, String)] {
        &self.query
    }

    /// Whether nothing was left out for its size.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Handshake")
            .field("headers", &names(&self.headers))
            .field("query", &names(&self.query))
            .field("endpoint", &self.endpoint)
            .field("address", &self.address)
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_left_out_and_said_so_and_the_rest_is_kept() {
        let large = "x".repeat(MOST_BYTES);
        let headers = [("Cookie", large.as_str()), ("X-Small", "1")];
        let handshake = Handshake::new(headers, [("k".to_owned(), "v".to_owned())], None, false);
        assert_eq!(
            (handshake.header("cookie"), handshake.header("x-small"), handshake.query("k")),
            (None, Some("1"), Some("v"))
        );
        assert!(!handshake.is_whole() && Handshake::new([], [], None, false).is_whole());
    }

    #[test]
    fn what_it_holds_does_not_show_in_logs() {
        let handshake =
            Handshake::new([("Authorization", "Bearer secret")], [("token".into(), "secret".into())], None, true);
        assert!(!format!("{handshake:?}").contains("secret"));
    }
}
