//! Which request is which call, and which status answers it.
use super::house::{House, request, said, with_json};
use serde_json::{Value, json};

#[actix_web::test]
async fn each_request_calls_its_method() {
    let house = House::new();
    let data = json!({"a": [1, "b"]});
    for (verb, url, status, method, id) in [
        ("GET", "/told", 200, "find", Value::Null),
        ("GET", "/told/", 200, "find", Value::Null),
        ("GET", "//told//", 200, "find", Value::Null),
        ("GET", "/told/1", 200, "get", json!("1")),
        ("DELETE", "/told", 200, "remove", Value::Null),
        ("DELETE", "/told/1", 200, "remove", json!("1")),
    ] {
        let answer = house.request(verb, url).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, said(method, id, Value::Null)), "{verb} {url}");
        assert_eq!(answer.header("Content-Type"), "application/json");
    }
    for (verb, url, status, method, id) in [
        ("POST", "/told", 201, "create", Value::Null),
        // An id is passed over, as with the original.
        ("POST", "/told/1", 201, "create", Value::Null),
        ("PUT", "/told", 200, "update", Value::Null),
        ("PUT", "/told/1", 200, "update", json!("1")),
        ("PATCH", "/told", 200, "patch", Value::Null),
        ("PATCH", "/told/1", 200, "patch", json!("1")),
    ] {
        let answer = house.send(verb, url, data.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, said(method, id, data.clone())), "{verb} {url}");
    }
}

#[actix_web::test]
async fn a_head_is_a_get_without_its_body() {
    let house = House::new();
    for url in ["/told", "/told/1"] {
        assert_eq!(house.request("HEAD", url).await.status, 200);
    }
    assert_eq!(house.request("HEAD", "/zip").await.status, 404);
}

#[actix_web::test]
async fn the_header_names_a_method_of_the_services_own_and_no_other() {
    let house = House::new();
    let call = |url: &str, method: &str| {
        with_json(request("POST", url), r#"{"id":5}"#).insert_header(("X-Service-Method", method.to_owned()))
    };
    for url in ["/told", "/told/1"] {
        let answer = house.ask(call(url, "archive")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, said("archive", Value::Null, json!({"id": 5}))));
    }
    assert_eq!(house.ask(call("/told", "nothing")).await.status, 204);
    for method in ["create", "find", "get", "remove", "nope", "__proto__", "toString", "hooks", "on", "\"quoted\""] {
        let answer = house.ask(call("/told", method)).await;
        let message = format!("Method `{method}` is not supported by this endpoint.");
        assert_eq!(answer.error(), (405, "MethodNotAllowed".into(), message));
    }
    let other_verb = request("GET", "/told/1").insert_header(("X-Service-Method", "archive"));
    assert_eq!(house.ask(other_verb).await.json()["method"], "get");
    assert_eq!(house.ask(call("/told", "")).await.json()["method"], "create");
}

#[actix_web::test]
async fn a_result_of_null_has_no_content_and_other_results_that_javascript_takes_for_false_have() {
    let house = House::new();
    let nothing = house.request("GET", "/told/none").await;
    assert_eq!((nothing.status.as_u16(), nothing.body.as_str()), (204, ""));
    let zero = house.request("GET", "/told/zero").await;
    assert_eq!((zero.status.as_u16(), zero.body.as_str()), (200, "0"));
}

#[actix_web::test]
async fn hooks_set_the_status_and_the_location() {
    let house = House::new();
    let created = async |data: Value| house.send("POST", "/hooked", data.to_string()).await;
    assert_eq!(created(json!({})).await.status, 201);
    assert_eq!(created(json!({"status": 418})).await.status, 418);
    let elsewhere = created(json!({"location": "/x y/ä\r\nSet-Cookie: a=b"})).await;
    assert_eq!(elsewhere.status, 303);
    assert_eq!(elsewhere.header("Location"), "/x%20y/%C3%A4%0D%0ASet-Cookie:%20a=b");
    assert_eq!(elsewhere.json()["method"], "create");
    let accepted = created(json!({"location": "/jobs/1", "status": 202})).await;
    assert_eq!((accepted.status.as_u16(), accepted.header("Location")), (202, "/jobs/1"));
    assert_eq!(created(json!({"status": 204})).await.body, "");
    for none in [0, 42, 100, 101, 1000] {
        let (status, name, _) = created(json!({"status": none})).await.error();
        assert_eq!((status, name.as_str()), (500, "GeneralError"), "{none}");
    }
}

#[actix_web::test]
async fn placeholders_of_a_path_are_in_the_route_with_and_without_an_id() {
    let house = House::new();
    let found = house.request("GET", "/users/7/todos").await.json();
    assert_eq!((&found["method"], &found["route"]), (&json!("find"), &json!({"userId": "7"})));
    let got = house.request("GET", "/users/a%20b/todos/9").await.json();
    assert_eq!((&got["id"], &got["route"]), (&json!("9"), &json!({"userId": "a b"})));
}

#[actix_web::test]
async fn of_several_services_the_one_whose_path_is_written_out_answers() {
    let house = House::new();
    for (url, method, id) in [
        ("/users", "find", Value::Null),
        ("/users/7", "get", json!("7")),
        ("/users/me", "find", Value::Null),
        ("/users/me/7", "get", json!("7")),
        ("/users/me/todos", "get", json!("todos")),
    ] {
        let answer = house.request("GET", url).await.json();
        assert_eq!((&answer["method"], &answer["id"]), (&json!(method), &id), "{url}");
    }
}

#[actix_web::test]
async fn documents_are_written_and_found() {
    let house = House::new();
    let created = house.send("POST", "/todos", r#"[{"text":"a","age":3},{"text":"b","age":20}]"#).await;
    assert_eq!(created.json(), json!([{"text": "a", "age": 3, "id": 0}, {"text": "b", "age": 20, "id": 1}]));
    let page = house.request("GET", "/todos?$sort[text]=-1&$limit=1&$select[]=text").await.json();
    assert_eq!(page, json!({"total": 2, "limit": 1, "skip": 0, "data": [{"text": "b", "id": 1}]}));
    assert_eq!(house.request("GET", "/todos?text=a").await.json()["total"], 1);
    // Values of a query are text, as with the original.
    assert_eq!(house.request("GET", "/todos?age[$gt]=10").await.json()["total"], 0);
    assert_eq!(house.send("PATCH", "/todos/0", r#"{"done":true}"#).await.json()["done"], true);
    assert_eq!(house.send("PATCH", "/todos?text=b", r#"{"done":true}"#).await.json()[0]["id"], 1);
    assert_eq!(house.send("PUT", "/todos/1", r#"{"text":"c"}"#).await.json(), json!({"text": "c", "id": 1}));
    assert_eq!(house.request("DELETE", "/todos").await.json().as_array().map(Vec::len), Some(2));
    let shown = house.send("POST", "/todos?$select[]=a", r#"{"a":1,"b":2}"#).await;
    assert_eq!(shown.json(), json!({"a": 1, "id": 2}));
}
