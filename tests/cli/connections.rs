//! `callboard connections` against a peer that answers as the API does.
use super::listening::{Peer, serve_once, start};
use super::{err, out, run};
use serde_json::{Value, json};

const ADA: &str = "c54ba4b8-5ba8-4d41-8a3b-3a6c5f6d0f3e";
const GUEST: &str = "00000000-5ba8-4d41-8a3b-3a6c5f6d0f3e";

fn answer(total: usize, truncated: bool, missing: &[&str]) -> String {
    let catalog = json!({"space": "plugin", "channel": "catalog", "topics": ["t"]});
    let queue = json!({"bytes": 120, "messages": 3, "limit": 1_048_576});
    let transport = json!({"wire": "centrifuge", "carrier": "websocket", "encoding": "json", "encrypted": true,
        "queue": queue});
    let connections = json!([
        {"client": GUEST, "user": "", "kind": "anonymous", "realm": "", "groups": [],
            "subscriptions": [{"space": "user", "channel": "a\u{1b}[2J"}], "node": "n", "transport": transport},
        {"client": ADA, "user": "user:default/ada", "kind": "user", "realm": "", "registered": "catalog",
            "groups": ["a", "b", "c", "d", "e"], "subscriptions": [{"space": "user", "channel": "news"}, catalog],
            "node": "n"},
    ]);
    let mut result = json!({"connections": connections, "total": total, "truncated": truncated});
    if !missing.is_empty() {
        result["missing"] = missing.into();
    }
    json!({ "result": result }).to_string()
}

fn empty(total: usize, truncated: bool, missing: &[&str]) -> String {
    json!({"result": {"connections": [], "total": total, "truncated": truncated, "missing": missing}}).to_string()
}

#[tokio::test]
async fn connections_are_a_table_for_people() {
    let (peer, url) = Peer::bind().await;
    let arguments = ["connections", "--url", &url];
    let body = answer(2, false, &[]);
    let (output, request) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", &body));
    let expected = format!(
        "CLIENT                                USER              KIND       TRANSPORT                      QUEUED  REGISTERED  GROUPS      SUBSCRIPTIONS\n\
         {GUEST}  -                 anonymous  centrifuge json websocket tls  120     -           -           a\\u{{1b}}[2J\n\
         {ADA}  user:default/ada  user       -                              -       catalog     a, b, c +2  news, plugin:catalog[t]\n"
    );
    assert_eq!(out(&output), expected);
    assert_eq!(err(&output), "");
    assert!(request.starts_with("POST /api/connections HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with(r#"{"limit":100}"#), "{request}");
}

#[tokio::test]
async fn every_option_is_asked_for_and_the_answer_is_printed_as_it_is() {
    let (peer, url) = Peer::bind().await;
    let options =
        ["--user", "42", "--client", ADA, "--channel", "catalog", "--space", "plugin", "--limit", "7", "--json"];
    let arguments = [&["connections", "--url", &url], &options[..]].concat();
    let body = answer(2, false, &[]);
    let (output, request) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", &body));
    let asked: Value = serde_json::from_str(request.rsplit("\r\n").next().unwrap()).unwrap();
    assert_eq!(asked, json!({"user": "42", "client": ADA, "channel": "catalog", "space": "plugin", "limit": 7}));
    let printed: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(printed, serde_json::from_str::<Value>(&body).unwrap()["result"]);
    assert_eq!(out(&output).lines().count(), 1);
}

#[tokio::test]
async fn what_the_table_leaves_out_is_told_beside_it() {
    let fewer = "--user, --client and --channel narrow the list";
    for (limit, body, told) in [
        ("2", answer(250, true, &[]), format!("2 of 250 connections; --limit lists more, and {fewer}\n")),
        (
            "100",
            answer(250, true, &[]),
            format!("2 of 250 connections; the others do not fit into one answer or did not answer in time; {fewer}\n"),
        ),
        ("100", answer(2, true, &[]), "some sessions did not answer in time; ask again\n".to_owned()),
        ("100", answer(2, false, &["n1", "n2"]), "nodes that did not answer: n1, n2\n".to_owned()),
        ("100", answer(2, false, &[]), String::new()),
    ] {
        let (peer, url) = Peer::bind().await;
        let arguments = ["connections", "--url", &url, "--limit", limit];
        let (output, _) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", &body));
        assert_eq!((out(&output).lines().count(), err(&output)), (3, told), "{limit} {body}");
    }
}

#[tokio::test]
async fn as_many_as_one_answer_lists_are_not_told_to_raise_the_limit() {
    let connections = vec![json!({"client": GUEST}); 1_000];
    let body = json!({"result": {"connections": connections, "total": 1_001, "truncated": true}}).to_string();
    let (peer, url) = Peer::bind().await;
    let arguments = ["connections", "--url", &url, "--limit", "1000"];
    let (output, _) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", &body));
    assert_eq!(out(&output).lines().count(), 1_001);
    assert_eq!(err(&output), "1000 of 1001 connections; --user, --client and --channel narrow the list\n");
}

#[tokio::test]
async fn nobody_is_said_to_be_there_only_where_that_is_known() {
    for (body, told) in [
        (empty(0, false, &[]), "no connections\n"),
        (empty(0, true, &[]), "some sessions did not answer in time; ask again\n"),
        (empty(0, false, &["n1"]), "no connections on the nodes that answered\nnodes that did not answer: n1\n"),
    ] {
        let (peer, url) = Peer::bind().await;
        let arguments = ["connections", "--url", &url];
        let (output, _) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", &body));
        assert_eq!((out(&output).as_str(), err(&output).as_str()), ("", told), "{body}");
    }
}

#[test]
fn options_that_make_no_sense_are_usage_errors_that_say_what_would() {
    for (options, told) in [
        (&["--client", "c1"][..], "6f1d4e7c-"),
        (&["--space", "plugin"], "--channel"),
        (&["--channel", "a", "--space", "rooms"], "`plugin`"),
        (&["--limit", "0"], "1..=1000"),
        (&["--limit", "1001"], "1..=1000"),
        (&["--user", ""], "--user"),
    ] {
        let output = run(&[&["connections"], options].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(err(&output).contains(told), "{options:?}: {}", err(&output));
    }
}
