//! The commands that ask a broker, against one that runs.
use super::harness::{API_KEY, Broker, SECRET};
use super::{callboard, err, out};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Output, Stdio};

const CONFIG: &str = r#"
[server]
workers = 1
[auth]
anonymous = true
hmac_secret = "{secret}"
[api]
key = "{api_key}"
[[namespace]]
name = ""
subscribe = "anyone"
publish = "user"
history_size = 10
history_ttl = "5m"
force_recovery = true
presence = true
[[namespace]]
name = "plain"
subscribe = "anyone"
"#;

fn broker() -> Broker {
    Broker::start(&CONFIG.replace("{secret}", SECRET).replace("{api_key}", API_KEY))
}

fn command(broker: &Broker, arguments: &[&str]) -> std::process::Command {
    let mut command = callboard(arguments);
    command.args(["--url", &broker.url()]).stdin(Stdio::null());
    command
}

/// Runs a command that uses the HTTP API.
fn ask(broker: &Broker, arguments: &[&str]) -> Output {
    command(broker, arguments).args(["--api-key", API_KEY]).output().unwrap()
}

fn token(arguments: &[&str]) -> String {
    let mut command = callboard(&[&["token"], arguments].concat());
    out(&command.env("CALLBOARD_AUTH__HMAC_SECRET", SECRET).output().unwrap()).trim().to_owned()
}

/// A command that goes on, killed when dropped.
struct Running(Child, Lines<BufReader<ChildStdout>>, Lines<BufReader<ChildStderr>>);

impl Running {
    fn start(mut command: std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Running(child, BufReader::new(stdout).lines(), BufReader::new(stderr).lines())
    }

    fn line(&mut self) -> String {
        self.1.next().unwrap().unwrap()
    }

