//! PostgreSQL goes away in the middle of each kind of call: nothing is half-written, no event tells of what was not stored, and the
//! service goes on by itself.
use super::house::{House, call, nothing_comes};
use super::notes::{Database, Kind};
use crate::harness::cable::Cable;
use crate::harness::postgres::Postgres;
use crate::harness::socketio::Client;
use callboard::service::{Registration, Stored};
use callboard::store::{Multi, PostgresDatabase, StoreOptions};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, Row};
use std::cell::Cell;
use std::time::Duration;

/// Where a call is held, so that it is under way when its connection is cut.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// Its first statement runs.
    Statement,
    /// The last of its rows is written.
    Row,
    /// All is written, and nothing is committed.
    Commit,
}

/// Rows whose number ends with 1 are held by whoever has the locks 1 and 2, when they are written and before they are committed.
const HOLDING: &str = "
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE place bigint;
    BEGIN
        IF TG_OP = 'DELETE' THEN place := OLD.ord; ELSE place := NEW.ord; END IF;
        IF place % 10 = 1 THEN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint); END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
    END $$;
    CREATE TRIGGER at_row BEFORE INSERT OR UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION hold(1);
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE OR DELETE ON notes DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION hold(2);
";

/// A note that nobody makes older is none of a call that is under way.
const OVERDUE: Duration = Duration::from_secs(6);
/// How long a test waits for what is to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the connections of the broker that wait for a lock, and says how many there were.
const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'callboard' AND wait_event_type = 'Lock'";

impl Point {
    fn hold(self) -> &'static str {
        match self {
            Point::Statement => "BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE",
            Point::Row => "SELECT pg_advisory_lock(1)",
            Point::Commit => "SELECT pg_advisory_lock(2)",
        }
    }

    fn release(self) -> &'static str {
        match self {
            Point::Statement => "ROLLBACK",
            Point::Row | Point::Commit => "SELECT pg_advisory_unlock_all()",
        }
    }
}

struct Stage {
    house: House,
    client: Client,
    database: Database,
    holder: PgConnection,
    next: u32,
}

impl Stage {
    /// A service of the documents 10 and 11.
    async fn new() -> Self {
        let database = Database::new(Kind::Postgres).await;
        let address = database.address.clone();
        Stage::at(&address, database).await
    }

    /// The same, whose broker has this address of the database.
    async fn at(address: &str, database: Database) -> Self {
        let opened = PostgresDatabase::open(address).await.expect("a database");
        let table = opened.table("notes", &[]).await.expect("a table");
        let mut holder = PgConnection::connect(&database.address).await.expect("a connection");
        sqlx::raw_sql(HOLDING).execute(&mut holder).await.expect("triggers");
        let store = table.store(StoreOptions { multi: Multi::ALL, ..StoreOptions::default() });
        let registration = Registration::of(Stored::new(store)).for_everyone().overdue_after(OVERDUE);
        let house = House::open(|builder| builder.service("notes", registration));
        let client = house.client(json!({})).await;
        let mut stage = Stage { house, client, database, holder, next: 100 };
        stage.succeed(json!({ "id": 10, "is": "old" })).await;
        stage.succeed(json!({ "id": 11, "is": "old" })).await;
        stage
    }

    /// Creates a document and gets its event, before which nothing comes.
    async fn succeed(&mut self, data: Value) {
        let (events, answer) = call(&mut self.client, json!(["create", "notes", data])).await;
        assert_eq!(answer, json!([null, data]));
        assert_eq!(events, [json!(["notes created", data])]);
        // The removal of the note is done before the next call, and not cut off with it.
        self.database.until_no_notes_are_left().await;
    }

