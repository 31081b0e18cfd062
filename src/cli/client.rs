//! The client of a running broker: where it is, and its HTTP API.
use super::{Error, Options, unknown_channel};
use crate::auth::ApiConfig;
use crate::server::ServerConfig;
use actix_web::HttpMessage;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use awc::http::{StatusCode, Uri};
use bytes::Bytes;
use clap::Args;
use futures_util::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The content type of a stream of lines.
const LINES: &str = "application/x-ndjson";
/// How long an answer of the API may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer: `channels` lists a million of them.
const MAX_ANSWER: usize = 256 * 1024 * 1024;
/// Bytes of an answer that refuses to stream.
const MAX_REFUSAL: usize = 64 * 1024;
/// How long a stream may last; what is silent for long is given up by its reader.
const STREAMING: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Which broker to talk to.
#[derive(Debug, Clone, Args)]
pub(super) struct Remote {
    /// Where the broker is, such as https://events.example.com; without it, where the config says
    #[arg(long, value_name = "URL", env = "CALLBOARD_URL", help_heading = "Broker")]
    url: Option<String>,
    /// The key of the HTTP API; without it, the config's first `api.key`
    #[arg(long, value_name = "KEY", help_heading = "Broker")]
    api_key: Option<String>,
}

/// A broker's addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// Of the HTTP API, without the method.
    pub(super) api: String,
    /// Of the WebSocket.
    pub(super) socket: String,
    /// Of health and readiness, without the path.
    pub(super) root: String,
}

impl Remote {
    /// The broker's addresses: those of the URL, else those the config makes it listen on.
    pub(super) fn endpoints(&self, options: &Options) -> Result<Endpoints, Error> {
        let server = options.read()?.config.server;
        match &self.url {
            Some(url) => Endpoints::of_url(url, &server),
            None => Ok(Endpoints::of_config(&server)),
        }
    }

    /// A client of the HTTP API.
    pub(super) fn api(&self, options: &Options) -> Result<Api, Error> {
        let key = match &self.api_key {
            Some(key) => Some(key.clone()),
            None => first_key(&options.read()?.config.api)?,
        };
        Ok(Api { http: http_client(), base: self.endpoints(options)?.api, key })
    }
}

/// The first key that the config admits.
fn first_key(api: &ApiConfig) -> Result<Option<String>, Error> {
    if let Some(key) = api.key.iter().next() {
        return Ok(Some(key.expose().to_owned()));
    }
    let read = |path: &std::path::PathBuf| {
        let failed = |error| Error::Failed(format!("`api.key_file`: cannot read {}: {error}", path.display()));
        std::fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(failed)
    };
    api.key_file.iter().next().map(read).transpose()
}

impl Endpoints {
    fn of_url(url: &str, server: &ServerConfig) -> Result<Self, Error> {
        let wrong = || Error::Usage(format!("`--url {url}` is no address; write it like http://127.0.0.1:8000"));
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let secure = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(wrong()),
        };
        let place = format!("{authority}{}", uri.path().trim_end_matches('/'));
        Ok(Self::at(&place, secure, server))
    }

    /// The internal listener speaks no TLS.
    fn of_config(server: &ServerConfig) -> Self {
        let public = SocketAddr::new(reachable(server.host), server.port).to_string();
        let own = Self::at(&public, server.tls_certificate.is_some(), server);
        let Some(port) = server.internal_port else { return own };
        let internal = SocketAddr::new(reachable(server.internal_host.unwrap_or(server.host)), port).to_string();
        Endpoints { socket: own.socket, ..Self::at(&internal, false, server) }
    }

    fn at(place: &str, secure: bool, server: &ServerConfig) -> Self {
        let tail = if secure { "s" } else { "" };
        Endpoints {
            api: format!("http{tail}://{place}{}", server.api_prefix),
            socket: format!("ws{tail}://{place}{}/websocket", server.connection_prefix),
            root: format!("http{tail}://{place}"),
        }
    }
}

/// A broker that listens on every address is reached at the loopback one.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

/// A client for HTTP and WebSocket.
pub(super) fn http_client() -> awc::Client {
    // Fails only where a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A WebSocket of one HTTP version only: an upgrade is not offered over HTTP/2.
    awc::Client::builder().timeout(TIMEOUT).max_http_version(awc::http::Version::HTTP_11).finish()
}

/// A client of the HTTP API.
pub(super) struct Api {
    http: awc::Client,
    base: String,
    key: Option<String>,
}

/// What the API answers with 200.
#[derive(serde::Deserialize)]
struct ApiAnswer {
    result: Option<Box<RawValue>>,
    error: Option<ApiError>,
}

#[derive(serde::Deserialize)]
struct ApiError {
    code: u32,
    message: String,
}

impl Api {
    /// Calls a method; gives the `result`. Fails with what to do next where the broker is not there, refuses, or answers
    /// something else than the API does.
    pub(super) async fn call(&self, method: &str, parameters: &impl Serialize) -> Result<Box<RawValue>, Error> {
        let (url, mut response) = self.send(method, parameters).await?;
        let body = response.body().limit(MAX_ANSWER).await;
        let body = body.map_err(|error| {
            Error::Failed(format!("{url}: the connection ended before the answer was complete: {error}"))
        })?;
        match response.status() {
            StatusCode::OK => result_of(&url, &body, parameters),
            status => Err(Error::Failed(refused(&url, status, self.key.is_some()))),
        }
    }