    fn note(&mut self) -> String {
        self.2.next().unwrap().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_tail_shows_time_channel_and_payload_and_ends_with_its_broker() {
    let broker = broker();
    let tail = |arguments: &[&str]| {
        let mut command = command(&broker, &[&["tail"], arguments].concat());
        command.args(["--api-key", API_KEY]);
        let mut tail = Running::start(command);
        assert!(tail.note().starts_with("watching "));
        tail
    };
    let (mut all, mut news, mut counted) = (tail(&[]), tail(&["news", "--json"]), tail(&["--count", "1"]));
    assert!(ask(&broker, &["pub", "plain:a\u{1b}[2J", r#""\u009b""#]).status.success());
    assert!(ask(&broker, &["pub", "news", r#"{ "a":1.0 }"#, "--tag", "k=v"]).status.success());
    let line = all.line();
    let cells: Vec<&str> = line.split('\t').collect();
    assert!(cells[0].ends_with('Z') && cells[0].starts_with("20"), "{line}");
    assert_eq!(cells[1..], ["plain:a\\u{1b}[2J", r#""\u009b""#]);
    assert!(all.line().ends_with("\tnews\t{ \"a\":1.0 }"));
    let event: Value = serde_json::from_str(&news.line()).unwrap();
    assert_eq!((&event["event"]["data"], &event["event"]["tags"]), (&json!({"a": 1.0}), &json!({"k": "v"})));
    assert!(counted.0.wait().unwrap().success());
    assert!(broker.stop().success());
    assert_eq!(all.note(), "the tail ended: the broker is stopping");
    assert_eq!(all.0.wait().unwrap().code(), Some(1));
    let error: Value = serde_json::from_str(&news.note()).unwrap();
    assert_eq!(error, json!({"error": {"message": "the tail ended: the broker is stopping", "exit": 1}}));
}

#[test]
fn a_publish_with_an_account_says_who_got_the_event() {
    let broker = broker();
    let told = ask(&broker, &["pub", "plain:a", "1", "--account"]);
    let none = "0 subscribers: 0 delivered, 0 filtered, 0 not permitted, 0 lost";
    assert_eq!(out(&told), format!("published to plain:a\n{none}\n"));
    let kept = out(&ask(&broker, &["pub", "news", "1", "--account", "--idempotency-key", "once"]));
    assert!(kept.ends_with("0 lost; kept for those who come later\n"), "{kept}");
    let again = out(&ask(&broker, &["pub", "news", "1", "--account", "--idempotency-key", "once"]));
    assert!(again.ends_with("; a repetition, of which nothing is delivered\n"), "{again}");
    let mut sub = Running::start(command(&broker, &["sub", "plain:a", "--json"]));
    broker.until(
        |broker| broker.api("channels", "{}"),
        |channels| {
            serde_json::from_str::<Value>(channels).unwrap()["result"]["channels"]["plain:a"]["num_clients"] == 1
        },
    );
    let told: Value =
        serde_json::from_str(&out(&ask(&broker, &["pub", "plain:a", "2", "--account", "--json"]))).unwrap();
    let expected = json!({"matched": 1, "delivered": 1, "filtered": 0, "not_permitted": 0, "lost": 0, "kept": false});
    assert_eq!(told, json!({"account": expected}));
    assert!(sub.line().contains('2'));
    let usage = callboard(&["pub", "news", "1", "--account", "--as-client"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2), "{}", err(&usage));
}

#[test]
fn what_is_refused_says_what_to_do_and_with_json_says_it_to_scripts() {
    let broker = broker();
    let refused = ask(&broker, &["tail", "nowhere:a"]);
    assert_eq!((refused.status.code(), out(&refused).as_str()), (Some(1), ""));
    assert!(err(&refused).starts_with("refused: unknown channel (102)"), "{}", err(&refused));
    let refused = ask(&broker, &["history", "plain:a", "--json"]);
    let error: Value = serde_json::from_str(&err(&refused)).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&json!(108), &json!(1)));
    let unkeyed = command(&broker, &["tail", "--json"]).output().unwrap();
    let error: Value = serde_json::from_str(&err(&unkeyed)).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("--api-key"), "{error}");
    let usage = callboard(&["tail", "--rate", "0", "--json"]).output().unwrap();
    let error: Value = serde_json::from_str(&err(&usage)).unwrap();
    assert_eq!((usage.status.code(), &error["error"]["exit"]), (Some(2), &json!(2)));
}

#[test]
fn history_and_presence_are_printed_for_people_and_for_scripts() {
    let broker = broker();
    for number in 1..=3 {
        assert!(ask(&broker, &["pub", "news", &number.to_string()]).status.success());
    }
    let history = ask(&broker, &["history", "news", "--limit", "2", "--reverse"]);
    assert_eq!(out(&history), "3\t3\n2\t2\n", "{}", err(&history));
    let epoch = err(&history).trim().rsplit_once(' ').unwrap().1.trim_end_matches(":3").to_owned();
    let since = ask(&broker, &["history", "news", "--since", &format!("{epoch}:1"), "--json"]);
    let page: Value = serde_json::from_str(&out(&since)).unwrap();
    assert_eq!(page["publications"], json!([{"data": 2, "offset": 2}, {"data": 3, "offset": 3}]));
    let empty = ask(&broker, &["presence", "news"]);
    assert_eq!((out(&empty).as_str(), err(&empty).as_str()), ("", "nobody is present in news\n"));
    let token = token(&["connection", "--user", "ada", "--info", r#"{"name":"Ada"}"#]);
    let mut listener = Running::start(command(&broker, &["sub", "news", "--token", &token]));
    assert_eq!(listener.note(), "listening to news");
    let present = out(&ask(&broker, &["presence", "news"]));
    let lines: Vec<&str> = present.lines().collect();
    assert!(lines[0].starts_with("CLIENT ") && lines[1].ends_with(r#"  ada   {"name":"Ada"}"#), "{present}");
}

#[test]
fn a_publish_as_a_client_needs_the_right_to_and_names_its_user() {
    let broker = broker();
    let refused = command(&broker, &["pub", "news", "1", "--as-client"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).starts_with("refused: permission denied (103)"), "{}", err(&refused));
    let wrong = command(&broker, &["pub", "news", "1", "--as-client", "--token", "a.b.c"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(err(&wrong).contains("(3500)"), "{}", err(&wrong));
    let token = token(&["connection", "--user", "42"]);
    let done = command(&broker, &["pub", "news", r#"{ "a":1.0 }"#, "--as-client", "--token", &token]).output().unwrap();
    assert_eq!(out(&done), "published to news\n", "{}", err(&done));
    // The environment's token serves, and is no error where it is not asked for.
    let done = command(&broker, &["pub", "news", "2", "--as-client", "--json"]).env("CALLBOARD_TOKEN", &token).output();
    assert_eq!(out(&done.unwrap()), "{}\n");
    let mut plain = command(&broker, &["pub", "news", "3", "--api-key", API_KEY]);
    assert!(plain.env("CALLBOARD_TOKEN", &token).output().unwrap().status.success());
    let history = out(&ask(&broker, &["history", "news", "--json"]));
    assert!(history.contains(r#""data":{ "a":1.0 }"#), "the payload stays as it is written: {history}");
    let history: Value = serde_json::from_str(&history).unwrap();
    assert_eq!(history["publications"][0]["info"]["user"], "42");
    assert!(history["publications"][2].get("info").is_none());
}

#[test]
fn lines_of_several_channels_are_told_apart() {
    let broker = broker();
    let mut listener = Running::start(command(&broker, &["sub", "news", "plain:a"]));
    assert_eq!([listener.note(), listener.note()], ["listening to news", "listening to plain:a"]);
    assert!(ask(&broker, &["pub", "news", "1"]).status.success());
    assert_eq!(listener.line(), "news\t1");
    assert!(ask(&broker, &["pub", "plain:a", "2"]).status.success());
    assert_eq!(listener.line(), "plain:a\t2");
}

#[test]
fn an_rpc_that_nobody_handles_is_an_error_with_the_code_of_the_contract() {
    let broker = broker();
    let refused = ask(&broker, &["rpc", "getUser", r#"{"id":1}"#, "--json"]);
    let error: Value = serde_json::from_str(&err(&refused)).unwrap();
    assert_eq!((refused.status.code(), &error["error"]["code"]), (Some(1), &json!(104)));
    assert_eq!(ask(&broker, &["rpc", "getUser", "{id:1}"]).status.code(), Some(2));
}

#[test]
fn health_needs_no_key_and_its_exit_code_says_it_all() {
    let broker = broker();
    for arguments in [&["health"][..], &["health", "--ready"]] {
        let well = command(&broker, arguments).output().unwrap();
        assert_eq!((well.status.code(), out(&well).as_str()), (Some(0), "ok\n"), "{}", err(&well));
    }
    let well = command(&broker, &["health", "--json"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&well.stdout).unwrap(), json!({"status": "ok", "reasons": []}));
    // Takes the connection, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let late = callboard(&["health", "--timeout", "100ms", "--url", &url]).output().unwrap();
    assert_eq!(late.status.code(), Some(1));
    assert!(err(&late).contains("no answer within 100ms"), "{}", err(&late));
}

#[test]
fn a_token_is_checked_and_the_check_that_fails_is_named() {
    let check = |token: &str, more: &[&str]| {
        let mut command = callboard(&[&["check-token", token], more].concat());
        command.env("CALLBOARD_AUTH__HMAC_SECRET", SECRET).output().unwrap()
    };
    let good = token(&["connection", "--user", "42", "--scope", "read"]);
    let valid = check(&good, &[]);
    assert_eq!(valid.status.code(), Some(0), "{}", err(&valid));
    assert!(out(&valid).starts_with("the token is valid\n") && out(&valid).contains("user: \"42\""), "{}", out(&valid));
    let report: Value = serde_json::from_slice(&check(&good, &["--json"]).stdout).unwrap();
    assert_eq!((&report["ok"], &report["user"], &report["scopes"]), (&json!(true), &json!("42"), &json!(["read"])));
    let channel = token(&["subscription", "--user", "42", "--channel", "$chat:1"]);
    assert!(check(&channel, &["--channel", "$chat:1", "--user", "42"]).status.success());
    let other = callboard::auth::Issuer::new(&toml::from_str("hmac_secret = 'another secret'").unwrap()).unwrap();
    let foreign = other.issue_connection(&Default::default()).unwrap();
    let past = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiIsImV4cCI6MX0";
    let expired = signed(past);
    for (token, more, told) in [
        ("nonsense", &[][..], "not a JWT"),
        (&foreign, &[], "the signature does not match; it was signed with another key"),
        (&expired, &[], "the token has expired: its time (exp) ended at 1970-01-01T00:00:01Z"),
        (&channel, &[], "a subscription token where a connection token belongs; check it with --channel"),
        (&good, &["--channel", "$chat:1"], "a connection token where a subscription token belongs"),
        (&channel, &["--channel", "$chat:2"], "it is for another channel"),
        (&channel, &["--channel", "$chat:1", "--user", "43"], "it is for another user"),
    ] {
        let checked = check(token, more);
        assert_eq!(checked.status.code(), Some(1), "{told}");
        assert!(err(&checked).contains(told), "{told}: {}", err(&checked));
    }
    let report: Value = serde_json::from_slice(&check("nonsense", &["--json"]).stdout).unwrap();
    assert_eq!(report["ok"], false);
    let keyless = callboard(&["check-token", &good]).output().unwrap();
    assert_eq!(keyless.status.code(), Some(2));
    assert!(err(&keyless).contains("auth.hmac_secret"), "{}", err(&keyless));
}

/// Signs the first two parts of a token with the secret of the tests.
fn signed(parts: &str) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
    let signature = sign(parts.as_bytes(), &EncodingKey::from_secret(SECRET.as_bytes()), Algorithm::HS256).unwrap();
    format!("{parts}.{signature}")
}

#[test]
fn flags_are_taken_only_where_they_act() {
    for (arguments, flag) in [
        (&["completions", "bash", "--port", "1"][..], "--port"),
        (&["--port", "1", "completions", "bash"], "--port"),
        (&["--workers", "1", "channels"], "--workers"),
        (&["token", "connection", "--port", "1"], "--port"),
        (&["pub", "a", "1", "--token", "t"], "--as-client"),
        (&["pub", "a", "1", "--as-client", "--tag", "k=v"], "--tag"),
    ] {
        let output = callboard(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(flag), "{arguments:?}: {}", err(&output));
    }
    let help = out(&callboard(&["completions", "--help"]).output().unwrap());
    assert!(!help.contains("--port") && help.contains("Examples:"), "{help}");
    // What the environment says is for the commands that it is for.
    assert!(
        callboard(&["completions", "bash"]).env("CALLBOARD_CONFIG", "nowhere.toml").output().unwrap().status.success()
    );
    // A flag before the command's name and behind it is the same; that behind it counts.
    let print = |arguments: &[&str]| out(&callboard(arguments).output().unwrap());
    assert!(print(&["--port", "9001", "print-config"]).contains("port = 9001"));
    assert!(print(&["--port", "9001", "print-config", "--port", "9002"]).contains("port = 9002"));
}
