//! What rules in CEL cost: asked for each of 1,000 connections about one event, and what is made ready for them once.
use callboard::filter::expression::{ConnectionFacts, Fact, Rule, Scope};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;

const CONNECTIONS: u64 = 1_000;

fn connections() -> Vec<ConnectionFacts> {
    let fields = |id: u64| {
        let headers = json!({"host": "example.com", "user-agent": "a browser with a long name", "accept": "*/*"});
        let user =
            json!({"_id": id, "company_id": id % 10, "email": "somebody@example.com", "friends": [1, 2, 3, 4, 5]});
        json!({"provider": "socketio", "headers": headers, "user": user})
    };
    (0..CONNECTIONS).map(|id| ConnectionFacts::new(Arc::new(fields(id)))).collect()
}

fn ask(c: &mut Criterion) {
    let (connections, data) = (connections(), json!({"id": 7, "text": "a message", "company_id": 5}));
    let hook = Fact::of(&json!({"path": "messages", "method": "create", "params": {"user": {"_id": 3}}}));
    let mut group = c.benchmark_group("a rule for 1,000 connections");
    group.throughput(Throughput::Elements(CONNECTIONS));
    for (name, rule) in [
        ("user", "connection.user != null"),
        ("company", "data.company_id == connection.user.company_id"),
        ("friends", "hook.params.user._id in connection.user.friends"),
        ("missing", "data.nothing == connection.user.company_id"),
        ("loop", "connection.user.friends.exists(friend, friend == data.company_id)"),
    ] {
        let rule = Rule::new(rule).expect("a rule");
        group.bench_function(name, |b| {
            b.iter(|| {
                let data = Fact::of(black_box(&data));
                let ask = |connection| {
                    let scope = Scope { data: Some(&data), connection: Some(connection), hook: Some(&hook) };
                    rule.holds(&scope).unwrap_or(false)
                };
                connections.iter().filter(|connection| ask(connection)).count()
            })
        });
    }
    group.finish();
}

fn prepare(c: &mut Criterion) {
    let document =
        json!({"id": 7, "text": "a message", "company_id": 5, "author": {"id": 3, "name": "Ann"}, "tags": ["a", "b"]});
    c.bench_function("a document made ready", |b| b.iter(|| Fact::of(black_box(&document))));
}

criterion_group!(rules, ask, prepare);
criterion_main!(rules);