    /// Calls a method that answers with a stream of lines; gives the stream. Fails as [`Api::call`] does.
    pub(super) async fn stream<P: Serialize>(
        &self,
        method: &str,
        parameters: &P,
    ) -> Result<impl Stream<Item = Result<Bytes, PayloadError>> + use<P>, Error> {
        let (url, response) = self.send(method, parameters).await?;
        let mut response = response.timeout(STREAMING);
        match response.status() {
            StatusCode::OK if HttpMessage::content_type(&response) == LINES => return Ok(response),
            StatusCode::OK => {}
            status => return Err(Error::Failed(refused(&url, status, self.key.is_some()))),
        }
        let body = response.body().limit(MAX_REFUSAL).await;
        let body = body.map_err(|error| {
            Error::Failed(format!("{url}: the connection ended before the answer was complete: {error}"))
        })?;
        result_of(&url, &body, parameters)?;
        Err(Error::Failed(format!("{url}: the answer is not a stream; is the broker older than this program?")))
    }

    async fn send<P: Serialize>(
        &self,
        method: &str,
        parameters: &P,
    ) -> Result<(String, awc::ClientResponse<impl Stream<Item = Result<Bytes, PayloadError>> + use<P>>), Error> {
        let url = format!("{}/{method}", self.base);
        let mut request = self.http.post(&url);
        if let Some(key) = &self.key {
            request = request.insert_header(("X-API-Key", key.as_str()));
        }
        let response = request.send_json(parameters).await.map_err(|error| unreachable_at(&url, &error))?;
        Ok((url, response))
    }
}

/// Reads a result as a type.
pub(super) fn parse<T: DeserializeOwned>(result: &RawValue) -> Result<T, Error> {
    let failed = |error| Error::Failed(format!("the broker answered something unknown ({error}): {}", result.get()));
    serde_json::from_str(result.get()).map_err(failed)
}

fn result_of(url: &str, body: &[u8], parameters: &impl Serialize) -> Result<Box<RawValue>, Error> {
    let answer: ApiAnswer = serde_json::from_slice(body)
        .map_err(|_| Error::Failed(format!("{url}: this is not the API of a broker; name it with --url")))?;
    match (answer.result, answer.error) {
        (_, Some(error)) => {
            // What the call was about, where it was about one channel.
            let parameters = serde_json::to_value(parameters).unwrap_or_default();
            let words = refusal(error.code, &error.message, parameters["channel"].as_str());
            Err(Error::Refused(error.code, words))
        }
        (Some(result), None) => Ok(result),
        (None, None) => Err(Error::Failed(format!("{url}: the answer has neither a result nor an error"))),
    }
}

/// An error of the contract in words, with what helps; `channel` is the one that it is about, where it is about one.
pub(super) fn refusal(code: u32, message: &str, channel: Option<&str>) -> String {
    let unknown = unknown_channel::hint(channel);
    let hint = match code {
        102 => &unknown,
        103 => {
            "; see `subscribe` and `publish` of the channel's [[namespace]], or bring a token: callboard token --help"
        }
        107 => "; a channel's name has 1 to `limits.channel_name` bytes, and a pattern is written like 'chat:*'",
        108 => "; switch it on in the channel's [[namespace]]",
        109 => "; sign a new one: callboard token --help",
        _ => "",
    };
    format!("refused: {message} ({code}){hint}")
}

fn refused(url: &str, status: StatusCode, had_key: bool) -> String {
    match (status, had_key) {
        (StatusCode::UNAUTHORIZED, true) => format!("{url}: the API key is not one of the broker's `api.key`"),
        (StatusCode::UNAUTHORIZED, false) => {
            format!("{url}: the broker requires an API key: pass --api-key KEY, or --config FILE with `api.key`")
        }
        (StatusCode::NOT_FOUND, _) => format!("{url}: there is no API here; check --url and `server.api_prefix`"),
        (StatusCode::TOO_MANY_REQUESTS, _) => {
            format!(
                "{url}: too many wrong API keys came from this address; try again in a while, with one of `api.key`"
            )
        }
        (StatusCode::PAYLOAD_TOO_LARGE, _) => format!("{url}: larger than the broker's `limits.body`"),
        _ => format!("{url}: answered {status}"),
    }
}

/// What to say of a broker that is not reached.
pub(super) fn unreachable_at(url: &str, error: &SendRequestError) -> Error {
    let hint = match error {
        SendRequestError::Connect(ConnectError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            "; that port does not speak TLS: try http:// (--url)"
        }
        SendRequestError::Connect(ConnectError::Io(_)) => {
            "; is it running (callboard serve), and at this address (--url)?"
        }
        _ => "",
    };
    Error::Failed(format!("{url}: cannot reach the broker: {error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_on_every_address_is_called_on_loopback_and_its_api_where_it_is_internal() {
        let server = ServerConfig {
            host: Ipv4Addr::UNSPECIFIED.into(),
            internal_host: Some(Ipv6Addr::LOCALHOST.into()),
            internal_port: Some(9001),
            tls_certificate: Some("chain.pem".into()),
            ..ServerConfig::default()
        };
        let endpoints = Endpoints::of_config(&server);
        assert_eq!(endpoints.api, "http://[::1]:9001/api");
        assert_eq!(endpoints.socket, "wss://127.0.0.1:8000/connection/websocket");
    }

    #[test]
    fn a_url_keeps_its_path_and_its_security() {
        let server = ServerConfig::default();
        let endpoints = Endpoints::of_url("https://example.com/events/", &server).unwrap();
        assert_eq!(endpoints.api, "https://example.com/events/api");
        assert_eq!(endpoints.socket, "wss://example.com/events/connection/websocket");
        assert!(Endpoints::of_url("localhost:8000", &server).is_err());
        assert!(Endpoints::of_url("ftp://localhost", &server).is_err());
    }
}
