//! Where the documents of a service live, as a config says it.
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// What stands in place of a password wherever an address is shown.
const REDACTED: &str = "[redacted]";
/// Begins the address of a file.
const SQLITE: &str = "sqlite:";
/// Begin the address of a PostgreSQL server.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
/// The parameters of such an address that are secret.
const PASSWORD: &str = "password=";

const FORMS: NoAddress = NoAddress(
    "an address is wanted: memory, sqlite:FILE such as sqlite:callboard.db, or postgres://[USER:PASSWORD@]HOST[:PORT]/DATABASE",
);

/// Where the documents of a service live. `Debug`, `Display` and `Serialize` show `[redacted]` for a password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StoreAddress(Place);

/// What an address leads to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The memory of this process.
    Memory,
    /// An SQLite database in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, with its password as it was written.
    Postgres(String),
}

/// Why a text is no address. Never shows the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAddress(&'static str);

impl StoreAddress {
    /// Reads an address: `memory`, `sqlite:FILE`, or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        if text == "memory" {
            return Ok(StoreAddress(Place::Memory));
        }
        if let Some(file) = text.strip_prefix(SQLITE) {
            return of_file(file).map(StoreAddress);
        }
        let rest = POSTGRES.iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or(FORMS)?;
        if text.contains(REDACTED) {
            return Err(NoAddress("\"[redacted]\" only stands in place of a password; put the password itself"));
        }
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let is_odd = text.contains(|c: char| c.is_whitespace() || c.is_control());
        match is_odd || place.is_empty() || place.starts_with(['/', ':', '?']) {
            true => Err(FORMS),
            false => Ok(StoreAddress(Place::Postgres(text.to_owned()))),
        }
    }

    /// Whether what is stored there is on this node alone: other nodes have documents of their own.
    pub fn is_on_one_node(&self) -> bool {
        !matches!(self.0, Place::Postgres(_))
    }

    /// Whether both lead to stores of one kind, and so perhaps to one store: a file and a server have many addresses.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.0) == std::mem::discriminant(&other.0)
    }

    pub(super) fn place(&self) -> &Place {
        &self.0
    }
}

fn of_file(file: &str) -> Result<Place, NoAddress> {
    match file {
        "" => Err(NoAddress("a file is wanted behind `sqlite:`, such as sqlite:callboard.db")),
        ":memory:" => Err(NoAddress("documents in memory have the address `memory`")),
        file if file.starts_with("//") => Err(NoAddress(
            "the path of a file is wanted behind `sqlite:`, without two slashes: sqlite:/var/lib/callboard.db",
        )),
        file if file.contains('\0') => Err(FORMS),
        file => Ok(Place::Sqlite(Path::new(file).to_owned())),
    }
}

/// The embedded database in the folder of the process.
impl Default for StoreAddress {
    fn default() -> Self {
        StoreAddress(Place::Sqlite("callboard.db".into()))
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Memory => f.write_str("memory"),
            Place::Sqlite(file) => write!(f, "{SQLITE}{}", file.display()),
            Place::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

/// The address of a server with `[redacted]` for what stands between user and host, and for what is a password among the
/// parameters.
fn without_password(url: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let mut shown = format!("{scheme}://");
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split_once(':').map_or_else(|| login.to_owned(), |(user, _)| format!("{user}:{REDACTED}"));
            shown.push_str(&format!("{user}@{place}"));
        }
        None => shown.push_str(rest),
    }
    for (at, parameter) in parameters.into_iter().flat_map(|all| all.split('&')).enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        match parameter.contains(PASSWORD) {
            true => shown.push_str(&format!("{PASSWORD}{REDACTED}")),
            false => shown.push_str(parameter),
        }
    }
    shown
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreAddress({self})")
    }
}

impl Serialize for StoreAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StoreAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StoreAddress::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        StoreAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    #[test]
    fn an_address_is_memory_a_file_or_a_server_and_shows_no_password() {
        assert_eq!(shown("memory"), "memory");
        assert_eq!(shown("sqlite:/var/lib/a b.db"), "sqlite:/var/lib/a b.db");
        assert_eq!(shown("postgres://host/db"), "postgres://host/db");
        assert_eq!(shown("postgres://me@host/db?sslmode=require"), "postgres://me@host/db?sslmode=require");
        for secret in
            ["postgres://me:p%40ss@h:5432/db", "postgresql://me:p@ss:w@h/db", "postgres://h/db?user=a&password=p&x=y"]
        {
            let address = StoreAddress::parse(secret).expect("an address");
            let shown = format!("{address} {address:?} {}", serde_json::to_string(&address).expect("a text"));
            assert!(shown.contains(REDACTED) && !shown.contains("p%40ss") && !shown.contains("p@ss"), "{shown}");
            assert!(!shown.contains("password=p") && shown.contains("/db"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_shown() {
        for text in [
            "",
            "Memory",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://a.db",
            "mysql://u:topsecret@h/db",
            "postgres://",
            "postgres:///db",
            "postgres://u:topsecret@",
            "postgres://u:topsecret@/db",
            "postgres://u:topsecret@h/d b",
            "postgres://u:[redacted]@h/db",
        ] {
            let error = StoreAddress::parse(text).expect_err(text).to_string();
            assert!(!error.contains("topsecret"), "{error}");
        }
    }
}
