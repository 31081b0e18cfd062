//! One endpoint may speak several encodings; each connection has the one that it asks for.
use super::house::{Bounds, House, run, turns};
use super::link::Link;
use serde_json::{Value, json};

const BOUNDS: Bounds = Bounds { hub_queue: 4096, join_buffer: 128, outbox: 1 << 20, view_queue: None };

/// What is answered to this, on a connection of its own.
async fn answer(house: &House, path: &str, said: &str) -> Vec<String> {
    let mut link = Link::open(house, path);
    link.say(said);
    for _ in 0..20 {
        turns(20).await;
        let read = link.read();
        if !read.is_empty() || link.is_gone() {
            return read;
        }
    }
    panic!("no answer to {said} at {path}");
}

#[test]
fn a_connection_speaks_the_encoding_that_it_asks_for_or_the_first() {
    run(async {
        let house = House::start(BOUNDS).await;
        let toy = answer(&house, "/both", "{\"id\":1,\"do\":\"hello\"}\n").await;
        let [toy] = &toy[..] else { panic!("{toy:?}") };
        assert_eq!(serde_json::from_str::<Value>(toy).expect("a line"), json!({"id": 1, "is": "hello"}));
        let centrifuge = answer(&house, "/both?format=json", r#"{"id":1,"connect":{}}"#).await;
        assert!(centrifuge[0].starts_with(r#"{"id":1,"connect":{"client""#), "{centrifuge:?}");
        let unspoken = answer(&house, "/both?format=protobuf", r#"{"id":1,"connect":{}}"#).await;
        assert!(unspoken.is_empty(), "it is closed: {unspoken:?}");
    });
}
