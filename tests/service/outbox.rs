//! The event of a stored document is delivered after a crash, too: processes are killed between every two steps, and others find what
//! they have left.
use super::house::{House, call, nothing_comes};
use callboard::service::{Hooks, Publication, Registration, ServiceError, Stored};
use callboard::store::{SqlStore, SqliteDatabase, StoreOptions};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Row, SqliteConnection};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where a process dies: before anything is stored; when the document is stored; when the hooks have run; when the note has what is to
/// be sent, and nothing is sent; the same where no hook has a say; when the event is on its way to a client.
const STEPS: [&str; 6] = ["before", "stored", "hooks", "ready", "plain", "sent"];
const STEP: &str = "CALLBOARD_TEST_DIES_AT";
const FILE: &str = "CALLBOARD_TEST_FILE";
/// Looked for every ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

async fn store(file: &Path) -> SqlStore {
    let database = SqliteDatabase::open(file).await.expect("a database");
    database.table("notes", &[]).await.expect("a table").store(StoreOptions::default())
}

/// As `kill -9` does.
fn die() {
    kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
}

fn mortal(step: &str, store: SqlStore) -> Registration {
    let registration = Registration::of(Stored::new(store));
    let died = async |_: &mut callboard::service::HookContext| {
        die();
        Ok(())
    };
    match step {
        "before" => registration.hooks(Hooks::new().before("create", died)).for_everyone(),
        "stored" => registration.hooks(Hooks::new().after("create", died)).for_everyone(),
        "hooks" => registration.publish(|_, _| {
            die();
            Publication::Everyone
        }),
        "ready" => registration.hooks(Hooks::new().after("create", async |_| Ok(()))).for_everyone(),
        "sent" => registration.filter(|_, _, _| {
            die();
            true
        }),
        _ => registration.for_everyone(),
    }
}

/// Is another process where one is named, and does nothing else.
#[actix_rt::test]
async fn a_process_that_dies_at_a_step() {
    let (Ok(step), Some(file)) = (std::env::var(STEP), std::env::var_os(FILE)) else { return };
    let store = store(file.as_ref()).await;
    let path = format!("notes-{step}");
    let (registered, at) = (path.clone(), step.clone());
    let house = House::open(move |builder| builder.service(&registered, mortal(&at, store)));
    if ["ready", "plain"].contains(&&*step) {
        house.broker.service(&path).expect("it is there").on("created", |_, _| die()).expect("there is room");
    }
    let mut client = house.client(json!({})).await;
    call(&mut client, json!(["create", path, { "step": step }])).await;
    client.event().await;
}

async fn stranger(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).connect().await.expect("a connection")
}

/// The paths of the notes, each with whether it is ready.
async fn notes(stranger: &mut SqliteConnection) -> Vec<(String, bool)> {
    let rows = stranger.fetch_all("SELECT path, body IS NOT NULL FROM callboard_outbox ORDER BY path").await;
    rows.expect("the notes").iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn until_none_are_left(stranger: &mut SqliteConnection) {
    let waits = async {
        while !notes(stranger).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.expect("the notes are settled");
}

fn run_until_it_dies(step: &str, file: &Path) {
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "service::outbox::a_process_that_dies_at_a_step"])
        .envs([(STEP, step.as_ref()), (FILE, file.as_os_str())])
        .stdout(std::process::Stdio::null())
        .status()
        .expect("this program again");
    assert_eq!(status.signal(), Some(9), "{step}");
}

#[actix_rt::test]
async fn what_a_killed_process_had_promised_is_sent_and_the_rest_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    let survivor = store(&file).await;
    let house = House::open(move |builder| {
        STEPS.iter().fold(builder, |builder, step| {
            builder.service(&format!("notes-{step}"), Registration::of(Stored::new(survivor.clone())).for_everyone())
        })
    });
    let mut client = house.client(json!({})).await;
    for step in STEPS {
        run_until_it_dies(step, &file);
    }
    let mut stranger = stranger(&file).await;
    let left = notes(&mut stranger).await;
    let is = |step: &str| left.iter().find(|(path, _)| *path == format!("notes-{step}")).map(|(_, is_ready)| *is_ready);
    assert_eq!(
        ["before", "stored", "hooks", "ready", "plain"].map(is),
        [None, Some(false), Some(false), Some(true), Some(true)]
    );
    // As if they had been there for long.
    stranger.execute("UPDATE callboard_outbox SET at = 0").await.expect("the notes");
    until_none_are_left(&mut stranger).await;
    let mut sent = vec![];
    for _ in 0..left.iter().filter(|(_, is_ready)| *is_ready).count() {
        sent.push(client.event().await);
    }
    nothing_comes(&mut client).await;
    for step in ["ready", "plain"] {
        let is_of_step = |event: &&Value| event[0] == format!("notes-{step} created") && event[1]["step"] == step;
        assert_eq!(sent.iter().filter(is_of_step).count(), 1, "{sent:?}");
    }
    let metrics = house.broker.node().metrics().text().expect("a text");
    assert!(metrics.contains("callboard_drops_total{reason=\"outbox\"} 2"), "{metrics}");
    let stored = stranger.fetch_one("SELECT count(*) FROM notes").await.expect("a count");
    assert_eq!(stored.get::<i64, _>(0), 5);
}

#[actix_rt::test]
async fn what_a_process_left_is_sent_when_the_next_one_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    drop(store(&file).await);
    run_until_it_dies("plain", &file);
    let mut stranger = stranger(&file).await;
    assert_eq!(notes(&mut stranger).await, [("notes-plain".to_owned(), true)]);
    let survivor = store(&file).await;
    let house = House::open(move |builder| {
        builder.service("notes-plain", Registration::of(Stored::new(survivor)).for_everyone())
    });
    until_none_are_left(&mut stranger).await;
    let metrics = house.broker.node().metrics().text().expect("a text");
    assert!(metrics.contains("callboard_publishes_total{namespace=\"\"} 1"), "{metrics}");
}

#[actix_rt::test]
async fn no_note_stays_of_what_was_sent_or_failed_or_has_no_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    let opened = store(&file).await;
    let house = House::open(move |builder| {
        let of = |hooks: Hooks| Registration::of(Stored::new(opened.clone())).hooks(hooks).for_everyone();
        builder
            .service("sent", of(Hooks::new()))
            .service(
                "shown",
                of(Hooks::new().after("create", async |context| {
                    context.dispatch = Some(json!({ "shown": true }));
                    Ok(())
                })),
            )
            .service("failed", of(Hooks::new().after("create", async |_| Err(ServiceError::conflict("no")))))
            .service(
                "silent",
                of(Hooks::new().after("create", async |context| {
                    context.event = None;
                    Ok(())
                })),
            )
            .service("off", of(Hooks::new()).outbox(false))
    });
    let mut client = house.client(json!({})).await;
    for (path, expected) in [("sent", 1), ("shown", 1), ("failed", 0), ("silent", 0), ("off", 1)] {
        let (events, _) = call(&mut client, json!(["create", path, { "path": path }])).await;
        assert_eq!(events.len(), expected, "{path}");
        if path == "shown" {
            assert_eq!(events[0][1], json!({ "shown": true }));
        }
    }
    until_none_are_left(&mut stranger(&file).await).await;
}
