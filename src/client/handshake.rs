//! Opening a connection: a token, then the WebSocket handshake.
use super::settings::Settings;
use super::shared::Shared;
use actix_codec::Framed;
use awc::BoxedSocket;
use awc::error::{ConnectError, SendRequestError, WsClientError};
use awc::http::StatusCode;
use awc::http::header::{AUTHORIZATION, HeaderValue};
use awc::ws::Codec;
use futures_util::FutureExt;
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anybody's patience.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 3600);

/// The client for the handshakes of all events clients of a thread.
pub(super) fn http_client() -> awc::Client {
    // awc makes a config of the process's provider and panics without one, whatever config it is then given. This fails only where
    // there is one already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `ClientOptions::patience` bounds the time; each connection is of a client of its own, and they are not bounded together. An
    // upgrade is not offered over HTTP/2.
    let connector = awc::Connector::new().limit(0).timeout(UNBOUNDED).handshake_timeout(UNBOUNDED);
    let http = awc::Client::builder().connector(connector).disable_timeout();
    http.max_http_version(awc::http::Version::HTTP_11).finish()
}

/// Asks for a token and shakes hands; why not, with what to look at.
pub(super) async fn open(http: &awc::Client, shared: &Shared) -> Result<Framed<BoxedSocket, Codec>, String> {
    let Settings { url, options, .. } = &*shared.settings;
    let authorization = authorization(&shared.settings).await?;
    let mut request = http.ws(url);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    match timeout(options.patience, request.connect()).await {
        Ok(Ok((_, socket))) => Ok(socket),
        Ok(Err(error)) => Err(refused(url, &error)),
        Err(_) => Err(format!("{url}: no answer within {:?}", options.patience)),
    }
}

/// The header with a new token; none where the source has none to give.
async fn authorization(settings: &Settings) -> Result<Option<HeaderValue>, String> {
    // Inside the future, so that a source that panics before it has made one is caught, too.
    let asked = AssertUnwindSafe(async { settings.token.token().await }).catch_unwind();
    let token = match timeout(settings.options.patience, asked).await {
        Ok(Ok(Ok(Some(token)))) => token,
        Ok(Ok(Ok(None))) => return Ok(None),
        Ok(Ok(Err(reason))) => return Err(format!("the token source gives no token: {reason}")),
        Ok(Err(_)) => return Err("the token source panicked".into()),
        Err(_) => return Err(format!("the token source gave no token within {:?}", settings.options.patience)),
    };
    let header = HeaderValue::try_from(format!("Bearer {}", token.trim()));
    let mut header = header.map_err(|_| "the token has letters that no header can carry".to_owned())?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// What the handshake failed with, and what to look at.
fn refused(url: &str, error: &WsClientError) -> String {
    match error {
        WsClientError::InvalidResponseStatus(status) => {
            let hint = match *status {
                StatusCode::UNAUTHORIZED => {
                    "; the broker does not take this token: has it expired, is it a service token (of a frontend: a user's), \
                     does `[backstage.auth]` in the broker's config know who issued it?"
                }
                StatusCode::NOT_FOUND => {
                    "; no events are here: look at `backend.baseUrl` and `backend.events.endpoint`, and at `events` and \
                     `events_path` of `[backstage]` in the broker's config"
                }
                _ => "",
            };
            format!("{url}: answered {status}{hint}")
        }
        WsClientError::SendRequest(SendRequestError::Connect(reason)) => {
            let hint = match reason {
                ConnectError::Io(error) if error.kind() == ErrorKind::InvalidData => {
                    "is TLS spoken there, with a certificate of a public authority? If not, write the address with http or ws"
                }
                _ => "is the broker running, and there?",
            };
            format!("{url}: {reason}; {hint}")
        }
        other => format!("{url}: this is not a WebSocket of a broker: {other}"),
    }
}
