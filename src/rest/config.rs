//! The config section `[rest]`.
use serde::{Deserialize, Serialize};

/// Services over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What stands before the paths of services; unset: they are not served over HTTP.
    pub prefix: Option<String>,
    /// Bytes of a body; a larger one is refused.
    pub max_body: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { prefix: None, max_body: 1024 * 1024 }
    }
}
