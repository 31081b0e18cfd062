//! Where the console is served, to whose requests, and with which headers. What it does is tried in a browser (`tests/clients`).
use crate::harness::{Broker as Process, http};
use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service};
use callboard::server::{Broker, Config, Error};
use serde_json::{Value, json};

const KEYED: &str = "[api]\nkey = 'a key of these tests'\n";
const ON: &str = "[console]\nenabled = true\n";

/// The status of a page.
fn status(broker: &Process, path: &str) -> u16 {
    http::get(broker.address(), path).expect("an answer").status
}

#[test]
fn with_a_config_it_is_served_once_the_api_has_a_key_or_it_is_asked_for() {
    for (config, wanted) in [
        ("", 404),
        (KEYED, 200),
        ("[console]\nenabled = true\n", 200),
        ("[api]\nkey = 'a key'\n[console]\nenabled = false\n", 404),
    ] {
        let broker = Process::start(config);
        let seen = ["/", "/console/app.js", "/console/broker.json"].map(|path| status(&broker, path));
        assert_eq!(seen, [wanted; 3], "{config}");
        assert!(broker.stop().success());
    }
}

#[test]
fn without_a_config_it_is_served_and_goes_with_the_api_to_the_internal_address() {
    let shipped = Process::start_shipped();
    assert_eq!(
        ["/", "/console/style.css", "/console/", "/console/nothing"].map(|path| status(&shipped, path)),
        [200, 200, 404, 404]
    );
    assert!(shipped.stop().success());
    let apart = Process::start_with_internal(&format!("[server]\ninternal_port = {{internal_port}}\n{KEYED}"));
    assert_eq!(status(&apart, "/"), 404);
    assert_eq!(http::get(apart.internal(), "/").expect("an answer").status, 200);
    let described = http::get(apart.internal(), "/console/broker.json").expect("an answer").body;
    let described: Value = serde_json::from_str(&described).expect("JSON");
    assert_eq!(described["clients"], json!({ "port": apart.address().port(), "tls": false }));
    assert!(apart.stop().success());
}

/// A broker mounted in an app of this process.
fn mounted(config: &str) -> Result<Broker, Error> {
    let config: Config = toml::from_str(config).expect("a config");
    Broker::builder(config).start()
}

/// The response of a mounted broker to a request: its status, its headers, and its body.
async fn answer(broker: &Broker, request: TestRequest) -> (u16, Vec<(String, String)>, String) {
    let app = init_service(App::new().configure(broker.routes())).await;
    let response = app.call(request.to_request()).await.expect("a response");
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body"));
    (status, headers, String::from_utf8(body.to_vec()).expect("text"))
}

#[actix_web::test]
async fn a_mounted_app_has_it_only_where_it_is_asked_for() {
    let get = || TestRequest::get().uri("/").insert_header(("host", "app.example"));
    assert_eq!(answer(&mounted(KEYED).expect("a broker"), get()).await.0, 404);
    assert_eq!(answer(&mounted(&format!("{KEYED}{ON}")).expect("a broker"), get()).await.0, 200);
}

#[actix_web::test]
async fn every_answer_keeps_other_pages_and_caches_out() {
    let broker = mounted(&format!("{KEYED}{ON}")).expect("a broker");
    for path in ["/", "/console/app.js", "/console/broker.json"] {
        let get = TestRequest::get().uri(path).insert_header(("host", "app.example"));
        let (status, headers, _) = answer(&broker, get).await;
        let header =
            |name: &str| headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        assert_eq!(status, 200, "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(header(name), value, "{name} of {path}");
        }
        if path != "/console/broker.json" {
            let policy = header("content-security-policy");
            for part in [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data:",
                "connect-src 'self' ws://app.example wss://app.example",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(policy.split("; ").any(|own| own == part), "{part} is not in {policy}");
            }
        }
    }
}

#[actix_web::test]
async fn it_says_nothing_of_secrets_and_what_a_page_needs() {
    let broker =
        mounted(&format!("{KEYED}{ON}[auth]\nhmac_secret = 'what signs the tokens of these tests, long enough'\n"))
            .expect("a broker");
    let get = TestRequest::get().uri("/console/broker.json").insert_header(("host", "app.example"));
    let (_, _, body) = answer(&broker, get).await;
    let wanted = json!({
        "version": env!("CARGO_PKG_VERSION"), "api": "/api", "websocket": "/connection/websocket", "socketio": [],
        "needs_key": true, "anonymous": false,
    });
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), wanted);
}

#[actix_web::test]
async fn pages_of_other_origins_are_refused_and_those_who_follow_a_link_are_not() {
    let broker = mounted(&format!("{KEYED}{ON}")).expect("a broker");
    for (headers, wanted) in [
        (vec![("origin", "http://app.example")], 200),
        (vec![("origin", "http://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], 200),
        (vec![("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], 200),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], 200),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")], 403),
        (vec![("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], 403),
    ] {
        let get = TestRequest::get().uri("/").insert_header(("host", "app.example"));
        let get = headers.iter().fold(get, |get, header| get.insert_header(*header));
        let (status, _, body) = answer(&broker, get).await;
        assert_eq!(status, wanted, "{headers:?}");
        assert!(status == 200 || body.contains("open it in a tab of its own"), "{body}");
    }
}

#[actix_web::test]
async fn any_other_method_is_told_the_right_ones() {
    let broker = mounted(&format!("{KEYED}{ON}")).expect("a broker");
    let (status, headers, _) = answer(&broker, TestRequest::post().uri("/")).await;
    assert!(status == 405 && headers.contains(&("allow".into(), "GET, HEAD".into())), "{status} {headers:?}");
}

#[actix_web::test]
async fn what_is_served_at_its_paths_already_is_an_error_that_names_both() {
    let config: Config = toml::from_str(&format!("{KEYED}{ON}")).expect("a config");
    let wire = Broker::builder(config).wire("/", vec![]).start().err().expect("an error");
    assert!(wire.to_string().contains("an endpoint at / and the console at / have the same path"), "{wire}");
    let backstage = format!("{KEYED}{ON}[backstage]\nevents = true\nevents_path = '/console/app.js'\n");
    let clash = mounted(&backstage).err().expect("an error");
    assert!(clash.to_string().contains("console.enabled at /console/app.js"), "{clash}");
}
