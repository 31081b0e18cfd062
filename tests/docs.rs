//! The documentation is true: its commands do what it shows, its links lead somewhere, its examples are what they say.
#[path = "docs/events_bus.rs"]
mod events_bus;
mod harness;
#[path = "docs/kept.rs"]
mod kept;
#[path = "docs/strapi.rs"]
mod strapi;
#[path = "docs/troubleshooting.rs"]
mod troubleshooting;

use callboard::config::{self, Overrides, Source};
use callboard::types::Disconnect;
use harness::{Broker, http, wait};
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const README: &str = include_str!("../README.md");
/// How long a listener may take to come in.
const PATIENCE: Duration = Duration::from_secs(30);

/// The fenced blocks of a document in this language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    let rests = document.split(fence.as_str()).skip(1);
    rests.map(|rest| rest.split("\n```").next().expect("a split has a first part")).collect()
}

/// The commands of the README that begin like this.
fn shown(beginning: &str) -> &'static str {
    let blocks = blocks(README, "sh");
    let found = blocks.iter().find(|block| block.starts_with(beginning));
    found.unwrap_or_else(|| panic!("the README shows no commands that begin with {beginning:?}"))
}

/// A shell as the README's reader has it: `callboard` is found, and talks to the broker on this port.
struct Terminal<'a> {
    broker: &'a Broker,
    folder: TempDir,
}

impl<'a> Terminal<'a> {
    fn new(broker: &'a Broker) -> Self {
        Terminal { broker, folder: tempfile::tempdir().expect("a folder") }
    }

