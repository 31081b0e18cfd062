//! Running a broker as a process of its own.
use super::announce::{Listening, announce};
use super::{Broker, BrokerBuilder, Config, listen};
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs a broker until SIGTERM or ctrl-c, then drains it. On SIGHUP nothing changes; see [`serve_with`].
///
/// Fails where there is no actix system (`#[actix_web::main]` makes one), where an address cannot be listened on, and where a file
/// of the config cannot be used.
pub async fn serve(config: Config) -> io::Result<()> {
    Broker::builder(config).serve().await
}

/// As [`serve`]; on SIGHUP `reload` is asked for a new config, and where it fails, nothing changes.
pub async fn serve_with(config: Config, reload: impl Fn() -> Result<Config, String> + 'static) -> io::Result<()> {
    Broker::builder(config).serve_with(reload).await
}

/// What a SIGHUP is answered where a program has nothing to read its config from.
fn no_reload() -> Result<Config, String> {
    Err("this program does not reload its config".into())
}

impl BrokerBuilder {
    /// Runs the broker with these handlers as a process of its own, as [`serve`] does: it listens where the config says, and
    /// takes over whole the sockets that become connections, which costs less than an app that keeps them.
    pub async fn serve(self) -> io::Result<()> {
        self.serve_with(no_reload).await
    }

    /// As [`BrokerBuilder::serve`]; on SIGHUP `reload` is asked for a new config, and where it fails, nothing changes.
    pub async fn serve_with(self, reload: impl Fn() -> Result<Config, String> + 'static) -> io::Result<()> {
        self.serve_then(reload, |_| ()).await
    }

    /// As [`BrokerBuilder::serve_with`], and calls `listening` once the broker listens, with where: port 0 of the config is a free one.
    pub async fn serve_then(
        self,
        reload: impl Fn() -> Result<Config, String> + 'static,
        listening: impl FnOnce(&Listening),
    ) -> io::Result<()> {
        let config = self.config().clone();
        run(self.start_listening().map_err(io::Error::other)?, config, reload, listening).await
    }
}

async fn run(
    broker: Broker,
    config: Config,
    reload: impl Fn() -> Result<Config, String> + 'static,
    listening: impl FnOnce(&Listening),
) -> io::Result<()> {
    raise_descriptor_limit();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (public, clients) = listen::public(&broker, &config)?;
    let (internal, internal_address) = listen::internal(&broker, &config)?.unzip();
    let is_encrypted = config.server.tls_certificate.is_some();
    let places = Listening { clients, internal: internal_address, is_encrypted };
    announce(&broker, &config, &places);
    listening(&places);
    let handles: Vec<_> = internal.iter().chain([&public]).map(actix_web::dev::Server::handle).collect();
    let mut servers = Box::pin(async { futures_util::future::try_join(public, join(internal)).await.map(|_| ()) });
    loop {
        tokio::select! {
            ended = &mut servers => return ended,
            _ = hang_up.recv() => put_in_force(&broker, &reload),
            _ = either(&mut terminate, &mut interrupt) => break,
        }
    }
    log::info!("stopping: {} connections", broker.node().connections().count());
    tokio::select! {
        left = broker.drain() => log::info!("stopped; {left} connections were left"),
        ended = &mut servers => return ended,
        _ = either(&mut terminate, &mut interrupt) => log::warn!("stopping at once: asked to stop a second time"),
    }
    let stops = handles.iter().map(|handle| handle.stop(true));
    let (_, ended) = tokio::join!(futures_util::future::join_all(stops), servers);
    ended
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! { _ = one.recv() => {}, _ = other.recv() => {} }
}

async fn join(server: Option<actix_web::dev::Server>) -> io::Result<()> {
    match server {
        Some(server) => server.await,
        None => Ok(()),
    }
}

fn put_in_force(broker: &Broker, reload: &impl Fn() -> Result<Config, String>) {
    let done = reload().and_then(|config| broker.reload(&config).map_err(|error| error.to_string()));
    match done {
        Ok(()) => log::info!("reloaded: namespaces, keys and origins are in force"),
        Err(problems) => log::error!("the new config cannot be used, so the old one stays in force:\n{problems}"),
    }
}

/// Each connection takes a descriptor.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        let current = limit.current.map_or_else(|| "its value".to_owned(), |current| current.to_string());
        log::warn!("the limit of open descriptors stays at {current}: {error}");
    }
}
