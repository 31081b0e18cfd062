//! `callboard serve`.
use super::{Error, Options};
use crate::broker::Rule;
use crate::config;
use crate::server::Config;

/// Runs the broker until it is told to stop.
pub(super) fn run(options: &Options) -> Result<(), Error> {
    let (source, overrides) = (options.source(), options.overrides());
    let load = move || config::load(&source, config::environment(), &overrides);
    let config = load()?;
    welcome(&config, options);
    let reload = move || load().map_err(|problems| problems.to_string());
    let served = actix::System::new().block_on(crate::server::serve_with(config, reload));
    served.map_err(|error| Error::Failed(error.to_string()))
}

/// Says how a first event is seen and sent.
fn welcome(config: &Config, options: &Options) {
    log::info!("callboard {}", env!("CARGO_PKG_VERSION"));
    // Without a channel that needs no namespace's name and no token there is no one line that works.
    let plain = config.namespaces.iter().find(|namespace| namespace.name.is_empty());
    if config.auth.anonymous && plain.is_some_and(|namespace| namespace.subscribe == Rule::Anyone) {
        let mut start = "callboard".to_owned();
        if let Some(file) = options.config() {
            start.push_str(&format!(" --config {}", file.display()));
        }
        if let Some(port) = options.port().filter(|port| *port != 0) {
            start.push_str(&format!(" --port {port}"));
        }
        log::info!("to listen:  {start} sub news");
        log::info!("to publish: {start} pub news '{{\"hello\":1}}'");
    }
}
