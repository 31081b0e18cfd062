//! The command line, with and without a broker.
#[path = "cli/answering.rs"]
mod answering;
#[path = "cli/connections.rs"]
mod connections;
mod harness;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/listening.rs"]
mod listening;

use callboard::auth::Authenticator;
use callboard::types::Answer;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The program without what the environment says.
fn callboard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLBOARD_")) {
        command.env_remove(name);
    }
    command.args(arguments).env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    callboard(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// An address where nobody listens: a port that was free a moment ago.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

const WRONG: &str = "[server]\nprot = 1\nworkers = 'x'\n\n[[namespace]]\nsubscribe = 'subscriber'\n";

#[test]
fn check_config_tells_all_problems_with_their_lines_and_exits_with_2() {
    let file = file(WRONG);
    let path = file.path().to_str().unwrap();
    let output = run(&["check-config", "--config", path]);
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<_> = err(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, number) in lines.iter().zip(["2", "3", "6"]) {
        assert!(line.starts_with(&format!("{path}:{number}: `")), "{line}");
    }
}

#[test]
fn check_config_tells_a_script_as_json() {
    let file = file(WRONG);
    let output = run(&["check-config", "--json", "--config", file.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["ok"].as_bool(), report["problems"].as_array().unwrap().len()), (Some(false), 3));
    assert_eq!(report["problems"][0]["key"], "server.prot");
}

#[test]
fn check_config_of_a_good_config_exits_with_0() {
    let output = run(&["check-config"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "the config is valid\n"));
    let output = run(&["check-config", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["ok"], true);
}

#[test]
fn serve_refuses_to_leave_loopback_without_a_config() {
    let output = run(&["serve", "--host", "0.0.0.0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--config FILE"), "{}", err(&output));
}

#[test]
fn a_word_in_rust_log_that_is_no_level_does_not_silence_errors() {
    let config = file("[api]\nkey = 'secret'\n");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = callboard(&["serve", "--config", config.path().to_str().unwrap(), "--port", &port]);
    let output = command.env("RUST_LOG", "WARNING").stdin(std::process::Stdio::null()).output().unwrap();
    assert!(err(&output).contains("RUST_LOG: `WARNING` is not a level"), "{}", err(&output));
    assert!(err(&output).contains("WARN"), "what is below an error is logged, too: {}", err(&output));
}

#[test]
fn print_config_shows_the_settings_in_effect_and_no_secret() {
    let print = |arguments: &[&str]| {
        let mut command = callboard(arguments);
        command.env("CALLBOARD_AUTH__HMAC_SECRET", "topsecret").env("CALLBOARD_SERVER__PORT", "9000");
        out(&command.output().unwrap())
    };
    let text = print(&["print-config", "--workers", "3"]);
    assert!(text.contains("port = 9000") && text.contains("workers = 3") && !text.contains("topsecret"), "{text}");
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["namespace"].as_array().unwrap().len(), 2);
    let json: Value = serde_json::from_str(&print(&["print-config", "--json"])).unwrap();
    assert_eq!(json["server"]["port"], 9000);
    assert_eq!(json["auth"]["hmac_secret"][0], "[redacted]");
}

fn authenticator() -> Authenticator {
    Authenticator::new(&toml::from_str("hmac_secret = 'topsecret'").unwrap()).unwrap()
}

fn token(arguments: &[&str]) -> Output {
    callboard(&[&["token"], arguments].concat()).env("CALLBOARD_AUTH__HMAC_SECRET", "topsecret").output().unwrap()
}

#[test]
fn a_connection_token_verifies() {
    let arguments =
        ["connection", "--user", "42", "--info", r#"{"name":"Ada"}"#, "--channel", "news", "--scope", "read"];
    let token = out(&token(&arguments));
    let Answer::Ready(Ok(grant)) = authenticator().verify_connection(token.trim()) else { panic!("refused: {token}") };
    assert_eq!(&*grant.identity.user, "42");
    assert_eq!(grant.identity.info.unwrap().as_str(), r#"{"name":"Ada"}"#);
    assert!(grant.identity.scopes.contains("read") && grant.identity.expires_at.is_some());
    assert_eq!(grant.subs[0].0, "news");
}

#[test]
fn a_subscription_token_verifies() {
    let output = token(&["subscription", "--user", "42", "--channel", "$chat:1", "--ttl", "0", "--json"]);
    let token: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verified = authenticator().verify_subscription(token["token"].as_str().unwrap());
    let Answer::Ready(Ok(grant)) = verified else { panic!("refused: {token}") };
    assert_eq!((&*grant.user, &*grant.channel, grant.expires_at), ("42", "$chat:1", None));
}

#[test]
fn a_token_without_a_secret_names_the_key_to_set() {
    let output = run(&["token", "connection", "--user", "42"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("auth.hmac_secret"), "{}", err(&output));
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains("check-config"), "{shell}");
    }
}

#[test]
fn data_that_is_no_json_is_told_how_to_quote() {
    let output = run(&["pub", "news", "hello"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains(r#"'"hello"'"#), "{}", err(&output));
    assert!(err(&run(&["pub", "news", "{hello:1}"])).contains(r#"'{"hello":1}'"#));
}

#[test]
fn a_line_of_the_input_that_is_no_json_is_named() {
    let mut command = callboard(&["pub", "news", "-"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\nnope\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).starts_with("line 2: the data is not valid JSON"), "{}", err(&output));
}

#[test]
fn a_broker_that_is_not_there_is_told_with_what_to_do() {
    let url = nowhere();
    for arguments in [&["pub", "news", "1"][..], &["sub", "news"], &["channels"], &["connections"], &["info"]] {
        let output = run(&[arguments, &["--url", &url]].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(err(&output).contains("callboard serve"), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn a_usage_error_exits_with_2_and_help_with_0() {
    assert_eq!(run(&["sub"]).status.code(), Some(2));
    assert_eq!(run(&["sub", ""]).status.code(), Some(2));
    assert_eq!(run(&["pub", "", "1"]).status.code(), Some(2));
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
    assert_eq!(run(&["sub", "a", "b", "--recover", "e:1"]).status.code(), Some(2));
    assert_eq!(run(&["sub", "a", "--recover", "nonsense"]).status.code(), Some(2));
    assert_eq!(run(&["pub", "news", "1", "--url", "localhost"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    assert_eq!(run(&["--version"]).status.code(), Some(0));
}
