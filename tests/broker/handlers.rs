//! The user's own actors: what they are asked, what they may do, and whom their failures touch.
use super::house::{House, Plan, json, real_story, rest, until};
use callboard::broker::Node;
use callboard::broker::PublishRequest;
use callboard::broker::handler::{
    Call, ConnectCall, Handle, HandlerAddr, HandlerFuture, Handlers, LifecycleEvent, MessageCall, PublishCall, RpcCall,
    Verdict, Welcome, answer, host,
};
use callboard::metrics::Metrics;
use callboard::types::{Disconnect, Fault, ReplyError};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const OPEN: &str =
    "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'\n[[namespace]]\nname = 'free'\npublish = 'anyone'";

/// A handler that is one closure.
struct Does<F>(F);

impl<C: Call, F: FnMut(C) -> HandlerFuture<C::Answer> + 'static> Handle<C> for Does<F> {
    fn handle(&mut self, call: C) -> HandlerFuture<C::Answer> {
        (self.0)(call)
    }
}

fn does<C: Call, F: FnMut(C) -> HandlerFuture<C::Answer> + Send + 'static>(act: F) -> HandlerAddr<Does<F>> {
    host(move || Does(act))
}

fn house_with(timeout: Duration, queue: usize, register: impl FnOnce(&mut Handlers)) -> House {
    let mut handlers = Handlers::new(timeout, queue, Metrics::new());
    register(&mut handlers);
    Plan { handlers: Some(handlers), ..Plan::of(OPEN) }.build()
}

fn house(register: impl FnOnce(&mut Handlers)) -> House {
    house_with(Duration::from_secs(10), 64, register)
}

fn custom() -> ReplyError {
    ReplyError::new(1_000, "not today")
}

