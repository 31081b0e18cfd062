//! The config section `[console]`.
use serde::{Deserialize, Serialize};

/// The console in the browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether it is served. Unset: where the program listens by itself and the HTTP API has a key.
    pub enabled: Option<bool>,
}

impl Config {
    /// Whether the console is served. `is_own` says that the program listens by itself, so that `/` is nobody else's; `has_key` that
    /// the HTTP API has a key, which the console asks for.
    pub fn is_on(&self, is_own: bool, has_key: bool) -> bool {
        self.enabled.unwrap_or(is_own && has_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_off_until_there_is_a_key_and_in_a_mounted_app_until_it_is_asked_for() {
        let unset = Config::default();
        assert!(!unset.is_on(true, false) && unset.is_on(true, true) && !unset.is_on(false, true));
        for answer in [true, false] {
            let set = Config { enabled: Some(answer) };
            assert!(
                [(true, true), (true, false), (false, true)].iter().all(|(own, key)| set.is_on(*own, *key) == answer)
            );
        }
    }
}
