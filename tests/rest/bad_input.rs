//! Odd characters wherever a request has a place for them.
use super::house::{House, request, with_json};
use actix_web::http::StatusCode;
use serde_json::json;

/// NUL, control characters, quotes, brackets, a slash, a percent sign, letters beyond ASCII; as a URL writes them.
const ODD: [(&str, &str); 9] = [
    ("%00", "\u{0}"),
    ("a%0Ab%0Dc", "a\nb\rc"),
    ("%1F%7F", "\u{1f}\u{7f}"),
    ("%22%27%60", "\"'`"),
    ("%3Cscript%3E", "<script>"),
    ("a%2Fb", "a/b"),
    ("100%25", "100%"),
    ("%C3%A4%F0%9F%98%80", "ä😀"),
    ("__proto__", "__proto__"),
];

#[actix_web::test]
async fn an_id_is_what_its_client_meant() {
    let house = House::new();
    for (written, meant) in ODD {
        let answer = house.request("GET", &format!("/told/{written}")).await;
        assert_eq!((answer.status, &answer.json()["id"]), (StatusCode::OK, &json!(meant)), "{written}");
        let answer = house.request("GET", &format!("/users/{written}/todos")).await;
        assert_eq!(answer.json()["route"]["userId"], meant, "{written}");
        let (status, _, message) = house.request("DELETE", &format!("/todos/{written}")).await.error();
        assert_eq!((status, message), (404, format!("No record found for id '{meant}'")));
    }
    assert_eq!(house.request("GET", "/told/%zz").await.json()["id"], "%zz");
}

#[actix_web::test]
async fn a_path_that_is_no_text_is_refused() {
    let house = House::new();
    for url in ["/told/%ff", "/%ff/told", "/users/%c3/todos"] {
        let (status, name, _) = house.request("GET", url).await.error();
        assert_eq!((status, name.as_str()), (400, "BadRequest"), "{url}");
    }
}

#[actix_web::test]
async fn a_path_of_odd_characters_is_no_service() {
    let house = House::new();
    for (written, _) in ODD {
        assert_eq!(house.request("GET", &format!("/{written}")).await.status, 404, "{written}");
    }
    // A slash that is written as a character ends no segment.
    assert_eq!(house.request("GET", "/users%2Fme").await.status, 404);
    assert_eq!(house.request("GET", "/told/../told").await.status, 404);
}

#[actix_web::test]
async fn names_and_values_of_a_query_are_what_their_client_meant() {
    let house = House::new();
    for (written, meant) in ODD {
        let answer = house.request("GET", &format!("/told?a{written}[{written}]={written}")).await.json();
        let name = format!("a{meant}");
        let mut expected = json!({});
        expected[name.as_str()][meant] = meant.into();
        assert_eq!(answer["query"], expected, "{written}");
        let found = house.request("GET", &format!("/todos?{written}={written}")).await;
        assert_eq!(found.json()["total"], 0, "{written}");
    }
}

#[actix_web::test]
async fn odd_texts_in_a_body_come_back_as_they_were_sent() {
    let house = House::new();
    for (_, meant) in ODD {
        let created = house.send("POST", "/todos", json!({"text": meant, meant: 1}).to_string()).await.json();
        let id = created["id"].to_string();
        assert_eq!(house.request("GET", &format!("/todos/{id}")).await.json()["text"], meant);
    }
}

#[actix_web::test]
async fn headers_of_odd_bytes_neither_fail_nor_reach_hooks() {
    let house = House::new();
    let odd = || actix_web::http::header::HeaderValue::from_bytes(b"\xff\xfe").expect("bytes that HTTP lets pass");
    let answer =
        house.ask(request("GET", "/whose").insert_header(("X-Odd", odd())).insert_header(("X-Good", "1"))).await;
    assert_eq!((&answer.json()["headers"]["x-odd"], &answer.json()["headers"]["x-good"]), (&json!(""), &json!("1")));
    let named = with_json(request("POST", "/told"), "{}").insert_header(("X-Service-Method", odd()));
    assert_eq!(house.ask(named).await.status, 405);
    let typed = request("POST", "/told").insert_header(("Content-Type", odd())).set_payload("{}");
    assert_eq!(house.ask(typed).await.status, 415);
    let token = request("GET", "/whose").insert_header(("Authorization", odd()));
    assert_eq!(house.ask(token).await.status, 200);
}