#[test]
fn a_connect_is_refused_with_an_error_or_a_close_and_welcomed_with_data_and_channels() {
    real_story(async {
        let house = house(|handlers| {
            handlers.on_connect(&does(|call: ConnectCall| {
                answer(match call.data.map(|data| data.as_str().to_owned()).as_deref() {
                    Some("1") => Err(Fault::Reply(custom())),
                    Some("2") => Err(Fault::Close(Disconnect { code: 4_501, reason: "banned".into() })),
                    Some("3") => panic!("the handler breaks, as the story wants it"),
                    _ => {
                        let (data, channels) = (Some(json(r#"{"motd":"hi"}"#)), vec!["news".into()]);
                        Ok(Welcome { data, channels, ..Welcome::default() })
                    }
                })
            }));
        });
        let connect = async |data: u8| house.visitor().ask(&format!(r#"{{"id":1,"connect":{{"data":{data}}}}}"#)).await;
        assert_eq!(connect(1).await, r#"{"id":1,"error":{"code":1000,"message":"not today"}}"#);
        assert_eq!(connect(2).await, "close 4501");
        assert!(connect(3).await.starts_with(r#"{"id":1,"error":{"code":100,"#));
        let welcome = connect(4).await;
        assert!(welcome.contains(r#""data":{"motd":"hi"}"#) && welcome.contains(r#""subs":{"news":{"#), "{welcome}");
    });
}

#[test]
fn a_panic_or_a_timeout_is_an_error_to_that_caller_alone() {
    real_story(async {
        let house = house_with(Duration::from_millis(100), 64, |handlers| {
            let mut calls = 0;
            let counts = does(move |call: RpcCall| {
                calls += 1;
                let calls = calls;
                match call.data.map(|data| data.as_str().to_owned()).as_deref() {
                    Some("1") => panic!("the handler breaks, as the story wants it"),
                    Some("2") => Box::pin(async { panic!("and later, too") }),
                    Some("3") => Box::pin(std::future::pending()),
                    _ => answer(Ok(Some(json(&calls.to_string())))),
                }
            });
            handlers.on_rpc("count", &counts);
        });
        let (one, other) = (house.guest().await, house.guest().await);
        for (id, data) in [(3, 1), (4, 2), (5, 3)] {
            one.say(&format!(r#"{{"id":{id},"rpc":{{"method":"count","data":{data}}}}}"#));
        }
        let count = r#"{"id":6,"rpc":{"method":"count"}}"#;
        assert_eq!(one.ask(count).await, r#"{"id":6,"rpc":{"data":4}}"#, "its state is as it was");
        assert_eq!(other.ask(count).await, r#"{"id":6,"rpc":{"data":5}}"#);
        until("all three have failed", || one.said().len() == 4).await;
        for id in 3..6 {
            let failed = format!(r#"{{"id":{id},"error":{{"code":100,"#);
            assert!(one.said().iter().any(|line| line.starts_with(&failed)), "{:?}", one.said());
        }
        assert!(one.ask(r#"{"id":7,"rpc":{"method":"other"}}"#).await.contains(r#""code":104"#));
    });
}

#[test]
fn calls_that_wait_for_a_handler_are_bounded_also_when_their_callers_have_given_up() {
    real_story(async {
        let house = house_with(Duration::from_millis(50), 2, |handlers| {
            handlers.on_rpc("*", &does(|_: RpcCall| Box::pin(std::future::pending())));
        });
        let client = house.guest().await;
        for id in 3..5 {
            client.say(&format!(r#"{{"id":{id},"rpc":{{"method":"any"}}}}"#));
        }
        assert!(client.ask(r#"{"id":5,"rpc":{"method":"any"}}"#).await.contains(r#""code":111"#));
        until("the first two have given up", || client.said().len() == 3).await;
        assert!(client.ask(r#"{"id":6,"rpc":{"method":"any"}}"#).await.contains(r#""code":111"#));
    });
}

#[test]
fn a_publish_is_passed_replaced_or_refused_and_keeps_its_order_behind_a_slow_hook() {
    real_story(async {
        let house = house(|handlers| {
            handlers.on_publish(
                "",
                &does(|call: PublishCall| {
                    let number: u64 = call.data.read().expect("a number");
                    Box::pin(async move {
                        tokio::time::sleep(Duration::from_millis(20 * (number % 2))).await;
                        match number {
                            6 => Err(Fault::Reply(custom())),
                            7 => Ok(Verdict::Replace(json("70"))),
                            _ => Ok(Verdict::Pass),
                        }
                    })
                }),
            );
        });
        let (client, other) = (house.guest().await, house.guest().await);
        client.subscribe("news", "").await;
        client.forget();
        for id in 3..10 {
            client.say(&format!(r#"{{"id":{id},"publish":{{"channel":"news","data":{id}}}}}"#));
        }
        other.ask(r#"{"id":3,"publish":{"channel":"free:1","data":"no number"}}"#).await;
        until("the last one is answered", || client.said().iter().any(|line| line.starts_with(r#"{"id":9"#))).await;
        rest().await;
        assert_eq!(client.numbers(), [3, 4, 5, 70, 8, 9]);
        let answers: Vec<String> = client.said().into_iter().filter(|line| line.starts_with(r#"{"id""#)).collect();
        // In which order answers leave is the connection's matter: a refusal is known before the outcome of what went on.
        let refused = r#"{"id":6,"error":{"code":1000,"message":"not today"}}"#;
        assert!(answers.iter().any(|answer| answer == refused), "{answers:?}");
        assert_eq!(answers.len(), 7);
    });
}

#[test]
fn a_hook_may_publish_to_its_own_channel() {
    real_story(async {
        let node: Arc<OnceLock<Node>> = Arc::default();
        let known = node.clone();
        let house = house(|handlers| {
            handlers.on_publish(
                "",
                &does(move |call: PublishCall| {
                    let node = known.get().expect("it is set before the first publish").clone();
                    Box::pin(async move {
                        let note = PublishRequest::new(json("1"));
                        node.channels().publish(call.channel.as_str(), note).await.map_err(Fault::Reply)?;
                        Ok(Verdict::Pass)
                    })
                }),
            );
        });
        assert!(node.set(house.node.clone()).is_ok());
        let client = house.guest().await;
        client.subscribe("news", "").await;
        assert_eq!(client.ask(r#"{"id":3,"publish":{"channel":"news","data":2}}"#).await, r#"{"id":3,"publish":{}}"#);
        rest().await;
        assert_eq!(client.numbers(), [1, 2]);
    });
}

#[test]
fn a_message_reaches_its_handler_which_may_close() {
    real_story(async {
        let house = house(|handlers| {
            handlers.on_message(&does(|call: MessageCall| {
                answer(match call.data.as_str() {
                    "1" => {
                        call.session.send(json(r#""thanks""#));
                        Ok(())
                    }
                    _ => Err(Fault::Close(Disconnect { code: 4_000, reason: "enough".into() })),
                })
            }));
        });
        let client = house.guest().await;
        client.say(r#"{"send":{"data":1}}"#);
        let thanks = r#"{"push":{"message":{"data":"thanks"}}}"#.to_owned();
        until("it is thanked", || client.said().contains(&thanks)).await;
        until("the command is done", || client.said().contains(&"done 0".to_owned())).await;
        client.say(r#"{"send":{"data":2}}"#);
        until("it is closed", || client.said().contains(&"close 4000".to_owned())).await;
    });
}

#[test]
fn lifecycle_events_come_in_the_order_they_happened() {
    real_story(async {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = told.clone();
        let house = house_with(Duration::from_secs(10), 1_024, |handlers| {
            handlers.on_lifecycle(&does(move |event: LifecycleEvent| {
                log.lock().unwrap().push(match event {
                    LifecycleEvent::Connected(_) => "connected".to_owned(),
                    LifecycleEvent::Disconnected(_, reason) => format!("disconnected {}", reason.code),
                    LifecycleEvent::Subscribed(_, channel) => format!("subscribed {channel}"),
                    LifecycleEvent::Unsubscribed(_, channel) => format!("unsubscribed {channel}"),
                    LifecycleEvent::Occupied { channel } => format!("occupied {channel}"),
                    LifecycleEvent::Vacated { channel } => format!("vacated {channel}"),
                    LifecycleEvent::Revoked(revocation) => format!("revoked {}", revocation.user),
                });
                answer(Ok(()))
            }));
        });
        let client = house.guest().await;
        let mut expected = vec!["connected".to_owned()];
        for number in 0..60 {
            client.subscribe(&format!("c{number}"), "").await;
            client.ask(&format!(r#"{{"id":3,"unsubscribe":{{"channel":"c{number}"}}}}"#)).await;
            client.forget();
            rest().await;
            for what in ["occupied", "subscribed", "unsubscribed", "vacated"] {
                expected.push(format!("{what} c{number}"));
            }
        }
        client.leave();
        expected.push("disconnected 3000".to_owned());
        until("all is told", || told.lock().unwrap().len() >= expected.len()).await;
        assert_eq!(*told.lock().unwrap(), expected);
    });
}
