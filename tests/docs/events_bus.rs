//! The page on Backstage shows what the events bus is told, and what it answers.
use super::harness::Broker;
use super::{Terminal, blocks};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const PAGE: &str = include_str!("../../docs/backstage.md");
const KEY: &str = include_str!("../auth/keys/p256.pem");
const CONFIG: &str =
    "[backstage]\nbus = true\n[backstage.auth]\nplugins = ['catalog']\nservice_public_key = '''KEY'''\n";

fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs();
    let claims = json!({"sub": "catalog", "aud": "events", "iat": now, "exp": now + 600});
    let header = Header { typ: Some("vnd.backstage.plugin".into()), ..Header::new(Algorithm::ES256) };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_pem(KEY.as_bytes()).expect("a key")).expect("a token")
}

#[test]
fn the_calls_of_the_events_bus_are_answered_as_shown() {
    let broker = Broker::start(&CONFIG.replace("KEY", include_str!("../auth/keys/p256.pub.pem")));
    let calls = blocks(PAGE, "sh").into_iter().find(|block| block.contains("/bus/v1/")).expect("the calls are shown");
    let calls = calls.replace("localhost:8000", &broker.address().to_string());
    let told = Terminal::new(&broker).prints(&format!("export NO_PROXY=127.0.0.1 TOKEN={}\n{calls}", token()));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let shown = blocks(PAGE, "json").into_iter().map(|block| serde_json::from_str::<Value>(block).expect("JSON"));
    assert!(shown.into_iter().any(|shown| shown == told), "{told}");
}
