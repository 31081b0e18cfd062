//! Errors as responses.
use super::house::House;
use serde_json::json;

#[actix_web::test]
async fn an_error_of_a_service_is_the_body_and_its_code_the_status() {
    let house = House::new();
    let answer = house.send("POST", "/failing", r#"{"hint":"h"}"#).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.json(),
        json!({
            "name": "Unprocessable", "message": "bad thing", "code": 422, "className": "unprocessable",
            "data": {"hint": "h"}, "errors": {"text": "required"}
        })
    );
    for (verb, url, body, status, message) in [
        ("GET", "/todos/99", "", 404, "No record found for id '99'"),
        ("GET", "/todos?$foo=1", "", 400, "Invalid filter value $foo"),
        ("PUT", "/todos", "{}", 400, "You can not replace multiple instances. Did you mean 'patch'?"),
    ] {
        let answer = house.send(verb, url, body).await;
        let (code, _, said) = answer.error();
        assert_eq!((code, said.as_str()), (status, message), "{verb} {url}");
    }
}

#[actix_web::test]
async fn a_path_of_no_service_is_answered_as_the_original_does() {
    let house = House::new();
    for url in ["/zip", "/zip/a?b=1", "/", "/told/1/2", "/told//1", "/TOLD", "/healthy", "/socket.io"] {
        let answer = house.request("GET", url).await;
        let error = json!({
            "name": "NotFound", "message": "Page not found", "code": 404, "className": "not-found", "data": {"url": url}
        });
        assert_eq!((answer.status.as_u16(), answer.json()), (404, error), "{url}");
    }
    assert_eq!(house.send("POST", "/zip", "{}").await.status, 404);
}

#[actix_web::test]
async fn a_method_that_a_service_has_not_is_not_allowed() {
    let house = House::new();
    let unsupported = house.send("POST", "/whose", "{}").await;
    let message = "Method `create` is not supported by this endpoint.".to_owned();
    assert_eq!(unsupported.error(), (405, "MethodNotAllowed".into(), message));
    let unknown = house.request("PROPFIND", "/told").await;
    assert_eq!(unknown.error(), (405, "MethodNotAllowed".into(), "Method PROPFIND not allowed".into()));
}

#[actix_web::test]
async fn calls_are_timed_by_their_methods() {
    let house = House::new();
    house.request("GET", "/told").await;
    house.request("GET", "/todos").await;
    house.request("GET", "/todos/99").await;
    house.request("GET", "/zip").await;
    let metrics = house.request("GET", "/metrics").await.body;
    for line in ["callboard_rest_seconds_count{method=\"find\"} 2", "callboard_rest_seconds_count{method=\"get\"} 1"] {
        assert!(metrics.contains(line), "{metrics}");
    }
}
