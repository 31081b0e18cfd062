//! The tables of stores, each with the version of its schema.
use super::condition::INDEXED;
use super::connection::{Argument, Backend, Connection, Dialect, Failed, Statement, quoted};
use super::label::Label;
use super::outbox::{self, OUTBOX};
use crate::store::OpenError;

/// Tables by name, each with the version of its schema and the next id that is to be given.
pub(super) const SCHEMA: &str = "callboard_schema";

/// The statements of a step, for a table by its quoted name.
type Step = fn(&dyn Dialect, &str) -> Vec<String>;

/// What brings a table from one version to the next; the first makes it. A step that was released is never changed.
const STEPS: [Step; 1] = [|dialect, table| vec![dialect.create_table(table)]];

/// The version of the schema that is written here.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// PostgreSQL cuts longer names.
const MOST_OF_NAME: usize = 63;

/// A table that is open.
#[derive(Debug)]
pub(super) struct Table {
    pub name: String,
    /// The name in quotes.
    pub quoted: String,
    /// What has an index by this process.
    pub indexes: Vec<Label>,
}

/// [`OpenError::Name`] for what cannot name a table in both databases.
pub(super) fn check_name(name: &str) -> Result<(), OpenError> {
    let lower = name.to_ascii_lowercase();
    let is_reserved = ["callboard_", "sqlite_", "pg_"].iter().any(|prefix| lower.starts_with(prefix));
    match name.is_empty() || name.len() > MOST_OF_NAME || name.contains('\0') || is_reserved {
        true => Err(OpenError::Name { name: name.to_owned() }),
        false => Ok(()),
    }
}

/// Makes a table, or brings it to the version of here, and makes its indexes. All or nothing of that is done.
pub(super) async fn open(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    table: &Table,
) -> Result<(), OpenError> {
    let failed = OpenError::Unreachable;
    connection.say(backend.begin()).await.map_err(failed)?;
    if let Some(lock) = backend.lock_schema() {
        connection.say(lock).await.map_err(failed)?;
    }
    connection.say(schema_table()).await.map_err(failed)?;
    if version(backend, connection, OUTBOX).await? == 0 {
        connection.say(outbox::create_table()).await.map_err(failed)?;
        keep_version(connection, OUTBOX).await.map_err(failed)?;
    }
    let version = version(backend, connection, &table.name).await?;
    migrate(backend, connection, table, version).await.map_err(failed)?;
    for label in &table.indexes {
        connection.say(index(backend, table, label)).await.map_err(failed)?;
    }
    connection.say("COMMIT").await.map_err(failed)
}

fn schema_table() -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {SCHEMA} (name TEXT PRIMARY KEY, version BIGINT NOT NULL, next_id BIGINT NOT NULL)"
    )
}

/// The version of a table, 0 where there is none yet.
async fn version(backend: &dyn Backend, connection: &mut dyn Connection, name: &str) -> Result<i64, OpenError> {
    let named = [Argument::Text(name.to_owned())];
    let sql = format!("SELECT version FROM {SCHEMA} WHERE name = $1");
    let found = connection.rows(Statement::new(sql, named.clone())).await.map_err(OpenError::Unreachable)?;
    let known = found.first().and_then(|row| row.first()?.whole());
    match known {
        Some(found) if found > VERSION => Err(OpenError::Newer { table: name.to_owned(), found, known: VERSION }),
        Some(found) => Ok(found.max(0)),
        None => {
            let exists = Statement::new(backend.table_exists(), named);
            match connection.rows(exists).await.map_err(OpenError::Unreachable)?.is_empty() {
                true => Ok(0),
                false => Err(OpenError::Foreign { table: name.to_owned() }),
            }
        }
    }
}

async fn migrate(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    table: &Table,
    version: i64,
) -> Result<(), Failed> {
    if version == VERSION {
        return Ok(());
    }
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        for statement in step(backend, &table.quoted) {
            connection.say(statement).await?;
        }
    }
    keep_version(connection, &table.name).await
}

async fn keep_version(connection: &mut dyn Connection, name: &str) -> Result<(), Failed> {
    let sql = format!(
        "INSERT INTO {SCHEMA} (name, version, next_id) VALUES ($1, $2, 0) \
         ON CONFLICT (name) DO UPDATE SET version = excluded.version"
    );
    let arguments = [Argument::Text(name.to_owned()), Argument::Whole(VERSION)];
    connection.run(Statement::new(sql, arguments)).await
}

/// What the names of the indexes that stores make begin with.
pub(super) const INDEX: &str = "callboard_index_";

impl Table {
    /// The names of the indexes that are declared for it.
    pub fn index_names(&self) -> impl Iterator<Item = String> {
        self.indexes.iter().map(|label| index_name(&self.name, label))
    }
}

fn index_name(table: &str, label: &Label) -> String {
    // The table and the label together may be longer than a name may be, and at each start the name is to be the same.
    let bytes = table.bytes().chain([0]).chain(label.as_str().bytes());
    format!("{INDEX}{:016x}", fnv_1a(bytes))
}

fn index(dialect: &dyn Dialect, table: &Table, label: &Label) -> String {
    let name = index_name(&table.name, label);
    let head = dialect.head(&dialect.facet(label.as_str()), INDEXED);
    format!("CREATE INDEX IF NOT EXISTS {} ON {} (({head}))", quoted(&name), table.quoted)
}

/// A hash that no release of Rust changes. Source: FNV-1a, 64 bits.
fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_one_database_takes_is_refused() {
        let long = "x".repeat(64);
        for name in ["", "a\0b", &long, "callboard_schema", "SQLITE_master", "pg_x"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["messages", "todos/:id/items", "\"; DROP TABLE x; --", "ä", &long[1..]] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }
}