    async fn stored(&mut self) -> Vec<(i64, String)> {
        let rows = self.holder.fetch_all("SELECT ord, doc FROM notes ORDER BY ord").await.expect("the documents");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn until_stored(&mut self, place: i64) {
        let waits = async { while !self.stored().await.iter().any(|(stored, _)| *stored == place) {} };
        tokio::time::timeout(PATIENCE, waits).await.expect("the document is stored");
    }

    /// Makes a call, and cuts the connections that it is held on for as long as it is not answered.
    async fn cut(&mut self, what: &Value, point: Point) -> (Vec<Value>, Value) {
        sqlx::raw_sql(point.hold()).execute(&mut self.holder).await.expect("the lock");
        let (is_answered, mut cuts) = (Cell::new(false), 0);
        let answered = async {
            let answered = call(&mut self.client, what.clone()).await;
            is_answered.set(true);
            answered
        };
        let cutting = async {
            while !is_answered.get() {
                cuts += self.database.number(CUT).await;
            }
        };
        let (answered, ()) = futures_util::future::join(answered, cutting).await;
        assert!(cuts > 0, "{what} was not held at {point:?}");
        sqlx::raw_sql(point.release()).execute(&mut self.holder).await.expect("the lock");
        answered
    }

    /// Fails where an answer is other than that the database is away.
    fn assert_unavailable(answer: &Value, what: &Value) {
        let told = ["name", "message", "code", "className"].map(|field| &answer[0][field]);
        let expected = [json!("Unavailable"), json!("The database does not answer"), json!(503), json!("unavailable")];
        assert_eq!(told, expected.each_ref(), "{what}: {answer}");
    }

    async fn assert_undone(&mut self, what: &Value, point: Point) {
        let before = self.stored().await;
        let (events, answer) = self.cut(what, point).await;
        Stage::assert_unavailable(&answer, what);
        assert_eq!(events, Vec::<Value>::new(), "{what} at {point:?}");
        assert_eq!(self.stored().await, before, "{what} at {point:?}");
        assert_eq!(self.database.notes().await, [], "{what} at {point:?}");
        let id = self.next;
        self.next += 1;
        self.succeed(json!({ "id": id })).await;
    }
}

#[actix_rt::test]
async fn a_write_whose_connection_is_cut_is_undone_and_the_next_one_is_done() {
    let mut stage = Stage::new().await;
    let both = json!({ "id": { "$in": [10, 11] } });
    let writes = [
        json!(["create", "notes", { "id": 21 }]),
        json!(["create", "notes", [{ "id": 20 }, { "id": 21 }]]),
        json!(["update", "notes", 11, { "is": "new" }]),
        json!(["patch", "notes", 11, { "is": "new" }]),
        json!(["patch", "notes", null, { "is": "new" }, both]),
        json!(["remove", "notes", 11]),
        json!(["remove", "notes", null, both]),
    ];
    for what in &writes {
        for point in [Point::Statement, Point::Row, Point::Commit] {
            stage.assert_undone(what, point).await;
        }
    }
    // What was held and cut is done where nobody cuts it.
    for what in &writes[2..] {
        let (events, answer) = call(&mut stage.client, what.clone()).await;
        assert!(answer[0].is_null() && !events.is_empty(), "{what}: {answer}");
    }
    assert!(
        stage
            .house
            .broker
            .node()
            .metrics()
            .text()
            .expect("a text")
            .contains("callboard_store_waiting{store=\"postgres:")
    );
}

#[actix_rt::test]
async fn a_read_whose_connection_is_cut_fails_and_the_next_one_is_answered() {
    let mut stage = Stage::new().await;
    for what in
        [json!(["find", "notes", {}]), json!(["find", "notes", { "$select": ["is"] }]), json!(["get", "notes", 11])]
    {
        let before = call(&mut stage.client, what.clone()).await;
        assert!(before.1[0].is_null(), "{what}: {}", before.1);
        stage.assert_undone(&what, Point::Statement).await;
        let (_, answer) = call(&mut stage.client, what.clone()).await;
        assert!(answer[0].is_null(), "{what}: {answer}");
    }
}

#[actix_rt::test]
async fn a_write_that_is_committed_behind_a_cut_cable_is_refused_and_its_event_follows_all_the_same() {
    const HELD: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \
                        application_name = 'callboard' AND wait_event_type = 'Lock' AND query = 'COMMIT'";
    let (database, cable) = (Database::new(Kind::Postgres).await, Cable::to(Postgres::shared().port()));
    let address =
        database.address.replace(&format!("127.0.0.1:{}", Postgres::shared().port()), &cable.address().to_string());
    let mut stage = Stage::at(&address, database).await;
    sqlx::raw_sql(Point::Commit.hold()).execute(&mut stage.holder).await.expect("the lock");
    let what = json!(["create", "notes", { "id": 21 }]);
    let answered = call(&mut stage.client, what.clone());
    let cutting = async {
        while stage.database.number(HELD).await == 0 {}
        cable.cut();
    };
    let ((events, answer), ()) = futures_util::future::join(answered, cutting).await;
    Stage::assert_unavailable(&answer, &what);
    assert_eq!(events, Vec::<Value>::new());
    // The server has not noticed, and commits.
    sqlx::raw_sql(Point::Commit.release()).execute(&mut stage.holder).await.expect("the lock");
    stage.until_stored(21).await;
    stage.database.run("UPDATE callboard_outbox SET at = 0").await;
    cable.mend();
    assert_eq!(stage.client.event().await, json!(["notes created", { "id": 21 }]));
    stage.database.until_no_notes_are_left().await;
    nothing_comes(&mut stage.client).await;
}
