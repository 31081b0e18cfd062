//! Which pages of other origins may read answers (Fetch standard, section 3.3: CORS).
use crate::auth::{Error, Origins, OwnNames};
use actix_http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The methods that a preflight allows: those of the original.
const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");

/// The pages of other origins that may use an endpoint.
pub(super) enum Cors {
    /// None but those that may connect anyway.
    Off,
    /// All of them, without their cookies.
    All,
    /// Those of a list, with their cookies.
    Listed(Origins),
}

pub(super) type Headers = Vec<(HeaderName, HeaderValue)>;

impl Cors {
    /// Fails where an entry is neither an origin nor `*`.
    pub fn new(list: &[String]) -> Result<Self, Error> {
        Ok(match list {
            [] => Cors::Off,
            list if list.iter().any(|entry| entry == "*") => Cors::All,
            list => Cors::Listed(Origins::of_key("socketio.cors", list)?),
        })
    }

    pub fn is_on(&self) -> bool {
        !matches!(self, Cors::Off)
    }

    /// Whether the page that makes this request is one of them.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        match self {
            Cors::Off => false,
            Cors::All => true,
            // Without a host of the broker's own: whether that fits is a matter of `auth.origins`.
            Cors::Listed(origins) => origin(headers)
                .and_then(|origin| origin.to_str().ok())
                .is_some_and(|text| origins.admits(Some(text), "", OwnNames::Loopback)),
        }
    }

    /// What every answer says to the browser.
    pub fn headers(&self, request: &HeaderMap) -> Headers {
        match self {
            Cors::Off => vec![],
            Cors::All => vec![(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))],
            Cors::Listed(_) => {
                let mut headers = vec![(header::VARY, HeaderValue::from_static("Origin"))];
                if let Some(origin) = origin(request).filter(|_| self.admits(request)) {
                    headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
                    headers.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
                }
                headers
            }
        }
    }

    /// What the answer to a preflight says besides.
    pub fn preflight(&self, request: &HeaderMap) -> Headers {
        let mut headers = vec![
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::VARY, HeaderValue::from_static("Access-Control-Request-Headers")),
        ];
        if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
        }
        headers
    }
}

fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::ORIGIN)
}
