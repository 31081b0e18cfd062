//! Running a broker as a process of its own.
use super::{Broker, Config, tls};
use actix_web::{App, HttpServer};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What answers HTTP requests may take this long after the clients are gone.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// Runs a broker until SIGTERM or ctrl-c, then drains it. On SIGHUP `reload` is asked for a new config; where it fails,
/// nothing changes. Needs an actix system.
///
/// Fails where an address cannot be listened on or a file of the config cannot be used.
pub async fn serve(config: Config, reload: impl Fn() -> Result<Config, String> + 'static) -> io::Result<()> {
    raise_descriptor_limit();
    let broker = Broker::builder(config.clone()).start().map_err(io::Error::other)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let public = listen(&broker, &config)?;
    let internal = listen_internally(&broker, &config)?;
    let handles: Vec<_> = internal.iter().chain([&public]).map(actix_web::dev::Server::handle).collect();
    let mut servers = Box::pin(async { futures_util::future::try_join(public, join(internal)).await.map(|_| ()) });
    loop {
        tokio::select! {
            ended = &mut servers => return ended,
            _ = hang_up.recv() => put_in_force(&broker, &reload),
            _ = either(&mut terminate, &mut interrupt) => break,
        }
    }
    log::info!("stopping: {} connections", broker.node().connections());
    tokio::select! {
        left = broker.drain() => log::info!("stopped with {left} connections left"),
        ended = &mut servers => return ended,
        _ = either(&mut terminate, &mut interrupt) => log::warn!("stopping at once: asked a second time"),
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
        Err(problems) => log::error!("the config in force stays:\n{problems}"),
    }
}

fn listen(broker: &Broker, config: &Config) -> io::Result<actix_web::dev::Server> {
    let mounted = broker.clone();
    let server = HttpServer::new(move || App::new().configure(mounted.routes()));
    let server = broker.server(server).workers(workers(config)).backlog(4096).shutdown_timeout(LAST_REQUESTS.as_secs());
    let address = (config.server.host, config.server.port);
    let (server, scheme) = match (&config.server.tls_certificate, &config.server.tls_key) {
        (Some(chain), Some(key)) => (server.bind_rustls_0_23(address, tls::open(chain, key)?), "https"),
        _ => (server.bind(address), "http"),
    };
    let server = server.map_err(|error| unbindable(address.into(), error))?;
    for address in server.addrs() {
        log::info!("listening on {scheme}://{address}");
    }
    Ok(server.run())
}

fn listen_internally(broker: &Broker, config: &Config) -> io::Result<Option<actix_web::dev::Server>> {
    let Some(port) = config.server.internal_port else { return Ok(None) };
    let host: IpAddr = config.server.internal_host.unwrap_or(config.server.host);
    let mounted = broker.clone();
    let server = HttpServer::new(move || App::new().configure(mounted.internal_routes()));
    let server = broker.server(server).workers(1).shutdown_timeout(LAST_REQUESTS.as_secs());
    let server = server.bind((host, port)).map_err(|error| unbindable((host, port).into(), error))?;
    for address in server.addrs() {
        log::info!("API, metrics and health on http://{address}");
    }
    Ok(Some(server.run()))
}

fn workers(config: &Config) -> usize {
    match config.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

fn unbindable(address: SocketAddr, error: io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there: choose another server.port",
        io::ErrorKind::PermissionDenied => "ports below 1024 need the right to bind them",
        _ => "see server.host and server.port",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}; {hint}"))
}

/// A connection takes two descriptors: its socket, and the handle that can cut it.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        log::warn!("the limit of open descriptors stays at {:?}: {error}", limit.current);
    }
}
