//! The config section `[redis]`, and the meaning of its address.
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// What stands in place of a password wherever an address is shown.
const REDACTED: &str = "[redacted]";

/// The config section `[redis]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where Redis is.
    pub url: Address,
    /// Begins the name of every key and bus channel.
    pub prefix: String,
    /// How long a command may take; past it the outcome is unknown.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// For how long the clients of a node that has died count as present.
    #[serde(with = "humantime_serde")]
    pub presence_ttl: Duration,
    /// Whether Socket.IO clients get what `@socket.io/redis-emitter` and the classic adapter publish.
    pub emitter: bool,
    /// The key under which those publish.
    pub emitter_key: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            url: Address("redis://127.0.0.1:6379/0".into()),
            prefix: "callboard:".into(),
            timeout: Duration::from_secs(3),
            presence_ttl: Duration::from_secs(30),
            emitter: false,
            emitter_key: "socket.io".into(),
        }
    }
}

/// An address as it was written. `Debug`, `Display` and `Serialize` show `[redacted]` for its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One server, as the `redis` crate reads it.
    Server(String),
    /// Whichever server the sentinels name as master.
    Sentinel { sentinels: Vec<Host>, master: String },
    /// The servers of a cluster, some of which are named here.
    Cluster { seeds: Vec<Host> },
}

/// A host and its port.
pub(super) type Host = (String, u16);

/// What to say to each server.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub user: Option<String>,
    pub password: Option<String>,
    pub database: i64,
    pub tls: bool,
}

/// Why a text is no address. Never shows the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAddress(&'static str);

const FORMS: NoAddress = NoAddress(
    "an address is wanted: redis://[USER:PASSWORD@]HOST:PORT[/DB], rediss://… for TLS, unix:///PATH, \
     redis+sentinel://HOST:PORT[,HOST:PORT…]/MASTER[/DB] or redis+cluster://HOST:PORT[,HOST:PORT…]",
);

impl Address {
    /// Reads an address.
    pub fn new(text: impl Into<String>) -> Result<Self, NoAddress> {
        let address = Address(text.into());
        if address.0.contains(REDACTED) {
            return Err(NoAddress("\"[redacted]\" only stands in place of a password; put the password itself"));
        }
        address.read()?;
        Ok(address)
    }

    pub(super) fn read(&self) -> Result<(Place, Login), NoAddress> {
        let (scheme, rest) = self.0.split_once("://").ok_or(FORMS)?;
        match scheme {
            "redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix" => {
                redis::IntoConnectionInfo::into_connection_info(self.0.as_str()).map_err(|_| FORMS)?;
                Ok((Place::Server(self.0.clone()), Login::default()))
            }
            "redis+sentinel" | "rediss+sentinel" => {
                let (login, hosts, path) = split(rest, scheme.starts_with("rediss"))?;
                let (master, database) = path.split_once('/').unwrap_or((path, "0"));
                if master.is_empty() {
                    return Err(NoAddress("a master is wanted: redis+sentinel://HOST:PORT/MASTER"));
                }
                let database = database.parse().map_err(|_| NoAddress("a database is a number"))?;
                let place = Place::Sentinel { sentinels: hosts_of(hosts, 26379)?, master: master.to_owned() };
                Ok((place, Login { database, ..login }))
            }
            "redis+cluster" | "rediss+cluster" => {
                let (login, hosts, path) = split(rest, scheme.starts_with("rediss"))?;
                if !matches!(path, "" | "0") {
                    return Err(NoAddress("a cluster has database 0 alone"));
                }
                Ok((Place::Cluster { seeds: hosts_of(hosts, 6379)? }, login))
            }
            _ => Err(FORMS),
        }
    }
}

/// `[USER[:PASSWORD]@]HOSTS[/PATH]`; user and password may be percent-encoded.
fn split(rest: &str, tls: bool) -> Result<(Login, &str, &str), NoAddress> {
    let (written, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (hosts, after) = place.split_once('/').unwrap_or((place, ""));
    let mut login = Login { tls, ..Login::default() };
    if let Some(text) = written {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        login.user = decoded(user)?;
        login.password = decoded(password)?;
    }
    Ok((login, hosts, after))
}

/// None for an empty text.
fn decoded(text: &str) -> Result<Option<String>, NoAddress> {
    let wrong = NoAddress("a `%` in a user or password begins two hexadecimal digits");
    let mut bytes = vec![];
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or(wrong);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong)?;
    Ok((!text.is_empty()).then_some(text))
}

fn hosts_of(text: &str, port: u16) -> Result<Vec<Host>, NoAddress> {
    let host = |text: &str| {
        let (host, port) = match text.rsplit_once(':') {
            // An IPv6 address stands in brackets, where a port follows it.
            Some((host, _)) if host.starts_with('[') && !host.ends_with(']') => (text, port),
            Some((host, port)) => (host, port.parse().map_err(|_| NoAddress("a port is a number up to 65535"))?),
            None => (text, port),
        };
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() { Err(NoAddress("a host is wanted")) } else { Ok((host.to_owned(), port)) }
    };
    text.split(',').map(host).collect()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(REDACTED) };
        match rest.rsplit_once('@') {
            None => f.write_str(&self.0),
            Some((login, place)) => {
                let user = login.split_once(':').map_or("", |(user, _)| user);
                write!(f, "{scheme}://{user}:{REDACTED}@{place}")
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Address::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Place, Login) {
        Address::new(text).and_then(|address| address.read()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn each_kind_of_place_is_read() {
        assert!(matches!(read("redis://h:1/2").0, Place::Server(_)));
        assert!(matches!(read("rediss://u:p@h").0, Place::Server(_)));
        assert!(matches!(read("unix:///run/redis.sock").0, Place::Server(_)));
        let (place, login) = read("redis+sentinel://mia:p%40ss@a:1,[::1]:2,c/main/3");
        let sentinels = vec![("a".to_owned(), 1), ("::1".to_owned(), 2), ("c".to_owned(), 26379)];
        assert_eq!(place, Place::Sentinel { sentinels, master: "main".into() });
        let wanted = Login { user: Some("mia".into()), password: Some("p@ss".into()), database: 3, tls: false };
        assert!(login == wanted);
        let (place, login) = read("rediss+cluster://:secret@a:1,b:2");
        assert_eq!(place, Place::Cluster { seeds: vec![("a".into(), 1), ("b".into(), 2)] });
        assert!(login.tls && login.user.is_none() && login.password.as_deref() == Some("secret"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_it() {
        for wrong in
            ["", "h:1", "http://h", "redis+sentinel://u:topsecret@a:1", "redis+cluster://a:x", "redis+cluster://a/1"]
        {
            let error = Address::new(wrong).expect_err(wrong).to_string();
            assert!(!error.contains("topsecret"), "{error}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["redis://:topsecret@h", "redis://u:topsecret@h/1", "redis+cluster://u:topsecret@a,b"] {
            let address = Address::new(text).unwrap();
            let shown = format!("{address} {address:?} {}", serde_json::to_string(&address).unwrap());
            assert!(!shown.contains("topsecret") && shown.contains(REDACTED), "{shown}");
            assert!(Address::new(address.to_string()).is_err());
        }
    }
}
