//! Secrets that can be guessed. They are admitted all the same: whether that may be is for the config to decide.
use super::{ApiConfig, Config, OneOrMany, Secret};
use std::path::{Path, PathBuf};

/// Bytes of a secret for HS256 at least (RFC 7518, section 3.2: as long as the hash).
const MIN_HMAC: usize = 32;
/// Bytes of a key of the HTTP API at least.
const MIN_API_KEY: usize = 16;
/// Different bytes in a random text of 16 bytes or more: fewer are a run such as `0000000000000000`.
const MIN_DIFFERENT: usize = 6;
/// Bytes up to which a text is looked at for words. A longer one that is made of them is no placeholder any more.
const MAX_WORDS: usize = 64;
/// What placeholders and secrets for a first try are made of, between digits and signs.
const WORDS: &str = "a access admin and another api at auth bit bits broker callboard change default demo dev example for here \
                     hmac insert is key least long me my of pass password please random replace secret shared some string super \
                     test text the token your";

/// A secret that can be guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guessable {
    /// The config key that has it, or that names its file.
    pub key: &'static str,
    /// What is wrong with it, and what would be right. Never holds the secret.
    pub reason: String,
}

/// The HMAC secrets of `[auth]` that can be guessed: who has one signs tokens for every user. Files that cannot be read are left out.
pub fn guessable_secrets(config: &Config) -> Vec<Guessable> {
    let keys = ("auth.hmac_secret", &config.hmac_secret, "auth.hmac_secret_file", &config.hmac_secret_file);
    guessable(keys, MIN_HMAC, "sign tokens for every user")
}

/// The secret in the file that `authentication.secret_file` names, if it can be guessed. None where the file cannot be read.
pub fn guessable_access(file: &Path) -> Option<Guessable> {
    let files = vec![file.to_owned()].into();
    let keys = ("authentication.secret_file", &OneOrMany::default(), "authentication.secret_file", &files);
    guessable(keys, MIN_HMAC, "sign tokens for every user").pop()
}

/// The keys of `[api]` that can be guessed. Files that cannot be read are left out.
pub fn guessable_keys(config: &ApiConfig) -> Vec<Guessable> {
    let keys = ("api.key", &config.key, "api.key_file", &config.key_file);
    guessable(keys, MIN_API_KEY, "publish and read everything")
}

fn guessable(
    (key, secrets, file_key, files): (&'static str, &OneOrMany<Secret>, &'static str, &OneOrMany<PathBuf>),
    min: usize,
    harm: &str,
) -> Vec<Guessable> {
    let written = secrets.iter().map(|secret| (key, secret.clone()));
    let read =
        files.iter().filter_map(|path| Some((file_key, Secret::new(std::fs::read_to_string(path).ok()?.trim()))));
    let weak = written.chain(read).filter_map(|(key, secret)| Some((key, weakness(secret.expose(), min)?)));
    let remedy = "`callboard init --print` shows fresh ones";
    weak.map(|(key, weakness)| Guessable {
        key,
        reason: format!("{weakness}: whoever guesses it can {harm}; {remedy}"),
    })
    .collect()
}

/// Why a secret can be guessed; none where it cannot.
fn weakness(secret: &str, min: usize) -> Option<String> {
    if secret.len() < min {
        return Some(format!("is shorter than {min} bytes"));
    }
    let mut bytes = secret.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    let is_placeholder = bytes.len() < MIN_DIFFERENT || is_made_of_words(secret);
    is_placeholder.then(|| "is a placeholder".to_owned())
}

/// Whether nothing is in a text but words of the list, digits and signs.
fn is_made_of_words(text: &str) -> bool {
    if text.len() > MAX_WORDS {
        return false;
    }
    let letters: String = text.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    // How far words reach, from every place that words reach.
    let mut reached = vec![false; letters.len() + 1];
    reached[0] = true;
    for at in 0..letters.len() {
        if reached[at] {
            let rest = &letters.as_bytes()[at..];
            for word in WORDS.split_whitespace().filter(|word| rest.starts_with(word.as_bytes())) {
                reached[at + word.len()] = true;
            }
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_short_secrets_can_be_guessed_and_random_ones_cannot() {
        for weak in [
            "short",
            "a long random text",
            "another long random text",
            "change-me-change-me",
            "MY_SUPER_SECRET_API_KEY_123",
            "0123456789012345",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "a-string-secret-at-least-256-bits-long",
        ] {
            assert!(weakness(weak, MIN_API_KEY).is_some(), "{weak}");
        }
        for strong in ["q3l0Yc2bN8xTzVw1", "correct horse battery staple", "7f9c24e5b1d84a0c9e6b3f2a"] {
            assert_eq!(weakness(strong, MIN_API_KEY), None, "{strong}");
        }
        assert!(weakness("q3l0Yc2bN8xTzVw1", MIN_HMAC).is_some());
    }

    #[test]
    fn a_secret_in_a_file_is_told_by_the_key_of_files_and_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "topsecret\n").unwrap();
        let config = toml::from_str(&format!("key_file = [{:?}, '/nowhere']", file.path())).unwrap();
        let found = guessable_keys(&config);
        assert_eq!((found.len(), found[0].key), (1, "api.key_file"));
        assert!(!found[0].reason.contains("topsecret"), "{found:?}");
    }
}
