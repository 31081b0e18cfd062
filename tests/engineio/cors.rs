use super::client::{POLLING, WEBSOCKET};
use super::house::{Kind, PATH, Plan};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

const APP: &str = "Origin: https://app.test\r\n";

fn plan(cors: &[&str]) -> Plan {
    let mut plan = Plan::new();
    plan.engine.cors = cors.iter().map(|origin| origin.to_string()).collect();
    plan
}

#[tokio::test]
async fn pages_of_the_list_are_let_in_and_may_read_the_answers() {
    for kind in [Kind::Own, Kind::Mounted] {
        let house = plan(&["https://app.test", "https://*.example.com"]).start(kind);
        let admitted = [
            ("GET", POLLING, 200),
            ("GET", "EIO=4&transport=tobi", 400),
            ("GET", "EIO=4&transport=polling&sid=aaaaaaaaaaaaaaaaaaaa", 400),
        ];
        for (method, query, status) in admitted {
            let reply = house.send(method, query, APP, "").await.reply().await;
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.test"));
            assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(reply.header("vary"), Some("Origin"));
        }
        let reply = house.send("GET", POLLING, "Origin: https://a.example.com\r\n", "").await.reply().await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("https://a.example.com")));
        let reply = house.send("GET", POLLING, "Origin: https://foreign.test\r\n", "").await.reply().await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (403, None));
        assert_eq!(reply.header("vary"), Some("Origin"));
        assert!(house.try_websocket(WEBSOCKET, &[("Origin", "https://app.test")]).await.is_ok());
        let refused = house.try_websocket("EIO=4&transport=tobi", &[("Origin", "https://app.test")]).await.err();
        assert_eq!(refused.expect("a refusal").header("access-control-allow-origin"), Some("https://app.test"));
    }
}

#[tokio::test]
async fn an_accepted_websocket_tells_the_page_that_it_is_let_in() {
    for kind in [Kind::Own, Kind::Mounted] {
        let house = plan(&["https://app.test"]).start(kind);
        let stream = tokio::net::TcpStream::connect(house.address).await.expect("a connection");
        let url = format!("ws://localhost{PATH}?{WEBSOCKET}");
        let mut request = url.into_client_request().expect("a good address");
        request.headers_mut().insert("origin", HeaderValue::from_static("https://app.test"));
        let (_socket, answer) = client_async(request, stream).await.expect("a WebSocket");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(answer.status().as_u16(), 101);
        assert_eq!(header("access-control-allow-origin"), Some("https://app.test"), "{kind:?}");
        assert_eq!(header("access-control-allow-credentials"), Some("true"), "{kind:?}");
        assert_eq!(header("vary"), Some("Origin"), "{kind:?}");
    }
}

#[tokio::test]
async fn every_page_is_let_in_where_the_list_says_so() {
    let house = plan(&["*"]).start(Kind::Own);
    for origin in [APP, "Origin: null\r\n", ""] {
        let reply = house.send("GET", POLLING, origin, "").await.reply().await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")), "{origin}");
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
    let too_large = "x".repeat(1_000_001);
    let session = house.open().await;
    let reply = house.send("POST", &session.query("polling"), APP, &too_large).await.reply().await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (413, Some("*")));
}

#[tokio::test]
async fn a_preflight_is_answered_by_itself() {
    let house = plan(&["https://app.test"]).start(Kind::Mounted);
    let asked = format!("{APP}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a, x-b\r\n");
    let reply = house.send("OPTIONS", POLLING, &asked, "").await.reply().await;
    assert_eq!(reply.told(), (204, ""));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("x-a, x-b"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.test"));
    assert_eq!(reply.headers("vary"), ["Origin", "Access-Control-Request-Headers"]);
}

#[tokio::test]
async fn without_a_list_nothing_is_said_to_other_pages() {
    let house = Plan::new().start(Kind::Own);
    let reply = house.send("GET", POLLING, "Origin: http://localhost\r\n", "").await.reply().await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin"), reply.header("vary")), (200, None, None));
}
