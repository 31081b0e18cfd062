//! Keys of the HTTP API.
use super::secret::gather;
use super::{ApiConfig, Error, Secret};
use subtle::{Choice, ConstantTimeEq};

/// The keys that the HTTP API admits.
pub struct ApiKeys(Vec<Secret>);

impl ApiKeys {
    /// Reads the keys and key files of the config. Fails where a key is empty or a file cannot be read.
    pub fn new(config: &ApiConfig) -> Result<Self, Error> {
        gather(("api.key", &config.key), ("api.key_file", &config.key_file)).map(ApiKeys)
    }

    /// Whether no key is configured, and so every request admitted. Whether that may be is for the server to decide.
    pub fn is_keyless(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request is admitted: by any of the header `X-API-Key`, the header `Authorization: apikey KEY`, and the
    /// query parameter `api_key`, given here as they came (the query parameter percent-decoded); or because no key is
    /// configured. `Bearer` is not looked at.
    ///
    /// Every candidate is compared with every key, in a time that depends on lengths only.
    pub fn admits(&self, x_api_key: Option<&str>, authorization: Option<&str>, query: Option<&str>) -> bool {
        let candidates = [x_api_key, authorization.and_then(api_key_of), query];
        let mut admitted = Choice::from(u8::from(self.is_keyless()));
        for candidate in candidates.into_iter().flatten() {
            for key in &self.0 {
                admitted |= key.expose().as_bytes().ct_eq(candidate.as_bytes());
            }
        }
        admitted.into()
    }
}

/// The key in `Authorization: apikey KEY`; the scheme's case does not matter (RFC 9110, section 11.1).
fn api_key_of(authorization: &str) -> Option<&str> {
    let (scheme, key) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("apikey").then(|| key.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(toml: &str) -> ApiKeys {
        ApiKeys::new(&toml::from_str(toml).unwrap()).unwrap()
    }

    #[test]
    fn a_key_is_taken_from_either_header_or_the_query() {
        let keys = keys("key = ['new', 'old']");
        assert!(keys.admits(Some("new"), None, None));
        assert!(keys.admits(None, Some("apikey old"), None));
        assert!(keys.admits(None, Some("ApiKey old"), None));
        assert!(keys.admits(None, None, Some("new")));
        assert!(keys.admits(None, Some("Basic Zm9v"), Some("new")), "another scheme does not get in the way");
    }

    #[test]
    fn anything_else_is_refused() {
        let keys = keys("key = 'secret'");
        for wrong in ["", "secre", "secret ", "secrets", "Secret", "\0"] {
            assert!(!keys.admits(Some(wrong), None, None), "{wrong:?}");
            assert!(!keys.admits(None, None, Some(wrong)), "{wrong:?}");
        }
        for wrong in ["secret", "Bearer secret", "apikey", "apikey ", "apikeysecret"] {
            assert!(!keys.admits(None, Some(wrong), None), "{wrong:?}");
        }
        assert!(!keys.admits(None, None, None));
    }

    #[test]
    fn without_keys_everybody_is_admitted_and_the_server_can_tell() {
        assert!(keys("").is_keyless() && keys("").admits(None, None, None));
        assert!(!keys("key = 'a'").is_keyless());
    }

    #[test]
    fn an_empty_key_is_an_error_that_names_its_config_key() {
        let error = ApiKeys::new(&toml::from_str("key = ''").unwrap()).err().unwrap();
        assert!(error.to_string().starts_with("api.key:"), "{error}");
    }

    #[test]
    fn keys_are_read_from_files_without_their_line_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-a-file\n").unwrap();
        let keys = keys(&format!("key_file = {:?}", file.path()));
        assert!(keys.admits(Some("from-a-file"), None, None) && !keys.is_keyless());
        let error = ApiKeys::new(&toml::from_str("key_file = '/nowhere/key'").unwrap()).err().unwrap();
        assert!(error.to_string().starts_with("api.key_file: cannot read /nowhere/key"), "{error}");
    }
}
