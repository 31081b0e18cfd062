//! A broker as a process of its own: started on a free port, watched, and stopped as an operator would.
#![allow(dead_code, reason = "each integration test uses a part")]
pub mod cable;
pub mod events_bus;
pub mod http;
pub mod postgres;
pub mod redis;
pub mod socket;
pub mod socketio;

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The secret that signs tokens for the brokers of the tests.
pub const SECRET: &str = "a secret of the tests that is long enough for every length of hash, SHA-512 too";
/// The key of the HTTP API of the brokers of the tests.
pub const API_KEY: &str = "an api key of the tests";

/// How long a process may take to start or to stop; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often one looks whether it has.
const LOOK: Duration = Duration::from_millis(20);
/// Others may take a port between its choice and its use.
const TRIES: usize = 3;

/// A broker that runs. It is killed when dropped; [`Broker::stop`] is the polite way.
pub struct Broker {
    child: Child,
    address: SocketAddr,
    internal: Option<SocketAddr>,
    folder: TempDir,
}

impl Broker {
    /// Starts `callboard serve` with this config, on a free port of loopback, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub fn start(config: &str) -> Self {
        Self::start_apart(config, None)
    }

    /// Starts one whose config puts API, metrics and health on an internal address: `{internal_port}` in the config
    /// becomes its port.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub fn start_with_internal(config: &str) -> Self {
        let internal = free_address();
        Self::start_apart(&config.replace("{internal_port}", &internal.port().to_string()), Some(internal))
    }

    fn start_apart(config: &str, internal: Option<SocketAddr>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the broker");
        let path = folder.path().join("config.toml");
        fs::write(&path, config).expect("its config");
        let arguments = ["serve".as_ref(), "--config".as_ref(), path.as_os_str(), "--port".as_ref()];
        Self::start_program(folder, env!("CARGO_BIN_EXE_callboard").as_ref(), &arguments, internal)
    }

    /// Starts `callboard serve` with the config it comes with, on a free port of loopback, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub fn start_shipped() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the broker");
        let arguments = ["serve".as_ref(), "--port".as_ref()];
        Self::start_program(folder, env!("CARGO_BIN_EXE_callboard").as_ref(), &arguments, None)
    }

    /// Starts an example that takes its port with `--port`, and waits until it is ready.
    ///
    /// # Panics
    /// If it was not built, or does not get ready.
    pub fn start_example(name: &str) -> Self {
        Self::start_example_with(name, &[])
    }

    /// The same, with more arguments.
    ///
    /// # Panics
    /// If it was not built, or does not get ready.
    pub fn start_example_with(name: &str, arguments: &[&str]) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_callboard")).with_file_name("examples").join(name);
        assert!(program.exists(), "{} is missing: `cargo build --examples` makes it", program.display());
        let folder = tempfile::tempdir().expect("a folder for the example");
        let arguments: Vec<&OsStr> = arguments.iter().chain(&["--port"]).map(OsStr::new).collect();
        Self::start_program(folder, program.as_os_str(), &arguments, None)
    }

    /// Starts a program whose last argument is the port.
    fn start_program(folder: TempDir, program: &OsStr, arguments: &[&OsStr], internal: Option<SocketAddr>) -> Self {
        let mut folder = folder;
        for attempt in 1.. {
            let address = free_address();
            let child = spawn(program, arguments, address.port(), folder.path());
            let mut broker = Broker { child, address, internal, folder };
            match broker.wait_until_ready() {
                Ok(()) => return broker,
                Err(reason) if attempt == TRIES => panic!("{reason}; its log:\n{}", broker.log()),
                Err(_) => folder = broker.give_up(),
            }
        }
        unreachable!("the loop returns or panics")
    }

    /// Ends a broker that did not start, and gives back its folder for the next try.
    fn give_up(mut self) -> TempDir {
        let empty = tempfile::tempdir().expect("a folder");
        std::mem::replace(&mut self.folder, empty)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("the broker ended with {status}"));
            }
            if http::get(self.internal(), "/ready").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err("the broker did not get ready".into())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its API, metrics and health are.
    pub fn internal(&self) -> SocketAddr {
        self.internal.unwrap_or(self.address)
    }

    /// Where it listens, as `http://…` without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far, on both streams.
    pub fn log(&self) -> String {
        ["out", "err"].map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()).join("")
    }

    /// Where its config is.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// Calls a method of its HTTP API and returns the body of the answer.
    ///
    /// # Panics
    /// If the status is another than 200.
    pub fn api(&self, method: &str, body: &str) -> String {
        let answer = http::call(self.internal(), API_KEY, method, body).expect("an answer");
        assert_eq!(answer.status, 200, "{method} {body}: {}", answer.body);
        answer.body
    }

    /// The sum of a metric over its labels; 0 if it has not been counted yet.
    pub fn metric(&self, name: &str) -> f64 {
        self.metric_of(name, "")
    }

    /// The same over those labels that have this value.
    pub fn metric_of(&self, name: &str, label: &str) -> f64 {
        let metrics = http::get(self.internal(), "/metrics").expect("the metrics").body;
        let values = metrics.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            (rest.starts_with([' ', '{']) && rest.contains(label))
                .then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        values.sum()
    }

    /// Asks the broker something until the answer satisfies, for what it does in its own time.
    ///
    /// # Panics
    /// If it never does.
    pub fn until<T: std::fmt::Debug>(&self, ask: impl Fn(&Self) -> T, satisfies: impl Fn(&T) -> bool) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = ask(self);
            if satisfies(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "still {answer:?}");
            thread::sleep(LOOK);
        }
    }

    /// Bytes of memory that it holds.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a process on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident size");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kilobytes * 1024
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a process id is above zero");
        kill_process(pid, signal).expect("the broker runs");
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Panics
    /// If it does not.
    pub fn stop(self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until it has stopped.
    ///
    /// # Panics
    /// If it does not.
    pub fn wait(mut self) -> ExitStatus {
        match wait(&mut self.child, PATIENCE) {
            Some(status) => status,
            None => panic!("the broker did not stop; its log:\n{}", self.log()),
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the log of the broker on {}:\n{}", self.address, self.log());
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            // It can only fail if the process has ended meanwhile.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits for a process, but not for ever; none if it runs on.
pub fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => return Some(status),
            None if Instant::now() > deadline => return None,
            None => thread::sleep(LOOK),
        }
    }
}

/// A port of loopback that nobody listened on a moment ago.
pub fn free_address() -> SocketAddr {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    probe.local_addr().expect("its address")
}

/// Starts a program with nothing of the caller's config in its environment.
fn spawn(program: &OsStr, arguments: &[&OsStr], port: u16, folder: &Path) -> Child {
    let stream = |name| File::create(folder.join(name)).expect("a file for what it writes");
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CALLBOARD_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .arg(port.to_string())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(stream("out"))
        .stderr(stream("err"))
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
}
