//! What a database must offer: a connection that runs statements, and its own words for them.
use futures_util::future::BoxFuture;
use std::ops::ControlFlow;
use std::time::Duration;

/// How long one call may take.
pub(in crate::store) const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// What is bound to a statement, by its number from 1 on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Argument {
    Text(String),
    Whole(i64),
    /// Texts of which one is looked for.
    List(Vec<String>),
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Cell {
    Null,
    Whole(i64),
    Text(String),
}

impl Cell {
    pub fn whole(&self) -> Option<i64> {
        match self {
            Cell::Whole(number) => Some(*number),
            _ => None,
        }
    }

    pub fn into_text(self) -> Option<String> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A row.
pub(in crate::store) type Row = Vec<Cell>;

/// What a statement failed with.
pub(in crate::store) type Failed = sqlx::Error;

/// Looks at the rows one by one, and says when it has seen enough.
pub(in crate::store) type EachRow<'a> = &'a mut (dyn FnMut(Row) -> ControlFlow<()> + Send);

/// A statement with what is bound to it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Statement {
    /// Text of ours: whatever came from outside is bound, or is a label or a quoted name.
    pub sql: String,
    pub arguments: Vec<Argument>,
}

impl Statement {
    pub fn new(sql: impl Into<String>, arguments: impl IntoIterator<Item = Argument>) -> Self {
        Statement { sql: sql.into(), arguments: arguments.into_iter().collect() }
    }
}

/// A connection to a database.
pub(in crate::store) trait Connection: Send {
    /// Runs a statement and shows its rows as they come; none of them is kept.
    fn stream<'a>(&'a mut self, statement: Statement, each: EachRow<'a>) -> BoxFuture<'a, Result<(), Failed>>;
}

impl dyn Connection + '_ {
    /// Runs a statement and keeps all rows, of which there are few.
    pub async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, Failed> {
        let mut rows = vec![];
        self.stream(statement, &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
        .await?;
        Ok(rows)
    }

    /// Runs a statement without rows.
    pub async fn run(&mut self, statement: Statement) -> Result<(), Failed> {
        self.stream(statement, &mut |_| ControlFlow::Continue(())).await
    }

    /// Runs a statement of ours that nothing is bound to.
    pub async fn say(&mut self, sql: impl Into<String>) -> Result<(), Failed> {
        self.run(Statement::new(sql, [])).await
    }
}

/// How a statement failed, as far as that matters to what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Fault {
    /// The database has no room.
    Full,
    /// Another process holds the database.
    Busy,
    /// The connection is gone: what was not committed is undone.
    Lost,
    /// The database refused the statement.
    Refused,
}

/// A database that stores can live in.
pub(in crate::store) trait Backend: Dialect + 'static {
    /// Another connection.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Connection>, Failed>>;

    /// What an error of the database's own means; none for one that tells no more than that it refused.
    fn fault(&self, code: &str) -> Option<Fault>;

    /// How many bytes the database holds at most, where that is known.
    fn max_bytes(&self) -> Option<usize>;

    /// Whether the database is on this node alone.
    fn is_on_one_node(&self) -> bool;

    /// Its name for metrics, which tells strangers neither where it is nor who asks.
    fn label(&self) -> String;

    /// How many connections read at once.
    fn readers(&self) -> usize;

    /// Makes connections for threads that may block; none where the database is away from this machine, and so there is always
    /// something to wait for.
    fn blocking(&self) -> Option<&dyn Blocking> {
        None
    }
}

/// Makes connections whose statements are done when they return: their futures are ready.
pub(in crate::store) trait Blocking {
    /// Another connection, which only reads.
    fn connect(&self, patience: Patience) -> Result<Box<dyn Connection>, Failed>;
}

/// How long a thread may wait for a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Patience {
    /// Until the call has taken too long; it is a thread that does nothing else.
    Long,
    /// About a millisecond: others wait for the thread. What takes longer fails.
    Brief,
}

/// How a database writes what all of them can do. `facets` is the column of the facets.
pub(in crate::store) trait Dialect: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// The facet of a label as a text, null where there is none. Lists begin with `[`.
    fn facet(&self, label: &str) -> String;

    /// The first of a facet that is a list.
    fn first_of(&self, label: &str) -> String;

    /// A table of the facet's items, named `item`; none where it is no list or null.
    fn items_of(&self, label: &str) -> String;

    /// The text of the item in such a table.
    fn item(&self) -> &'static str;

    /// The first letters of a text.
    fn head(&self, text: &str, letters: usize) -> String;

    /// Whether a key was cut: it ends with the letters 2 and `~`.
    fn is_cut(&self, key: &str) -> String;

    /// Whether a text is one of the list that is bound under this number.
    fn is_one_of(&self, text: &str, number: usize) -> String;

    /// The statement that makes a table of documents, by its quoted name.
    fn create_table(&self, table: &str) -> String;

    /// What is bound under this number, as a value of the facets' column.
    fn bound_facets(&self, number: usize) -> String;

    /// Begins a transaction that writes.
    fn begin(&self) -> &'static str;

    /// Keeps other programs from opening tables until the transaction ends.
    fn lock_schema(&self) -> Option<&'static str>;

    /// What follows a `SELECT` whose rows no other transaction may write meanwhile.
    fn for_update(&self) -> &'static str;

    /// The time in milliseconds since 1970, by the database's clock.
    fn now(&self) -> &'static str;

    /// Finds whether a table is there, by the name that is bound as 1.
    fn table_exists(&self) -> &'static str;

    /// Finds the indexes of the table whose name is bound as 1: the name of each, and the statement that makes it.
    fn indexes(&self) -> &'static str;
}

/// A name in quotes, whatever it has in it.
pub(in crate::store) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
