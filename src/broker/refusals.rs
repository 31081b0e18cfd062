//! Log lines about rejected clients and pages, each with the setting that would admit them. Only a few per minute and kind are logged.
use super::Node;
use crate::metrics::Metrics;
use log::Level;

impl Node {
    /// Counts and logs that a page was refused because of its origin; `what` it asked for, such as `a connection`.
    pub fn refused_page(&self, what: &str, origin: Option<&str>) {
        Metrics::count(&self.metrics().refusals, "origin");
        self.log_refused_page(what, origin, "");
    }

    /// The same where it is counted elsewhere; `or` is what would help, too.
    pub fn log_refused_page(&self, what: &str, origin: Option<&str>, or: &str) {
        let origin = origin.unwrap_or("null");
        // A page of a file, or in a sandbox, has no origin that a list could name (RFC 6454, section 6.1).
        let line = match origin {
            "null" => {
                format!("{what} from a page without an origin was refused: serve the page by HTTP, not as a file")
            }
            _ => {
                format!("{what} from the origin {origin} was refused: let it in with auth.origins = [\"{origin}\"]{or}")
            }
        };
        self.metrics().log_some(Level::Warn, "origin", format_args!("{line}"));
    }

    /// Logs that a client was refused which has no token, where clients need one.
    pub fn log_missing_token(&self) {
        let line = format_args!(
            "a client without a token was refused: sign one for it (callboard token connection --user 42), or let clients in without \
             one with auth.anonymous = true"
        );
        self.metrics().log_some(Level::Info, "token", line);
    }

    /// Logs that a token was refused; `what` was refused with it, and `reason` says why. Neither shows the token.
    pub fn log_refused_token(&self, what: &str, reason: &dyn std::fmt::Display) {
        self.metrics().log_some(Level::Info, "token", format_args!("{what}: {reason}"));
    }
}
