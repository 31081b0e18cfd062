//! How the broker stops: clients are told, nobody new gets in, and it says that all went well.
use crate::harness::socket::Socket;
use crate::harness::{API_KEY, Broker};
use rustix::process::Signal;

const CONFIG: &str = r#"
[server]
workers = 2
[auth]
anonymous = true
[api]
key = "{api_key}"
[[namespace]]
name = ""
subscribe = "anyone"
"#;

fn broker() -> Broker {
    Broker::start(&CONFIG.replace("{api_key}", API_KEY))
}

#[tokio::test]
async fn each_client_is_told_3001_and_the_exit_is_clean() {
    for signal in [Signal::TERM, Signal::INT] {
        let broker = broker();
        let mut sockets = vec![];
        for _ in 0..20 {
            let mut socket = Socket::connect(broker.address(), 0).await;
            socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
            sockets.push(socket);
        }
        broker.signal(signal);
        for socket in sockets {
            let frame = socket.closed().await.expect("a close frame");
            assert_eq!((u16::from(frame.code), frame.reason.as_str()), (3001, "shutdown"));
        }
        let status = broker.wait();
        assert!(status.success(), "after {signal:?} it ended with {status}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_close_does_not_hold_the_stop_for_ever() {
    let config = CONFIG.replace("workers = 2", "workers = 2\nshutdown_timeout = \"1s\"");
    let broker = Broker::start(&config.replace("{api_key}", API_KEY));
    let silent = Socket::connect(broker.address(), 0).await;
    assert!(broker.stop().success());
    drop(silent);
}
