//! The event of a stored document is delivered after a crash, too: processes are killed between every two steps, and others find what
//! they have left, in each kind of database.
use super::house::{House, call, nothing_comes};
use super::notes::{Database, Kind};
use callboard::service::{Hooks, Publication, Registration, ServiceError, Stored};
use callboard::store::{Store, StoreAddress, StoreOptions, Stores};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Where a process dies: before anything is stored; when the document is stored; when the hooks have run; when the note has what is to
/// be sent, and nothing is sent; the same where no hook has a say; when the event is on its way to a client.
const STEPS: [&str; 6] = ["before", "stored", "hooks", "ready", "plain", "sent"];
const STEP: &str = "CALLBOARD_TEST_DIES_AT";
const ADDRESS: &str = "CALLBOARD_TEST_STORE";
/// After this time the notes of a process count as left behind, in tests that have one to wait for.
const SOON: Duration = Duration::from_secs(1);

async fn store(address: &str) -> Arc<dyn Store> {
    let address = StoreAddress::parse(address).expect("an address");
    let opened = Stores::new().open(&address, "notes", StoreOptions::default(), &[]).await;
    opened.expect("a store")
}

/// As `kill -9` does.
fn die() {
    kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
}

fn mortal(step: &str, store: Arc<dyn Store>) -> Registration {
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

/// A service of a process that lives on.
fn survivor(store: &Arc<dyn Store>) -> Registration {
    Registration::of(Stored::new(store.clone())).for_everyone().overdue_after(SOON)
}

/// Is another process where one is named, and does nothing else.
#[actix_rt::test]
async fn a_process_that_dies_at_a_step() {
    let (Ok(step), Ok(address)) = (std::env::var(STEP), std::env::var(ADDRESS)) else { return };
    let store = store(&address).await;
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

fn run_until_it_dies(step: &str, address: &str) {
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "service::outbox::a_process_that_dies_at_a_step"])
        .envs([(STEP, step), (ADDRESS, address)])
        .stdout(std::process::Stdio::null())
        .status()
        .expect("this program again");
    assert_eq!(status.signal(), Some(9), "{step}");
}

fn assert_counted(house: &House, line: &str) {
    let metrics = house.broker.node().metrics().text().expect("a text");
    assert!(metrics.contains(line), "{metrics}");
}

async fn what_a_killed_process_had_promised_is_sent_and_the_rest_is_dropped(on: Kind) {
    let mut database = Database::new(on).await;
    for step in STEPS {
        run_until_it_dies(step, &database.address);
    }
    let left = database.notes().await;
    let is = |step: &str| left.iter().find(|(path, _)| *path == format!("notes-{step}")).map(|(_, is_ready)| *is_ready);
    assert_eq!(
        ["before", "stored", "hooks", "ready", "plain"].map(is),
        [None, Some(false), Some(false), Some(true), Some(true)]
    );
    // As if they had just been left, until somebody listens.
    database.run("UPDATE callboard_outbox SET at = at + 3600000").await;
    let store = store(&database.address).await;
    let house = House::open(move |builder| {
        STEPS.iter().fold(builder, |builder, step| builder.service(&format!("notes-{step}"), survivor(&store)))
    });
    let mut client = house.client(json!({})).await;
    database.run("UPDATE callboard_outbox SET at = 0").await;
    database.until_no_notes_are_left().await;
    let mut sent = vec![];
    for _ in 0..left.iter().filter(|(_, is_ready)| *is_ready).count() {
        sent.push(client.event().await);
    }
    nothing_comes(&mut client).await;
    for step in ["ready", "plain"] {
        let is_of_step = |event: &&Value| event[0] == format!("notes-{step} created") && event[1]["step"] == step;
        assert_eq!(sent.iter().filter(is_of_step).count(), 1, "{sent:?}");
    }
    assert_counted(&house, "callboard_drops_total{reason=\"outbox\"} 2");
    assert_eq!(database.number("SELECT count(*) FROM notes").await, 5);
}

#[actix_rt::test]
async fn what_a_process_killed_over_sqlite_had_promised_is_sent_and_the_rest_is_dropped() {
    what_a_killed_process_had_promised_is_sent_and_the_rest_is_dropped(Kind::Sqlite).await;
}

#[actix_rt::test]
async fn what_a_process_killed_over_postgres_had_promised_is_sent_and_the_rest_is_dropped() {
    what_a_killed_process_had_promised_is_sent_and_the_rest_is_dropped(Kind::Postgres).await;
}

#[actix_rt::test]
async fn what_a_process_left_in_a_file_is_sent_when_the_next_one_starts() {
    let mut database = Database::new(Kind::Sqlite).await;
    run_until_it_dies("plain", &database.address);
    assert_eq!(database.notes().await, [("notes-plain".to_owned(), true)]);
    let store = store(&database.address).await;
    // Not before an hour has passed, but at its start.
    let registration = survivor(&store).overdue_after(Duration::from_secs(3600));
    let house = House::open(move |builder| builder.service("notes-plain", registration));
    database.until_no_notes_are_left().await;
    assert_counted(&house, "callboard_publishes_total{namespace=\"\"} 1");
}

#[actix_rt::test]
async fn a_second_node_sends_what_another_has_held_for_too_long_and_not_before() {
    const OVERDUE: Duration = Duration::from_secs(3);
    let mut database = Database::new(Kind::Postgres).await;
    run_until_it_dies("plain", &database.address);
    let left_at = database.number("SELECT at FROM callboard_outbox").await;
    let second = store(&database.address).await;
    let registration = survivor(&second).overdue_after(OVERDUE);
    let house = House::open(move |builder| builder.service("notes-plain", registration));
    database.until_no_notes_are_left().await;
    let held = database.now().await - left_at;
    assert!(held >= 3_000, "it was sent after {held} ms");
    assert_counted(&house, "callboard_publishes_total{namespace=\"\"} 1");
}

async fn no_note_stays_of_what_was_sent_or_failed_or_has_no_event(on: Kind) {
    let mut database = Database::new(on).await;
    let opened = store(&database.address).await;
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
    database.until_no_notes_are_left().await;
}

#[actix_rt::test]
async fn no_note_stays_in_sqlite_of_what_was_sent_or_failed_or_has_no_event() {
    no_note_stays_of_what_was_sent_or_failed_or_has_no_event(Kind::Sqlite).await;
}

#[actix_rt::test]
async fn no_note_stays_in_postgres_of_what_was_sent_or_failed_or_has_no_event() {
    no_note_stays_of_what_was_sent_or_failed_or_has_no_event(Kind::Postgres).await;
}
