//! Bodies: JSON by their content type, of a bounded size.
use super::house::{House, config, request, with_json};
use serde_json::{Value, json};

#[actix_web::test]
async fn a_body_is_any_json_and_none_is_an_empty_object() {
    let house = House::new();
    for data in [json!({"a": null}), json!([1, "x"]), json!("text"), json!(5), json!(null), json!(false)] {
        let answer = house.send("POST", "/told", data.to_string()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["data"]), (201, &data));
    }
    assert_eq!(house.send("PATCH", "/told/1", "").await.json()["data"], json!({}));
    assert_eq!(house.request("PATCH", "/told/1").await.json()["data"], json!({}));
}

#[actix_web::test]
async fn what_is_not_json_by_its_content_type_is_refused() {
    let house = House::new();
    let typed = |kind: &'static str| request("POST", "/told").insert_header(("Content-Type", kind));
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "\"", "a/b/c"]
    {
        let (status, name, _) = house.ask(typed(kind).set_payload("{}")).await.error();
        assert_eq!((status, name.as_str()), (415, "BadRequest"), "{kind}");
    }
    let untyped = house.ask(request("POST", "/told").set_payload("{}")).await;
    assert_eq!(untyped.status, 415);
    let packed = with_json(request("POST", "/told"), "{}").insert_header(("Content-Encoding", "gzip"));
    assert_eq!(house.ask(packed).await.status, 415);
    let named = typed("Application/JSON; charset=utf-8").set_payload(r#"{"a":1}"#);
    assert_eq!(house.ask(named).await.json()["data"], json!({"a": 1}));
    // Methods without data do not look at it.
    let find = request("GET", "/told").insert_header(("Content-Type", "text/plain"));
    assert_eq!(house.ask(find).await.status, 200);
}

#[actix_web::test]
async fn a_body_over_the_bound_is_refused_whether_announced_or_not() {
    let house = House::new();
    let large = format!("\"{}\"", "x".repeat(10_000_000));
    let (status, name, message) = house.send("POST", "/told", large.clone()).await.error();
    assert_eq!((status, name.as_str(), message.as_str()), (413, "BadRequest", "The body is larger than 1048576 bytes"));
    let announced = with_json(request("POST", "/told"), "{}").insert_header(("Content-Length", "10000000"));
    assert_eq!(house.ask(announced).await.status, 413);
    let mut config = config();
    config.rest.max_body = 11_000_000;
    let answer = House::with(config).send("POST", "/told", large).await;
    assert_eq!(answer.json()["data"].as_str().map(str::len), Some(10_000_000));
}

#[actix_web::test]
async fn what_cannot_be_read_is_a_bad_request_that_says_where() {
    let house = House::new();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["{bad", "{\"a\":1,}", "\u{0}", "{} {}", "\"a\u{0}b\"", "NaN", &deep] {
        let (status, name, message) = house.send("POST", "/told", body).await.error();
        assert_eq!((status, name.as_str()), (400, "BadRequest"));
        assert!(message.contains("line 1 column"), "{message}");
    }
    let no_text =
        request("POST", "/told").insert_header(("Content-Type", "application/json")).set_payload(&b"\"\xff\""[..]);
    assert_eq!(house.ask(no_text).await.status, 400);
}

#[actix_web::test]
async fn keys_that_objects_of_javascript_have_are_keys_like_others() {
    let house = House::new();
    let body = r#"{"__proto__":{"admin":true},"constructor":1,"a\"b\u0000":2}"#;
    let expected: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(house.send("POST", "/told", body).await.json()["data"], expected);
    let stored = house.send("POST", "/todos", body).await.json();
    assert_eq!(stored["__proto__"], json!({"admin": true}));
    assert_eq!(house.request("GET", "/todos?admin=true").await.json()["total"], 0);
}
