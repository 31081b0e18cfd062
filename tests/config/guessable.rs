//! Secrets that can be guessed: a warning where this machine alone reaches the broker, an error where others do.
use super::*;

const WEAK: &str =
    "[api]\nkey = 'topsecret'\n[auth]\nhmac_secret = ['0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e', 'topsecret']\n";

fn warnings_of(text: &str) -> Vec<String> {
    let file = file(text);
    let loaded = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default()).expect("a config");
    assert!(loaded.check().is_ok());
    loaded.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn on_loopback_they_are_warnings_with_their_lines_and_without_the_secret() {
    let told = warnings_of(WEAK);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains(".toml:2: `api.key`: is shorter than 16 bytes"), "{told:?}");
    assert!(told[1].contains(".toml:4: `auth.hmac_secret`: is shorter than 32 bytes"), "{told:?}");
    assert!(told.iter().all(|line| line.contains("callboard init") && !line.contains("topsecret")), "{told:?}");
}

#[test]
fn beyond_loopback_they_are_errors_unless_the_user_says_so() {
    let open = format!("[server]\nhost = '0.0.0.0'\n{WEAK}");
    let told = problems_of(load(&open));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("4 api.key ") && told[1].starts_with("6 auth.hmac_secret "), "{told:?}");
    let waived = open.replace("[server]\n", "[server]\nallow_insecure = true\n");
    assert!(load(&waived).is_ok());
    assert_eq!(warnings_of(&waived).len(), 2);
}

#[test]
fn an_address_that_only_the_api_has_counts_for_its_key_alone() {
    let inside = format!("[server]\nhost = '0.0.0.0'\ninternal_host = '127.0.0.1'\ninternal_port = 8001\n{WEAK}");
    let told = problems_of(load(&inside));
    assert!(told.len() == 1 && told[0].starts_with("8 auth.hmac_secret "), "{told:?}");
}

#[test]
fn a_file_that_holds_one_is_told_by_its_key() {
    let secret = file("topsecret\n");
    let told = warnings_of(&format!("[api]\nkey_file = '{}'\n", secret.path().display()));
    assert!(told.len() == 1 && told[0].contains("`api.key_file`"), "{told:?}");
}

#[test]
fn long_random_ones_are_not_told_of() {
    let strong = "[api]\nkey = 'q3l0Yc2bN8xTzVw1'\n[auth]\nhmac_secret = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e'\n";
    assert_eq!(warnings_of(strong), [""; 0]);
}
