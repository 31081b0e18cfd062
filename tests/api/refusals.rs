//! Requests that do not become calls: keys, paths, methods, content types, bodies.
use super::house::{House, KEY, post};
use actix_web::test::TestRequest;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PUBLISH: &str = r#"{"channel":"news","data":1}"#;

fn unkeyed() -> TestRequest {
    let request = TestRequest::post().uri("/api/publish").insert_header(("Content-Type", "application/json"));
    request.set_payload(PUBLISH)
}

#[actix_web::test]
async fn a_key_is_taken_from_two_headers_and_the_query() {
    let house = House::new();
    for request in [
        unkeyed().insert_header(("X-API-Key", KEY)),
        unkeyed().insert_header(("Authorization", format!("apikey {KEY}"))),
        unkeyed().uri(&format!("/api/publish?api_key={KEY}")),
        unkeyed().uri("/api/publish?x=1&api_key=the%2Dkey-of-these-tests"),
        unkeyed().insert_header(("X-API-Key", KEY)).insert_header(("Origin", "http://foreign.test")),
    ] {
        assert_eq!(house.ask(request).await.status, 200);
    }
}

#[actix_web::test]
async fn without_a_right_key_the_answer_is_401_without_a_body_whatever_is_sent() {
    let house = House::new();
    for request in [
        unkeyed(),
        unkeyed().insert_header(("X-API-Key", "wrong")),
        unkeyed().insert_header(("X-API-Key", "")),
        unkeyed().insert_header(("Authorization", format!("Bearer {KEY}"))),
        unkeyed().uri("/api/publish?api_key=wrong"),
        unkeyed().uri("/api/publish?api_key=%"),
        unkeyed().set_payload("x".repeat(100_000)),
        unkeyed().set_payload("{"),
        unkeyed().insert_header(("Content-Type", "text/plain")),
        TestRequest::post().uri("/api").set_payload(r#"{"method":"info"}"#),
    ] {
        let answer = house.ask(request).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{answer:?}");
    }
    assert_eq!(house.result("history", json!({"channel": "news"})).await["offset"], 0, "nothing was published");
    let metrics = house.ask(TestRequest::get().uri("/metrics")).await.body;
    assert!(metrics.contains(r#"callboard_refusals_total{reason="api_key"} 10"#), "{metrics}");
}

#[actix_web::test]
async fn every_method_needs_the_key() {
    let house = House::new();
    let document = house.ask(TestRequest::get().uri("/api/openapi.json")).await.json();
    let paths = document["paths"].as_object().unwrap();
    let methods: Vec<&String> = paths.keys().filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(methods.len(), 28);
    for path in methods {
        assert_eq!(house.ask(unkeyed().uri(path)).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn another_verb_is_405_and_names_the_right_one() {
    let house = House::new();
    for (request, allowed) in [
        (TestRequest::get().uri("/api/publish"), "POST"),
        (TestRequest::put().uri("/api/info"), "POST"),
        (TestRequest::get().uri("/api"), "POST"),
        (TestRequest::post().uri("/api/openapi.json"), "GET, HEAD"),
        (TestRequest::post().uri("/health"), "GET, HEAD"),
        (TestRequest::delete().uri("/metrics"), "GET, HEAD"),
    ] {
        let answer = house.ask(request).await;
        assert_eq!((answer.status, answer.header("Allow")), (405, allowed));
    }
}

#[actix_web::test]
async fn an_unknown_method_is_404() {
    let house = House::new();
    for path in ["/api/unknown", "/api/publish/more", "/api/", "/api/Publish"] {
        assert_eq!(house.ask(post("publish", PUBLISH).uri(path)).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn with_a_key_the_content_type_is_json_or_absent() {
    let house = House::new();
    let keyed = || TestRequest::post().uri("/api/publish").insert_header(("X-API-Key", KEY)).set_payload(PUBLISH);
    assert_eq!(house.ask(keyed()).await.status, 200);
    for (name, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("json", 415),
        ("", 415),
    ] {
        assert_eq!(house.ask(keyed().insert_header(("Content-Type", name))).await.status, status, "{name:?}");
    }
}

#[actix_web::test]
async fn a_body_that_would_have_to_be_decoded_first_is_415() {
    let house = House::new();
    for (encoding, status) in [("gzip", 415), ("br", 415), ("identity, gzip", 415), ("identity", 200)] {
        let request = post("publish", PUBLISH).insert_header(("Content-Encoding", encoding));
        assert_eq!(house.ask(request).await.status, status, "{encoding}");
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    let house = House::new();
    let body = |size: usize| {
        let frame = r#"{"channel":"news","data":""}"#;
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(size - frame.len())))
    };
    assert_eq!(body(65536).len(), 65536);
    assert_eq!(house.post("publish", body(65536)).await.status, 200);
    let refused = house.post("publish", body(65537)).await;
    assert_eq!((refused.status, refused.body.as_str()), (413, "the body is larger than 65536 bytes\n"));
}

#[actix_web::test]
async fn a_body_that_is_no_request_is_400_with_the_reason() {
    let house = House::new();
    for (method, body, reason) in [
        ("publish", "", "empty"),
        ("publish", " \n", "empty"),
        ("publish", "{", "EOF"),
        ("publish", "null", "object"),
        ("publish", "5", "object"),
        ("publish", r#"["news",1]"#, "object"),
        ("publish", "junk", "expected"),
        ("publish", r#"{"channel":"news","data":1} x"#, "trailing"),
        ("publish", r#"{"channel":"news","data":}"#, "expected value"),
        ("publish", r#"{"channel":5,"data":1}"#, "field \"channel\": invalid type: integer `5`, expected a string"),
        ("publish", r#"{"channel":"news","data":1,"tags":{"a":1}}"#, "field \"tags.a\": invalid type"),
        ("publish", r#"{"channel":"news","data":1,"skip_history":"yes"}"#, "expected a boolean"),
        ("publish", r#"{"channel":"news","data":1,"version":-1}"#, "expected u64"),
        ("publish", r#"{"channel":"news","channel":"b","data":1}"#, "duplicate"),
        ("broadcast", r#"{"channels":"news","data":1}"#, "expected a sequence"),
        ("history", r#"{"channel":"news","limit":"2"}"#, "expected i32"),
        ("disconnect", r#"{"user":"42","disconnect":{"code":70000}}"#, "field \"disconnect.code\": invalid value"),
        ("subscribe", r#"{"user":42,"channel":"news"}"#, "expected a string"),
        ("batch", r#"{"commands":{}}"#, "expected a sequence"),
        ("batch", r#"{"commands":["publish"]}"#, "expected a map"),
        ("batch", r#"{"commands":[{"publish":[]}]}"#, "publish: a JSON object"),
        ("info", "[]", "object"),
        ("map_publish", "[]", "object"),
    ] {
        let answer = house.post(method, body).await;
        assert!(answer.status == 400 && answer.body.contains(reason), "{method} {body}: {answer:?}");
        assert!(answer.body.starts_with("bad request: ") && answer.body.ends_with('\n'), "{answer:?}");
    }
    let request = post("publish", "").set_payload(&b"{\"channel\":\"\xff\",\"data\":1}"[..]);
    assert_eq!(house.ask(request).await.status, 400);
}

#[actix_web::test]
async fn fields_that_nobody_knows_are_passed_over() {
    let house = House::new();
    assert_eq!(house.result("publish", json!({"channel": "a", "data": 1, "new": {"x": []}})).await["offset"], 1);
}

/// The status line of what is answered to bytes on a socket, after which the client sends nothing more.
async fn answered(port: u16, sent: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(sent.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(10), socket.read_exact(&mut start));
    read.await.expect("nothing was answered").unwrap();
    String::from_utf8(start.to_vec()).unwrap()
}

#[actix_web::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let house = House::new();
    let port = house.serve();
    let head = "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n";
    assert_eq!(answered(port, &format!("{head}X-API-Key: wrong\r\n\r\n")).await, "HTTP/1.1 401");
    assert_eq!(
        answered(port, &format!("{head}X-API-Key: {KEY}\r\nContent-Type: text/plain\r\n\r\n")).await,
        "HTTP/1.1 415"
    );
    assert_eq!(answered(port, &format!("{head}X-API-Key: {KEY}\r\n\r\n{}", "x".repeat(70_000))).await, "HTTP/1.1 413");
    let chunked =
        format!("POST /api/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("{:x}\r\n{}\r\n", 40_000, "x".repeat(40_000));
    assert_eq!(answered(port, &format!("{chunked}{chunk}{chunk}")).await, "HTTP/1.1 413");
}
