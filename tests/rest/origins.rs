//! Pages of other origins.
use super::house::{House, config, request, with_json};

const LISTED: &str = "https://app.example.com";

fn house() -> House {
    let mut config = config();
    config.auth.origins = vec![LISTED.to_owned()];
    House::with(config)
}

#[actix_web::test]
async fn a_page_of_a_listed_origin_may_call_and_read_without_its_cookies() {
    let house = house();
    for url in ["/told", "/told?$x[", "/zip"] {
        let answer = house.ask(request("GET", url).insert_header(("Origin", LISTED))).await;
        assert_eq!((answer.header("Access-Control-Allow-Origin"), answer.header("Vary")), (LISTED, "Origin"), "{url}");
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), "");
    }
    let own = request("GET", "/told").insert_header(("Host", "a.test")).insert_header(("Origin", "http://a.test"));
    assert_eq!(house.ask(own).await.status, 200);
    let program = house.request("GET", "/told").await;
    assert_eq!((program.header("Access-Control-Allow-Origin"), program.header("Vary")), ("", "Origin"));
}

#[actix_web::test]
async fn a_page_of_another_origin_changes_nothing_and_reads_nothing() {
    let house = house();
    for origin in ["https://evil.example.net", "null", "nonsense"] {
        let answer = house.ask(with_json(request("POST", "/todos"), "{}").insert_header(("Origin", origin))).await;
        assert_eq!(answer.error(), (403, "Forbidden".into(), "This origin is not in auth.origins".into()));
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
        assert_eq!(house.ask(request("OPTIONS", "/todos").insert_header(("Origin", origin))).await.status, 403);
    }
    assert_eq!(house.request("GET", "/todos").await.json()["total"], 0);
}

#[actix_web::test]
async fn a_preflight_is_told_the_methods_and_the_headers_that_it_asks_for() {
    let asked = request("OPTIONS", "/told/1")
        .insert_header(("Origin", LISTED))
        .insert_header(("Access-Control-Request-Method", "PATCH"))
        .insert_header(("Access-Control-Request-Headers", "content-type,x-service-method"));
    let answer = house().ask(asked).await;
    assert_eq!((answer.status.as_u16(), answer.header("Access-Control-Allow-Origin")), (204, LISTED));
    assert_eq!(answer.header("Access-Control-Allow-Methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert_eq!(answer.header("Access-Control-Allow-Headers"), "content-type,x-service-method");
}
