//! Listening in a process of its own: like `HttpServer`, except that the broker takes over the sockets that become connections.
use super::{Broker, Config, tls};
use crate::transport::{Socket, engineio, on_connect, take_over};
use actix_codec::Framed;
use actix_http::{ConnectionType, HttpServiceBuilder, Request, h1};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;
/// What answers HTTP requests may take this long after the clients are gone.
const LAST_REQUESTS: Duration = Duration::from_secs(1);
/// How long the head of a request may take.
const REQUEST_HEAD: Duration = Duration::from_secs(5);
/// How long the peer of a connection that ends may take to read what it is told last.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a connection is kept for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Listens where the config says, which it answers: port 0 is a free one. Fails where it cannot; the error says what to change.
pub fn public(broker: &Broker, config: &Config) -> io::Result<(Server, SocketAddr)> {
    let (listener, address) = bind(config.server.host, config.server.port)?;
    let server = builder(workers(config), broker);
    let server = match (&config.server.tls_certificate, &config.server.tls_key) {
        (Some(chain), Some(key)) => encrypted(server, broker, listener, tls::open(chain, key)?),
        _ => plain(server, broker, listener),
    }?;
    Ok((server.run(), address))
}

/// Listens on the internal address, if the config names one.
pub fn internal(broker: &Broker, config: &Config) -> io::Result<Option<(Server, SocketAddr)>> {
    let Some(port) = config.server.internal_port else { return Ok(None) };
    let (listener, address) = bind(config.server.internal_host.unwrap_or(config.server.host), port)?;
    let server = builder(1, broker);
    let broker = broker.clone();
    let server = server.listen("internal", listener, move || {
        let app = App::new().wrap(from_fn(say_close)).configure(broker.internal_routes());
        let app = app.into_factory().map_err(|error| error.error_response());
        service().finish(map_config(app, |()| AppConfig::default())).tcp()
    })?;
    Ok(Some((server.run(), address)))
}

fn plain(server: ServerBuilder, broker: &Broker, listener: TcpListener) -> io::Result<ServerBuilder> {
    let broker = broker.clone();
    server.listen("public", listener, move || {
        let app = App::new().wrap(from_fn(say_close)).configure(broker.routes());
        let app = app.into_factory().map_err(|error| error.error_response());
        let service = service().upgrade(upgrade(&broker));
        service.finish(map_config(app, |()| AppConfig::default())).tcp()
    })
}

fn encrypted(
    server: ServerBuilder,
    broker: &Broker,
    listener: TcpListener,
    tls: rustls::ServerConfig,
) -> io::Result<ServerBuilder> {
    let broker = broker.clone();
    server.listen("public", listener, move || {
        let app = App::new().wrap(from_fn(say_close)).configure(broker.routes());
        let app = app.into_factory().map_err(|error| error.error_response());
        let service = service().secure().upgrade(upgrade(&broker));
        service.finish(map_config(app, |()| AppConfig::default())).rustls_0_23(tls.clone())
    })
}

fn service<T, S>() -> HttpServiceBuilder<T, S>
where
    T: Socket,
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<actix_http::Response<actix_http::body::BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST_HEAD)
        .tcp_nodelay(true)
        // A half-closed socket hides a client that has left.
        .h1_allow_half_closed(false)
        // A connection of HTTP that is to end ends, also where its peer does not read what comes last.
        .client_disconnect_timeout(LAST_WORDS)
        .on_connect_ext(|io, data| on_connect(io, data))
}

/// The HTTP server closes after a request that speaks of an upgrade, whatever is answered; so the answer shall say so.
async fn say_close<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let closes = request.head().upgrade();
    let mut answer = next.call(request).await?;
    if closes && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

/// What becomes of requests that ask for an upgrade to WebSocket; all others go to the app.
fn upgrade<T: Socket>(
    broker: &Broker,
) -> impl ServiceFactory<(Request, Framed<T, h1::Codec>), Config = (), Response = (), Error = Infallible, InitError = ()>
+ use<T> {
    let (engines, wires) = (broker.engines.clone(), broker.wires.clone());
    fn_service(move |(request, framed): (Request, Framed<T, h1::Codec>)| {
        match engines.iter().find(|engine| engine.serves(request.path())) {
            Some(engine) => engineio::take_over(engine, &request, framed),
            None => {
                let wire = wires.iter().find(|wire| wire.path == request.path());
                take_over(wire, request, framed);
            }
        }
        std::future::ready(Ok::<_, Infallible>(()))
    })
}

fn builder(workers: usize, broker: &Broker) -> ServerBuilder {
    Server::build()
        .workers(workers)
        .max_concurrent_connections(broker.places())
        .disable_signals()
        .shutdown_timeout(LAST_REQUESTS.as_secs())
}

/// Worker threads.
pub fn workers(config: &Config) -> usize {
    match config.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

fn bind(host: IpAddr, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let address = SocketAddr::from((host, port));
    let open = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from(socket);
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    open().map_err(|error| unbindable(address, error))
}

fn unbindable(address: SocketAddr, error: io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there: choose another server.port",
        io::ErrorKind::PermissionDenied => "ports below 1024 need the right to bind them",
        _ => "see server.host and server.port",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}; {hint}"))
}
