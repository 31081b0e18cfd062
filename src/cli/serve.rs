//! `callboard serve`.
use super::{Error, Options};
use crate::broker::Rule;
use crate::config::Problems;
use crate::server::{Broker, Config, Listening};

/// Runs the broker until it is told to stop.
pub(super) fn run(options: &Options) -> Result<(), Error> {
    let of_reload = options.clone();
    let config = load(options)?;
    let reload = move || load(&of_reload).map_err(|problems| problems.to_string());
    let tried = try_out(&config);
    let served = Broker::builder(config).serve_then(reload, |listening| welcome(options, tried, listening));
    actix::System::new().block_on(served).map_err(|error| Error::Failed(error.to_string()))
}

fn load(options: &Options) -> Result<Config, Problems> {
    let loaded = options.read()?;
    loaded.check_to_serve()?;
    loaded.log_warnings();
    Ok(loaded.config)
}

/// Whether one line shows a first event: only where a channel needs no namespace's name and no token.
fn try_out(config: &Config) -> bool {
    let plain = config.namespaces.iter().find(|namespace| namespace.name.is_empty());
    config.auth.anonymous && plain.is_some_and(|namespace| namespace.subscribe == Rule::Anyone)
}

/// Says which config is used, and how a first event is seen and sent.
fn welcome(options: &Options, is_to_try: bool, listening: &Listening) {
    let mut start = "callboard".to_owned();
    match options.config() {
        Some(file) => {
            log::info!("config:            {}", file.display());
            start.push_str(&format!(" --config {}", file.display()));
        }
        None => log::info!(
            "config:            built in, for trying things out on this machine; `callboard init` writes your own"
        ),
    }
    if options.port().is_some() {
        start.push_str(&format!(" --port {}", listening.clients.port()));
    }
    if is_to_try {
        log::info!("to listen:         {start} sub news");
        log::info!("to publish:        {start} pub news '{{\"hello\":1}}'");
    }
}
