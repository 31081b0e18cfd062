//! Clients' own events, and the handlers that take them.
use super::house::{House, Plan, real_story, rest, until};
use super::residents::{Resident, handlers};
use callboard::broker::handler::{HandlerAddr, Handlers, host};
use callboard::protocol::socketio::RESERVED_NAMES;
use callboard::service::events::{Arguments, AskError, EventHandler, FromArguments, Listens, Socket};
use callboard::types::{Json, ReplyError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Log = Arc<Mutex<Vec<String>>>;

fn hosted<A: FromArguments + 'static, F: Listens<A>>(function: F) -> HandlerAddr<EventHandler<F, A>> {
    host(move || EventHandler::new(function))
}

fn house(handlers: Handlers) -> House {
    Plan { handlers: Some(handlers), ..Plan::of("[[namespace]]\nname = ''") }.build()
}

/// What an event with these arguments is acknowledged with.
async fn acknowledged(who: &Resident, event: &str, args: &str) -> String {
    let begin = format!("3{}", who.emit(event, args));
    let find = || who.said().into_iter().find(|line| line.starts_with(&begin));
    until("it is acknowledged", || find().is_some()).await;
    find().expect("it was there")[begin.len()..].to_owned()
}

async fn resident(house: &House) -> Resident {
    let who = Resident::arrive(house, false).await;
    until("it is let in", || !who.said().is_empty()).await;
    who
}

