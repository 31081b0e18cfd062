//! The path of a request: which service it names, and which document.
use super::Endpoint;
use super::failure::Failure;
use crate::service::{ServiceError, ServiceHandle};
use crate::store::Id;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

impl Endpoint {
    /// The service at a path, and the id that stands behind its own path. Fails where there is none.
    pub(super) fn resolve(&self, path: &str) -> Result<Option<(ServiceHandle, Option<Id>)>, Failure> {
        let below = path.strip_prefix(self.prefix.as_str()).filter(|below| below.is_empty() || below.starts_with('/'));
        let Some(below) = below else { return Ok(None) };
        let segments = below.trim_matches('/').split('/').map(decoded).collect::<Result<Vec<_>, _>>()?;
        Ok(self.app.resolve(&segments))
    }

    /// Whether a service is at a path.
    pub(super) fn serves(&self, path: &str) -> bool {
        matches!(self.resolve(path), Ok(Some(_)))
    }
}

/// A segment as it was meant. The original leaves it as it was written, so that no id with a space in it is ever found.
fn decoded(segment: &str) -> Result<Cow<'_, str>, Failure> {
    let wrong = |_| Failure::malformed(ServiceError::bad_request("The path is no UTF-8"));
    percent_decode_str(segment).decode_utf8().map_err(wrong)
}
