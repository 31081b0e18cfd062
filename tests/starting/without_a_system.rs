//! Where a broker starts, and where it says why it cannot.
use callboard::server::{Broker, Config, Error, serve};
use callboard::service::events::Socket;
use std::net::Ipv4Addr;

fn config() -> Config {
    let mut config = Config::default();
    config.server.allow_insecure = true;
    (config.server.host, config.server.port) = (Ipv4Addr::LOCALHOST.into(), 0);
    config
}

/// What `start` says, with a handler that it would have to give a thread.
fn refusal() -> String {
    let builder = Broker::builder(config()).on("/", "hello", |_: Socket, (): ()| async {});
    match builder.start() {
        Err(error @ Error::NoSystem) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("it started"),
    }
}

#[test]
fn a_broker_without_an_actix_system_is_an_error_that_says_what_to_write() {
    assert!(refusal().contains("#[actix_web::main]"));
    let served = futures_util::FutureExt::now_or_never(serve(config())).expect("it does not wait");
    assert!(served.expect_err("nothing runs it").to_string().contains("#[actix_web::main]"));
}

#[tokio::test]
async fn a_runtime_of_tokio_alone_is_no_actix_system() {
    assert!(refusal().contains("instead of #[tokio::main]"));
}

#[test]
fn an_actix_system_that_does_not_run_yet_is_none() {
    let system = actix::System::new();
    assert!(refusal().contains("#[actix_web::main]"));
    system.block_on(async { drop(Broker::builder(config()).start().expect("it starts")) });
}
