//! A real Redis of a test's own: on a free port of loopback, its data in a folder that ends with it.
use super::{free_address, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often one looks whether it has.
const LOOK: Duration = Duration::from_millis(5);
/// Others may take a port between its choice and its use.
const TRIES: usize = 3;

/// A server that runs. It is killed when dropped.
pub struct Redis {
    child: Child,
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Redis {
    /// Starts one that keeps nothing on disk.
    pub fn start() -> Self {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// Starts one that writes each change to disk.
    pub fn start_durable() -> Self {
        Self::start_with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts one with these arguments.
    ///
    /// # Panics
    /// If it does not start: `make setup` installs redis-server.
    pub fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for Redis");
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self::start_in(folder, arguments)
    }

    /// Starts a sentinel with these lines of config.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_sentinel(lines: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the sentinel");
        let config = folder.path().join("sentinel.conf");
        std::fs::write(&config, lines.join("\n") + "\n").expect("its config");
        Self::start_in(folder, vec![config.display().to_string(), "--sentinel".to_owned()])
    }

    /// Starts one on a free port; on another if somebody takes that, or the one its cluster talks on, before it does.
    fn start_in(folder: TempDir, arguments: Vec<String>) -> Self {
        let port = free_port();
        let child = spawn(port, &arguments, &folder);
        let mut redis = Redis { child, port, arguments, folder };
        for _ in 1..TRIES {
            if redis.answers().is_ok() {
                return redis;
            }
            redis.port = free_port();
            redis.child = spawn(redis.port, &redis.arguments, &redis.folder);
        }
        redis.wait_until_it_answers();
        redis
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it at once, as kill -9 does.
    pub fn kill(&mut self) {
        // It can only fail if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on its port, with what it kept.
    pub fn start_again(&mut self) {
        self.child = spawn(self.port, &self.arguments, &self.folder);
        self.wait_until_it_answers();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process id is above zero");
        kill_process(pid, signal).expect("it runs");
    }

    /// Says a command, words by spaces, and returns the answer as it came.
    pub fn say(&self, command: &str) -> String {
        let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        self.say_words(&words).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Says a command whose words may be any bytes.
    pub fn say_words(&self, words: &[&[u8]]) -> std::io::Result<String> {
        say_to(self.port, words)
    }

    /// Begins to write down the commands that it gets.
    pub fn monitor(&self) -> Monitor<'_> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(b"MONITOR\r\n").expect("it is open");
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next().expect("an answer").expect("an answer"), "+OK");
        Monitor { redis: self, lines }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn wait_until_it_answers(&mut self) {
        if let Err(status) = self.answers() {
            panic!("redis-server ended with {status}; its log:\n{}", self.log());
        }
    }

    /// Waits until it answers; fails if it ends before.
    fn answers(&mut self) -> Result<(), ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        let is_there = |answer: String| answer.starts_with("+PONG") || answer.starts_with("-NOAUTH");
        while !self.say_words(&[b"PING"]).is_ok_and(is_there) {
            assert!(Instant::now() < deadline, "redis-server does not answer; its log:\n{}", self.log());
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(status);
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = wait(&mut self.child, PATIENCE);
    }
}

/// Every command that a server gets.
pub struct Monitor<'a> {
    redis: &'a Redis,
    lines: Lines<BufReader<TcpStream>>,
}

impl Monitor<'_> {
    /// The commands since it began, or since this was asked last, that contain these words; not what scripts do.
    pub fn commands_with(&mut self, words: &str) -> Vec<String> {
        // It comes after all that was answered before.
        self.redis.say("ECHO so-far");
        let told =
            self.lines.by_ref().map(|line| line.expect("it is open")).take_while(|line| !line.contains("so-far"));
        told.filter(|line| line.contains(words) && !line.contains(" lua] ")).collect()
    }
}

/// Says a command to whatever listens on a port, and returns what comes of the answer at once.
pub fn say_to(port: u16, words: &[&[u8]]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut command = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        command.extend(format!("${}\r\n", word.len()).bytes());
        command.extend(*word);
        command.extend(b"\r\n");
    }
    stream.write_all(&command)?;
    let mut answer = vec![0; 64 * 1024];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// A port whose neighbour 10,000 above is free, too: a cluster's servers talk to each other there.
fn free_port() -> u16 {
    loop {
        let port = free_address().port();
        if port < 50_000 {
            return port;
        }
    }
}

fn spawn(port: u16, arguments: &[String], folder: &TempDir) -> Child {
    let log = File::options().create(true).append(true).open(folder.path().join("log")).expect("a file for its log");
    // A config file comes first, where there is one.
    let (file, arguments) = arguments.split_at(usize::from(arguments.first().is_some_and(|a| !a.starts_with("--"))));
    Command::new("redis-server")
        .args(file)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the same file"))
        .stderr(log)
        .spawn()
        .expect("redis-server, which `make setup` installs")
}
