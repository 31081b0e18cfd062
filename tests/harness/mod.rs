//! A broker as a process of its own: started on a free port, watched, and stopped as an operator would.
#![allow(dead_code, reason = "each integration test uses a part")]
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The secret that signs tokens for the brokers of the tests.
pub const SECRET: &str = "a secret of the tests, of a decent length";
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
    folder: TempDir,
}

impl Broker {
    /// Starts `callboard serve` with this config, on a free port of loopback, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the broker");
        let path = folder.path().join("config.toml");
        fs::write(&path, config).expect("its config");
        Self::start_program(
            folder,
            env!("CARGO_BIN_EXE_callboard").as_ref(),
            &["serve".as_ref(), "--config".as_ref(), path.as_os_str()],
        )
    }

    /// Starts an example that takes its port from the config's variables, and waits until it is ready.
    ///
    /// # Panics
    /// If it was not built, or does not get ready.
    pub fn start_example(name: &str) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_callboard")).with_file_name("examples").join(name);
        assert!(program.exists(), "{} is missing: `cargo build --examples` makes it", program.display());
        Self::start_program(tempfile::tempdir().expect("a folder for the example"), program.as_os_str(), &[])
    }

    fn start_program(folder: TempDir, program: &OsStr, arguments: &[&OsStr]) -> Self {
        let mut folder = folder;
        for attempt in 1.. {
            let address = free_address();
            let child = spawn(program, arguments, address.port(), folder.path());
            let mut broker = Broker { child, address, folder };
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
            if get(self.address, "/ready").is_ok_and(|status| status == 200) {
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

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a process id is above zero");
        kill_process(pid, signal).expect("the broker runs");
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Panics
    /// If it does not.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
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

/// The status of a GET request.
pub fn get(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no HTTP answer"))
}

/// A port of loopback that nobody listened on a moment ago.
fn free_address() -> SocketAddr {
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
        .current_dir(folder)
        .env("CALLBOARD_SERVER__PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(stream("out"))
        .stderr(stream("err"))
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
}
