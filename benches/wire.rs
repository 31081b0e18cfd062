//! What the centrifuge wire costs: one command read, one frame written.
use bytes::Bytes;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Encoding, Recovered, Reply, Subscribed, Wire};
use callboard::types::{ChannelName, ClientInfo, Epoch, Event, Json, Position, SessionId, Tags};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

const PAYLOAD: &str = r#"{"user":"42","text":"a line of a chat, as long as lines of chats are","at":1700000000123}"#;

fn message(command: &str) -> Bytes {
    Bytes::copy_from_slice(command.as_bytes())
}

fn decode(c: &mut Criterion) {
    let publish = format!(r#"{{"id":17,"publish":{{"channel":"chat:1","data":{PAYLOAD}}}}}"#);
    let large = format!(r#"{{"id":17,"publish":{{"channel":"chat:1","data":"{}"}}}}"#, "x".repeat(60_000));
    let messages = [
        ("pong", message("{}")),
        ("publish", message(&publish)),
        ("publish of 60 kB", message(&large)),
        ("64 publishes", message(&vec![&publish[..]; 64].join("\n"))),
        (
            "subscribe",
            message(
                r#"{"id":2,"subscribe":{"channel":"chat:1","recover":true,"epoch":"AbCdEfGh","offset":10,"recoverable":true,"flag":1}}"#,
            ),
        ),
    ];
    let mut group = c.benchmark_group("decode");
    for (name, message) in messages {
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut rest = black_box(message.clone());
                while let Some(request) = CentrifugeJson.decode(&mut rest).expect("a valid message") {
                    black_box(request);
                }
            })
        });
    }
}

fn event() -> Event {
    Event {
        channel: ChannelName::user("chat:1", 255).expect("a valid name"),
        data: Json::parse(Bytes::from_static(PAYLOAD.as_bytes())).expect("valid JSON"),
        tags: None,
        publisher: None,
        position: Some(Position { offset: 12, epoch: Epoch::new("AbCdEfGh") }),
        envelope: None,
    }
}

fn encode(c: &mut Criterion) {
    let plain = event();
    let info = ClientInfo { user: "42".into(), client: SessionId::random(), conn_info: None, chan_info: None };
    let tags = Tags::from([("event".to_owned(), "created".to_owned())]);
    let full = Event { publisher: Some(Arc::new(info)), tags: Some(Arc::new(tags)), ..event() };
    let recovered = Reply::Subscribed(Box::new(Subscribed {
        recovery: Some(Recovered {
            complete: true,
            events: std::iter::repeat_with(|| Arc::new(event())).take(300).collect(),
        }),
        ..Subscribed::default()
    }));
    let mut group = c.benchmark_group("encode");
    group.bench_function("event", |b| b.iter(|| CentrifugeJson.event(black_box(&plain))));
    group.bench_function("event with publisher and tags", |b| b.iter(|| CentrifugeJson.event(black_box(&full))));
    group.bench_function("publish reply", |b| b.iter(|| CentrifugeJson.reply(black_box(17), &Reply::Published)));
    group.bench_function("recovery of 300", |b| b.iter(|| CentrifugeJson.reply(black_box(2), &recovered)));
}

criterion_group!(wire, decode, encode);
criterion_main!(wire);
