//! `callboard serve`.
use super::{Error, Options};
use crate::broker::Rule;
use crate::config;
use crate::server::Config;
use std::net::SocketAddr;

/// Runs the broker until it is told to stop.
pub(super) fn run(options: &Options) -> Result<(), Error> {
    let (source, overrides) = (options.source(), options.overrides());
    let load = move || config::load(&source, config::environment(), &overrides);
    let config = load()?;
    welcome(&config, options);
    let address = SocketAddr::new(config.server.host, config.server.port);
    let reload = move || load().map_err(|problems| problems.to_string());
    let failed = |error: std::io::Error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; something listens there already: stop it, or take another --port",
            std::io::ErrorKind::PermissionDenied => "; a port below 1024 needs a right of its own: take another --port",
            std::io::ErrorKind::AddrNotAvailable => "; this machine has no such address: see `server.host`",
            _ => "",
        };
        Error::Failed(format!("cannot serve on {address}: {error}{hint}"))
    };
    actix::System::new().block_on(broker(config, reload)).map_err(failed)
}

/// Says how a first event is seen and sent.
fn welcome(config: &Config, options: &Options) {
    let server = &config.server;
    log::info!("callboard {} on {}", env!("CARGO_PKG_VERSION"), SocketAddr::new(server.host, server.port));
    let file = options.config.as_ref().map(|path| format!(" --config {}", path.display())).unwrap_or_default();
    let plain = config.namespaces.iter().find(|namespace| namespace.name.is_empty());
    match plain.map(|namespace| &namespace.subscribe) {
        None => log::info!("no [[namespace]] is named \"\", so channels are written NAMESPACE:NAME"),
        Some(Rule::Anyone) if config.auth.anonymous => log::info!("to listen:  callboard{file} sub news"),
        Some(_) => log::info!(
            "to listen:  callboard{file} sub news --token TOKEN, and to have one: callboard{file} token --help"
        ),
    }
    log::info!("to publish: callboard{file} pub news '{{\"hello\":1}}'");
}

/// The one door to the server.
async fn broker(_config: Config, _reload: impl Fn() -> Result<Config, String> + Send + 'static) -> std::io::Result<()> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "this build has no server"))
}