    fn shell(&self, script: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_callboard"));
        let folder = program.parent().expect("the program is in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([folder.to_owned()].into_iter().chain(std::env::split_paths(&path)));
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", script])
            .current_dir(self.folder.path())
            .env("PATH", path.expect("a path"))
            .env("CALLBOARD_SERVER__PORT", self.broker.address().port().to_string())
            .stdin(Stdio::null());
        shell
    }

    fn run(&self, script: &str) -> Output {
        self.shell(script).output().expect("a shell")
    }

    /// What a command prints.
    fn prints(&self, script: &str) -> String {
        let output = self.run(script);
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        assert!(output.status.success(), "{script}: {out}{err}");
        out.trim_end().to_owned()
    }

    /// A command that prints until its time is over. Returns when it listens.
    fn listens(&self, script: &str) -> Listener {
        // The shell becomes the command, so that its end is the command's end.
        let (before, last) = script.rsplit_once('\n').map_or(("", script), |(before, last)| (before, last));
        let mut command = self.shell(&format!("{before}\nexec {last}"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("what it says");
        assert!(line.starts_with("listening to "), "{script}: {line}");
        Listener { child, lines }
    }
}

struct Listener {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    /// What it prints next.
    fn next(&mut self) -> String {
        self.lines.next().expect("it listens on").expect("text")
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It can only fail if the process has ended meanwhile.
        let _ = self.child.kill();
        assert!(wait(&mut self.child, PATIENCE).is_some() || std::thread::panicking(), "a listener does not end");
    }
}

/// Calls what a `curl URL -H 'Content-Type: application/json' -d 'BODY'` calls.
fn call(broker: &Broker, curl: &str) -> String {
    let words = curl.strip_prefix("curl localhost:8000/api/").expect("a call of the API");
    let (method, body) = words.split_once(" -H 'Content-Type: application/json' -d '").expect("a body");
    let answer =
        http::call(broker.address(), "", method, body.strip_suffix('\'').expect("its end")).expect("an answer");
    assert_eq!(answer.status, 200, "{curl}: {}", answer.body);
    answer.body
}

#[test]
fn the_first_ten_minutes_of_the_readme_lead_to_delivered_events() {
    let broker = Broker::start_shipped();
    let terminal = Terminal::new(&broker);
    let mut listener = terminal.listens(shown("callboard sub news"));

    let published = terminal.prints(shown("callboard pub news"));
    let position = published.strip_prefix("published to news at ").expect("a position");
    let (epoch, offset) = position.split_once(':').expect("an epoch and an offset");
    assert_eq!(offset, "1");
    let as_shown = |text: &str| text.replace("AbCdEfGh", epoch);
    assert!(blocks(README, "text").iter().any(|block| as_shown(block) == published), "{published}");

    let answer = call(&broker, shown("curl localhost:8000/api/publish"));
    assert!(blocks(README, "json").iter().any(|block| as_shown(block) == answer), "{answer}");

    let heard = format!("{}\n{}", listener.next(), listener.next());
    assert!(blocks(README, "text").contains(&heard.as_str()), "{heard}");

    let back = shown("callboard sub news --recover").replace("EPOCH", epoch);
    let missed = terminal.listens(&back).next();
    assert!(blocks(README, "text").contains(&missed.as_str()), "{missed}");
}

#[test]
fn the_readmes_own_config_lets_in_who_brings_a_token() {
    let made = Broker::start_shipped();
    let terminal = Terminal::new(&made);
    let said = terminal.prints(shown("callboard init"));
    assert!(blocks(README, "text").contains(&said.as_str()), "{said}");
    let config = fs::read_to_string(terminal.folder.path().join("my.toml")).expect("the config");
    let broker = Broker::start(&config);
    let terminal = Terminal { broker: &broker, folder: terminal.folder };

    let checked = terminal.prints(shown("callboard check-config"));
    assert!(blocks(README, "text").contains(&checked.as_str()), "{checked}");

    let mut listener = terminal.listens(shown("export CALLBOARD_CONFIG=my.toml"));
    terminal.prints(shown("callboard pub chat:lobby"));
    assert_eq!(listener.next(), r#"{"text":"hello"}"#);

    let stranger = terminal.run("callboard sub chat:lobby --config my.toml --count 1");
    let said = String::from_utf8(stranger.stderr).expect("text");
    assert!(!stranger.status.success() && said.contains("3501"), "{said}");
}

/// The documents that users read, by path.
fn documents() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir("docs").expect("the folder of the documents");
    let docs = docs.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension() == Some("md".as_ref()));
    let all = ["README.md", "CHANGELOG.md"].map(PathBuf::from).into_iter().chain(docs);
    all.map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

/// The text without fenced blocks, in which brackets are no links.
fn prose(document: &str) -> String {
    document.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// The names by which a document's headings are linked to.
fn anchors(document: &str) -> Vec<String> {
    let prose = prose(document);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(slug).collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut looked_at = 0;
    for (path, text) in documents() {
        let prose = prose(&text);
        let targets = prose.split("](").skip(1).map(|rest| rest.split(')').next().expect("a split has a first part"));
        for target in targets.filter(|target| !target.contains("://")) {
            looked_at += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => path.clone(),
                file => path.parent().expect("a document is in a folder").join(file),
            };
            assert!(file.exists(), "{}: {target} leads nowhere", path.display());
            let known = || anchors(&fs::read_to_string(&file).expect("a text"));
            assert!(heading.is_empty() || known().iter().any(|a| a == heading), "{}: no {target}", path.display());
        }
    }
    assert!(looked_at > 20, "only {looked_at} links were found");
}

#[test]
fn every_example_is_json_or_a_config_that_is_good() {
    for (path, text) in documents() {
        for line in blocks(&text, "json").iter().flat_map(|block| block.lines()) {
            let parsed = serde_json::from_str::<serde_json::Value>(line);
            assert!(parsed.is_ok(), "{}: {line}: {}", path.display(), parsed.unwrap_err());
        }
        for block in blocks(&text, "toml") {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("config.toml");
            fs::write(&file, block).expect("a config");
            let read = config::read(&Source::File(file), [], &Overrides::default());
            assert!(read.is_ok(), "{}: {}\n{block}", path.display(), read.unwrap_err());
        }
    }
}

#[test]
fn the_config_of_the_benchmarks_is_good() {
    let loaded = config::read(&Source::File("bench.toml".into()), [], &Overrides::default()).expect("a good config");
    loaded.check().expect("it is for loopback");
    assert_eq!((loaded.config.server.workers, loaded.config.limits.connections), (1, 20_000));
    assert!(loaded.config.namespaces.iter().all(|namespace| !namespace.has_history() && !namespace.presence));
}

#[test]
fn every_disconnect_is_in_the_document_of_the_wire() {
    let document = fs::read_to_string("docs/centrifuge.md").expect("the document");
    for Disconnect { code, reason } in Disconnect::NAMED {
        assert!(document.contains(&format!("\n| {code} | {reason} |")), "{code} {reason} is missing");
    }
}