#[test]
fn a_handler_gets_typed_arguments_and_acknowledges_with_what_it_returns() {
    real_story(async {
        let mut handlers = handlers();
        let sum = hosted(|_: Socket, (a, b): (u64, u64)| async move { (a + b,) });
        handlers.on_emit("/", "sum", &sum);
        let quiet = hosted(|_: Socket, (): ()| async move {});
        handlers.on_emit("/", "quiet", &quiet);
        let fails = hosted(|_: Socket, (): ()| async move { Err::<(), _>(ReplyError::new(400, "no")) });
        handlers.on_emit("/*", "fails", &fails);
        let who = resident(&house(handlers)).await;
        assert_eq!(acknowledged(&who, "sum", "[1,2,\"more\"]").await, "[3]");
        assert_eq!(acknowledged(&who, "quiet", "[1]").await, "[]");
        assert_eq!(acknowledged(&who, "fails", "[]").await, r#"[{"error":{"code":400,"message":"no"}}]"#);
        let bad = acknowledged(&who, "sum", "[1,\"two\"]").await;
        assert!(bad.starts_with(r#"[{"error":{"code":107,"message":"argument 2: invalid type"#), "{bad}");
    });
}

#[test]
fn a_handler_that_panics_or_takes_too_long_is_an_error_and_all_goes_on() {
    real_story(async {
        let mut handlers = handlers();
        let moody = hosted(|_: Socket, (mood,): (String,)| async move {
            match mood.as_str() {
                "panic" => panic!("asked to"),
                "slow" => std::future::pending().await,
                _ => (mood,),
            }
        });
        handlers.on_emit("/", "ask", &moody);
        let who = resident(&house(handlers)).await;
        assert!(acknowledged(&who, "ask", "[\"panic\"]").await.contains(r#""code":100"#));
        assert_eq!(acknowledged(&who, "ask", "[\"well\"]").await, "[\"well\"]");
        assert!(acknowledged(&who, "ask", "[\"slow\"]").await.contains(r#""code":100"#));
        assert_eq!(acknowledged(&who, "ask", "[\"well\"]").await, "[\"well\"]");
    });
}

#[test]
fn an_event_with_a_reserved_name_is_refused_however_it_is_emitted() {
    real_story(async {
        let mut handlers = handlers();
        let relay = hosted(|socket: Socket, (name,): (String,)| async move {
            let second = Duration::from_secs(1);
            let mut outcomes =
                vec![socket.emit(&name, ()).await, asked(socket.ask::<Arguments>(&name, (), second).await)];
            for way in [socket.everyone(), socket.broadcast(), socket.to("room"), socket.volatile()] {
                outcomes.push(way.emit(&name, ()).await);
                outcomes.push(asked(way.ask(&name, (), second).await));
            }
            let is_refused = |error: &ReplyError| error.code == 107 && error.message.contains(&name);
            outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(is_refused)).then_some((name.clone(),))
        });
        handlers.on_emit("/", "relay", &relay);
        let who = resident(&house(handlers)).await;
        for name in RESERVED_NAMES {
            let argument = format!("[\"{name}\"]");
            assert_eq!(acknowledged(&who, "relay", &argument).await, argument);
        }
        assert!(!who.said().iter().any(|line| line.starts_with('2')), "{:?}", who.said());
    });
}

#[test]
fn an_event_to_a_list_without_a_room_is_for_nobody() {
    real_story(async {
        let mut handlers = handlers();
        let tell = hosted(|socket: Socket, (): ()| async move {
            let nowhere: [&str; 0] = [];
            socket.everyone().to(nowhere).emit("secret", ()).await?;
            socket.to(nowhere).except("a").disconnect(true);
            Ok::<_, ReplyError>((socket.everyone().to(nowhere).ask("secret", (), Duration::MAX).await.is_ok(),))
        });
        handlers.on_emit("/", "tell", &tell);
        let house = house(handlers);
        let (who, other) = (resident(&house).await, resident(&house).await);
        assert_eq!(acknowledged(&who, "tell", "[]").await, "[true]");
        assert_eq!(acknowledged(&other, "tell", "[]").await, "[true]");
        let heard = [who.said(), other.said()].concat();
        assert!(!heard.iter().any(|line| line.contains("secret") || line.starts_with("close")), "{heard:?}");
    });
}

/// What a question was refused with.
fn asked<T>(outcome: Result<T, AskError>) -> Result<(), ReplyError> {
    match outcome {
        Err(AskError::Refused(error)) => Err(error),
        _ => Ok(()),
    }
}

/// What is logged in this process.
struct Journal(Mutex<Vec<String>>);

static JOURNAL: Journal = Journal(Mutex::new(vec![]));

impl log::Log for Journal {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

fn breaks() {
    panic!("words of a panic")
}

#[test]
fn a_handler_that_panics_errs_or_takes_too_long_leaves_a_line_in_the_log() {
    log::set_logger(&JOURNAL).expect("no other test of this program takes the log");
    log::set_max_level(log::LevelFilter::Warn);
    real_story(async {
        let mut handlers = handlers();
        let panics = hosted(|_: Socket, (): ()| async move { breaks() });
        handlers.on_emit("/", "logged-panic", &panics);
        let errs = hosted(|_: Socket, (): ()| async move { Err::<(), _>(ReplyError::new(400, "words of an error")) });
        handlers.on_emit("/", "logged-error", &errs);
        let slow = hosted(|_: Socket, (): ()| std::future::pending::<()>());
        handlers.on_emit("/", "logged-delay", &slow);
        let who = resident(&house(handlers)).await;
        for (event, words) in [("logged-panic", ""), ("logged-error", "words of an error"), ("logged-delay", "")] {
            assert!(acknowledged(&who, event, "[]").await.contains(r#"{"error":"#));
            let lines = JOURNAL.0.lock().unwrap().clone();
            let names_it = |line: &&String| line.contains(event) && line.contains(words);
            assert!(lines.iter().any(|line| names_it(&line) && line.contains(&who.word("sid"))), "{event}: {lines:?}");
        }
        let lines = JOURNAL.0.lock().unwrap().clone();
        let panicked = lines.iter().find(|line| line.contains("words of a panic"));
        let panicked = panicked.unwrap_or_else(|| panic!("{lines:?}"));
        assert!(panicked.starts_with("the handler callboard::"), "{panicked}");
        assert!(panicked.contains(r#"event "logged-panic""#) && panicked.contains(&who.word("sid")), "{panicked}");
    });
}

#[test]
fn several_handlers_of_an_event_run_in_order_and_the_first_answer_counts() {
    real_story(async {
        let (mut handlers, log) = (handlers(), Log::default());
        for name in ["first", "second", "third"] {
            let log = log.clone();
            let noted = hosted(move |_: Socket, (): ()| {
                log.lock().unwrap().push(name.to_owned());
                async move { (name != "first").then_some((name,)) }
            });
            handlers.on_emit("/", "note", &noted);
        }
        let who = resident(&house(handlers)).await;
        assert_eq!(acknowledged(&who, "note", "[]").await, "[\"second\"]");
        assert_eq!(*log.lock().unwrap(), ["first", "second", "third"]);
    });
}

#[test]
fn connection_comes_before_what_the_client_emits_and_disconnect_says_why() {
    real_story(async {
        let (mut handlers, log) = (handlers(), Log::default());
        let (seen, slow) = (log.clone(), Duration::from_millis(50));
        let connected = hosted(move |socket: Socket, (_auth,): (Json,)| {
            let seen = seen.clone();
            async move {
                tokio::time::sleep(slow).await;
                socket.set_data(&7).expect("a number has a JSON form");
                seen.lock().unwrap().push("connection".into());
            }
        });
        handlers.on_emit("/", "connection", &connected);
        let seen = log.clone();
        let said = hosted(move |socket: Socket, (): ()| {
            seen.lock().unwrap().push(format!("said {:?}", socket.data::<u64>()));
            async move { socket.emit("heard", ("you",)).await }
        });
        handlers.on_emit("/", "said", &said);
        let seen = log.clone();
        let gone = hosted(move |_: Socket, (reason,): (String,)| {
            seen.lock().unwrap().push(reason);
            async move {}
        });
        handlers.on_emit("/", "disconnect", &gone);
        let house = house(handlers);
        let who = resident(&house).await;
        assert_eq!(acknowledged(&who, "said", "[]").await, "[]");
        until("it was emitted", || who.said().contains(&r#"2["heard","you"]"#.to_owned())).await;
        // What the session tells its handlers, a client cannot pretend.
        who.emit("connection", "[]");
        let unhandled = "callboard_drops_total{reason=\"unhandled\"} 1\n";
        until("it is nobody's", || house.metrics.text().expect("the metrics").contains(unhandled)).await;
        who.vanish();
        until("it is gone", || log.lock().unwrap().len() == 3).await;
        let other = resident(&house).await;
        other.leave();
        until("it has left", || log.lock().unwrap().len() == 5).await;
        rest().await;
        let noted = log.lock().unwrap().clone();
        let reasons = ["transport close", "client namespace disconnect"];
        assert_eq!(noted, ["connection", "said Some(7)", reasons[0], "connection", reasons[1]]);
    });
}

#[test]
fn a_handler_that_blocks_its_thread_holds_up_a_client_no_longer_than_its_time() {
    real_story(async {
        let mut handlers = handlers();
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let blocks = hosted(move |_: Socket, (): ()| {
            // Until the story is over.
            let _ = blocked.recv();
            async move {}
        });
        handlers.on_emit("/", "block", &blocks);
        handlers.on_emit("/", "ask", &hosted(|_: Socket, (): ()| async move { ("well",) }));
        let who = resident(&house(handlers)).await;
        let stuck = who.emit("block", "[]");
        assert_eq!(acknowledged(&who, "ask", "[]").await, "[\"well\"]");
        let stuck = format!("3{stuck}[");
        until("the other is given up", || who.said().iter().any(|line| line.starts_with(&stuck))).await;
        drop(release);
    });
}

#[test]
fn an_event_that_nobody_handles_is_silence_and_is_counted() {
    real_story(async {
        let mut handlers = handlers();
        handlers.on_emit("/", "echo", &hosted(|_: Socket, (word,): (u64,)| async move { (word,) }));
        let house = house(handlers);
        let who = resident(&house).await;
        let before = who.said().len();
        let counted = |count: u64| {
            let line = format!("callboard_drops_total{{reason=\"unhandled\"}} {count}\n");
            house.metrics.text().expect("the metrics").contains(&line)
        };
        who.tell("nobody", "[1]");
        until("it is counted", || counted(1)).await;
        // One that asks for an acknowledgement gets none either: it runs into its client's timeout.
        who.emit("nobody", "[1]");
        until("it is counted, too", || counted(2)).await;
        // What came before it would have been answered before it.
        assert_eq!(acknowledged(&who, "echo", "[1]").await, "[1]");
        assert_eq!(who.said().len(), before + 1, "{:?}", who.said());
    });
}
