//! A config that is called valid can be served with.
use super::*;
use std::fs;
use std::path::Path;

/// A certificate and its key as PEM files in a folder.
fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(folder.join("chain.pem"), made.cert.pem()).expect("a file");
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
}

fn of_tls(chain: &Path, key: &Path) -> Result<Config, Problems> {
    load(&format!("[server]\ntls_certificate = '{}'\ntls_key = '{}'\n", chain.display(), key.display()))
}

#[test]
fn files_of_tls_that_cannot_be_used_are_problems_that_name_key_and_file() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certificate(folder.path());
    certificate(other.path());
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    assert!(of_tls(&chain, &key).is_ok());

    let missing = Path::new("/nowhere/chain.pem");
    let told = problems_of(of_tls(missing, &key));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("2 server.tls_certificate /nowhere/chain.pem: cannot be read: "), "{told:?}");
    let told = problems_of(of_tls(&chain, missing));
    assert!(told.len() == 1 && told[0].starts_with("3 server.tls_key /nowhere/chain.pem: cannot be read"), "{told:?}");
    let told = problems_of(of_tls(&key, &key));
    assert!(told.len() == 1 && told[0].contains("holds no certificate"), "{told:?}");
    let told = problems_of(of_tls(&chain, &chain));
    assert!(told.len() == 1 && told[0].contains("holds no private key"), "{told:?}");
    let told = problems_of(of_tls(&chain, &other.path().join("key.pem")));
    assert!(told.len() == 1 && told[0].contains("is not the key of "), "{told:?}");
    fs::write(&key, "-----BEGIN PRIVATE KEY-----\n!\n").unwrap();
    let told = problems_of(of_tls(&chain, &key));
    assert!(told.len() == 1 && told[0].starts_with("3 server.tls_key "), "{told:?}");
}

#[test]
fn localhost_is_an_address_and_another_name_is_a_problem() {
    let config = load("[server]\nhost = 'localhost'\ninternal_host = 'localhost'\ninternal_port = 8001\n").unwrap();
    assert!(config.server.host.is_loopback() && config.server.internal_host.is_some_and(|host| host.is_loopback()));
    for (text, key) in [("host = 'example.com'", "host"), ("internal_host = ''\ninternal_port = 1", "internal_host")] {
        let told = problems_of(load(&format!("[server]\n{text}\n")));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("2 server.{key} ")) && told[0].contains("127.0.0.1"), "{told:?}");
    }
}

#[test]
fn types_are_told_in_words() {
    let text = "[server]\nport = 70000\nworkers = -1\ntrusted_proxies = 5\n[auth]\norigins = [5]\nanonymous = 'yes'\n\
                leeway = 5\nhmac_secret = 7\n[limits]\nview_timeout = 'abc'\nframe = 1.5\n[api]\nkey = [5]\n";
    let wanted = [
        "2 server.port a number from 0 to 65535 is wanted, not the number 70000",
        "3 server.workers a whole number from 0 is wanted, not the number -1",
        "4 server.trusted_proxies a list of texts is wanted, not the number 5",
        "6 auth.origins a text is wanted, not the number 5",
        "7 auth.anonymous true or false is wanted, not the text \"yes\"",
        "8 auth.leeway a time such as \"10s\", \"5m\" or \"1h\" is wanted, not the number 5",
        "9 auth.hmac_secret a number where a string or a list of strings belongs; put it in quotes",
        "11 limits.view_timeout a time such as \"10s\", \"5m\" or \"1h\" is wanted, not the text \"abc\"",
        "12 limits.frame a whole number from 0 is wanted, not the number 1.5",
        "14 api.key a text is wanted, not a value of another type",
    ];
    assert_eq!(problems_of(load(text)), wanted);
}

#[test]
fn a_syntax_error_is_one_problem() {
    for (text, line) in [
        ("[server\nport = 1\n", "1 "),
        ("[[namespace]\nname = 'a'\nsubscribe = 'anyone'\n", "1 "),
        ("[auth]\norigins = [\"a\",\nanonymous = true\n\n[api]\nkey = \"q3l0Yc2bN8xTzVw1\"\n", "3 "),
        ("[auth]\nrealm = \"abc\nanonymous = true\n", "2 "),
        ("[server]\nping_interval = 5s\nport = 1\n", "2 "),
        ("[server]\ntls_certificate = 'a.pem'\ntls_key = a.pem\n", "3 "),
    ] {
        let told = problems_of(load(text));
        assert!(told.len() == 1 && told[0].starts_with(line), "{text}{told:?}");
    }
    let told = problems_of(load("[server]\nhost = localhost\nprot = 1\n[auth]\nrealm = abc\n"));
    assert_eq!(told.len(), 3, "each mistake of its own is told: {told:?}");
}

#[test]
fn an_address_of_a_key_set_that_is_none_is_a_problem() {
    for wrong in ["id.example.com", "ftp://id.example.com/keys", "https://", "https://a b/"] {
        let told = problems_of(load(&format!("[auth]\njwks_url = '{wrong}'\n")));
        assert!(told.len() == 1 && told[0].starts_with("2 auth.jwks_url "), "{wrong}: {told:?}");
    }
}
