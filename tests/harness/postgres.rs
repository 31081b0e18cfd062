//! A real PostgreSQL of the tests' own: on a free port of loopback, its data in a folder that ends with it.
use super::free_address;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Keeps the server, which runs as nobody who may do anything: it refuses to run as root. It ends with whoever holds the other end
/// of its input, even if that is killed. The databases order text as people do, so that a comparison that does not ask for the order
/// of bytes is found out.
const KEEPER: &str = r#"
folder=$(mktemp -d) || exit 1
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
trap 'kill -QUIT $server 2>/dev/null; wait $server; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
"$bin/initdb" -D data -U callboard -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en \
    --no-sync >log 2>&1 || { cat log >&2; exit 1; }
while read -r command; do
    case $command in
        start)
            "$bin/postgres" -D data -p "$1" -k "$folder" -c listen_addresses=127.0.0.1 -c max_connections=300 \
                -c fsync=off >>log 2>&1 &
            server=$!
            until "$bin/pg_isready" -q -h 127.0.0.1 -p "$1"; do
                kill -0 $server 2>/dev/null || { cat log >&2; exit 1; }
                sleep 0.05
            done ;;
        kill) kill -QUIT $server; wait $server ;;
        pause) kill -STOP $server $(cat /proc/$server/task/$server/children) ;;
        resume) kill -CONT $server $(cat /proc/$server/task/$server/children) ;;
    esac
    echo done
done
"#;

/// A server that runs. It is killed when dropped.
pub struct Postgres {
    keeper: Child,
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// If it does not start: `make setup` installs it.
    pub fn start() -> Self {
        let port = free_address().port();
        let is_root = rustix::process::geteuid().is_root();
        let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        }
        let mut keeper = command
            .args(["-c", KEEPER, "keeper", &port.to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let commands = keeper.stdin.take();
        let answers = BufReader::new(keeper.stdout.take().expect("it is piped")).lines();
        let mut postgres = Postgres { keeper, commands, answers, port };
        postgres.say("start");
        postgres
    }

    /// The one that tests share which leave it alone.
    pub fn shared() -> &'static Postgres {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Postgres::start)
    }

    /// The address of the database that it comes with.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of a database.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://callboard@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Its port of loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a new database, which is empty.
    pub async fn new_database(&self) -> String {
        let name = self.new_name();
        let mut connection = PgConnection::connect(&self.url()).await.expect("a connection");
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
        self.url_of(&name)
    }

    /// A name that no test has had.
    pub fn new_name(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("of_test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Kills it at once, with all of its connections.
    pub fn kill(&mut self) {
        self.say("kill");
    }

    /// Starts it again on its port, with what it kept.
    pub fn start_again(&mut self) {
        self.say("start");
    }

    /// Stops it where it stands: connections stay, and nothing is answered.
    pub fn pause(&mut self) {
        self.say("pause");
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.say("resume");
    }

    fn say(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("it is open until this is dropped");
        writeln!(commands, "{command}").expect("PostgreSQL, which `make setup` installs");
        let answer = self.answers.next().and_then(Result::ok);
        assert_eq!(answer.as_deref(), Some("done"), "PostgreSQL does not {command}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.keeper.wait();
    }
}
