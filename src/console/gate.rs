//! Whose requests the console answers: those of its own pages, under one of its own names (decision 15).
use crate::broker::{Node, Settings};
use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use log::Level;

/// Why the console does not answer. What it says is the response's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A page of another origin asks.
    #[error("the console answers its own pages only: open it in a tab of its own")]
    Origin,
    /// It is asked under a name that may be anybody's.
    #[error("the console is open to this machine only: open it as http://localhost, with the port of the broker")]
    Host,
}

/// Refuses a request by its head. A page of another origin may navigate to the console and read nothing of it. Where the HTTP API is
/// open to this machine, the host must be a name of this machine: any other may have been made to lead here (DNS rebinding).
pub fn admit(node: &Node, request: &HttpRequest) -> Result<(), Error> {
    let settings = node.settings();
    let admitted = check(&settings, request);
    if let Err(error) = admitted {
        let line = format_args!("a request for {:?} was refused: {error}", request.path());
        node.metrics().log_some(Level::Warn, "console", line);
    }
    admitted
}

fn check(settings: &Settings, request: &HttpRequest) -> Result<(), Error> {
    let headers = request.headers();
    let host = host(settings, request);
    // An origin that is no text is none of ours, unlike an absent one.
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    if is_of_another_page(headers) || !settings.origins.admits(origin, &host, settings.names_for_api) {
        return Err(Error::Origin);
    }
    let own = format!("http://{host}");
    match settings.origins.admits(Some(&own), &host, settings.names_for_api) {
        true => Ok(()),
        false => Err(Error::Host),
    }
}

/// Source: Fetch Metadata Request Headers (W3C), sections 2.1 to 2.3. Browsers that do not send them send an origin, or load
/// nothing by `Cross-Origin-Resource-Policy`.
fn is_of_another_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_own = matches!(text("sec-fetch-site"), None | Some("same-origin" | "none"));
    let is_opened = text("sec-fetch-mode") == Some("navigate") && text("sec-fetch-dest") == Some("document");
    !is_own && !is_opened
}

/// The host that the client asked for: the one that a trusted proxy forwards, else the request's own.
pub fn host(settings: &Settings, request: &HttpRequest) -> String {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = peer.and_then(|peer| settings.proxies.forwarded_host(peer, text("x-forwarded-host")));
    let authority = request.uri().authority().map(|authority| authority.as_str());
    forwarded.or_else(|| text(HOST.as_str())).or(authority).unwrap_or_default().to_owned()
}
