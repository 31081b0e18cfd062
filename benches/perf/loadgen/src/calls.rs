//! Calls of a service, `window` of them outstanding: first `--messages` creates, then `--calls` finds of ten documents, which are
//! measured: those of a range (`--by n`, the default), or all ten that have the same value in a field (`--by g`).
use crate::{proc, run::{self, Plan}};
use mio::{Events, Interest, Poll, Token};
use std::time::{Duration, Instant};

/// What each acknowledgement of a success has once; the documents have none of it.
const ANSWERED: &[u8] = b"[null,";

pub fn run(plan: &Plan, calls: usize) -> String {
    let mut client = Client::open(plan);
    let path = format!("{}0", plan.prefix);
    let pad = "x".repeat(plan.bytes.saturating_sub(24));
    client.call(plan.messages, plan.window, |n| format!("42{n}[\"create\",\"{path}\",{{\"n\":{n},\"g\":{},\"m\":\"{pad}\"}},{{}}]", n / 10));
    std::thread::sleep(Duration::from_millis(200));
    let (before, begin) = (proc::all(&plan.pids), Instant::now());
    // A stride that shares no factor with the groups visits all of them, and no two neighbours in turn.
    let groups = (plan.messages / 10).max(1);
    client.call(calls, plan.window, |n| match plan.by_group {
        true => format!("42{n}[\"find\",\"{path}\",{{\"g\":{}}}]", n * 7919 % groups),
        false => format!("42{n}[\"find\",\"{path}\",{{\"n\":{{\"$gte\":{}}},\"$limit\":10}}]", n % 900),
    });
    let wall = begin.elapsed().as_secs_f64();
    let cpu = match (before, proc::all(&plan.pids)) {
        (Some(before), Some(after)) => (after.cpu_us - before.cpu_us) as f64,
        _ => f64::NAN,
    };
    serde_json::json!({
        "dialect": plan.dialect.name, "calls": calls, "calls_per_s": run::r(calls as f64 / wall),
        "server_cpu_us_per_call": run::r(cpu / calls as f64),
    })
    .to_string()
}

struct Client {
    conn: run::Conn,
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
}

impl Client {
    fn open(plan: &Plan) -> Self {
        let mut client = Client { conn: run::open(plan, 0, true), poll: Poll::new().unwrap(), events: Events::with_capacity(8), scratch: vec![0; 1 << 20] };
        client.poll.registry().register(&mut client.conn.sock, Token(0), Interest::READABLE | Interest::WRITABLE).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            assert!(Instant::now() < deadline, "the server does not answer");
            client.read();
            if client.conn.advance() { break; }
        }
        client.conn.buf.clear();
        client
    }

    fn read(&mut self) {
        self.poll.poll(&mut self.events, Some(Duration::from_millis(100))).unwrap();
        let run::Conn { sock, out, buf, .. } = &mut self.conn;
        run::read_all(sock, &mut self.scratch, |b| { run::answer_pings(b, out); buf.extend_from_slice(b) });
        self.conn.flush();
    }

    fn call(&mut self, count: usize, window: usize, what: impl Fn(usize) -> String) {
        let (mut sent, mut answered) = (0, 0);
        let mut last = Instant::now();
        while answered < count {
            while sent < count && sent - answered < window.max(1) {
                self.conn.out.extend(run::mask_frame(&what(sent)));
                sent += 1;
            }
            self.conn.flush();
            self.read();
            let found = memchr::memmem::find_iter(&self.conn.buf, ANSWERED).count();
            if found > 0 {
                answered += found;
                last = Instant::now();
            }
            // The end of the last frame may be cut in the middle of what is looked for.
            let keep = self.conn.buf.len().min(ANSWERED.len() - 1);
            let cut = self.conn.buf.len() - keep;
            self.conn.buf.drain(..cut);
            assert!(last.elapsed() < Duration::from_secs(20), "only {answered} of {count} calls were answered");
        }
    }
}
