//! Which signatures are accepted, and which never.
use super::signing::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callboard::auth::{Authenticator, Config};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

fn claims() -> Value {
    json!({"sub": "42"})
}

#[test]
fn every_algorithm_is_verified_by_the_key_of_its_kind() {
    let authenticator = authenticator(&format!(
        "hmac_secret = '{SECRET}'\nrsa_public_key = '''{RSA_PUBLIC}'''\n\
         ecdsa_public_key = ['''{P256_PUBLIC}''', '''{P384_PUBLIC}''']\neddsa_public_key = '''{ED25519_PUBLIC}'''"
    ));
    for (algorithm, key) in [
        (Algorithm::HS256, SECRET),
        (Algorithm::HS384, SECRET),
        (Algorithm::HS512, SECRET),
        (Algorithm::RS256, RSA),
        (Algorithm::RS384, RSA),
        (Algorithm::RS512, RSA),
        (Algorithm::ES256, P256),
        (Algorithm::ES384, P384),
        (Algorithm::EdDSA, ED25519),
    ] {
        let token = sign(algorithm, key, &claims());
        let grant = connect(&authenticator, &token).unwrap_or_else(|error| panic!("{algorithm:?}: {error}"));
        assert_eq!(&*grant.identity.user, "42");
        assert!(subscribe(&authenticator, &token).is_ok());
    }
    assert!(is_invalid(&connect(&authenticator, &sign(Algorithm::RS256, RSA_NEXT, &claims()))));
    assert!(is_invalid(&connect(&authenticator, &sign(Algorithm::HS256, "another secret", &claims()))));
    assert!(is_invalid(&connect(&authenticator, &sign(Algorithm::PS256, RSA, &claims()))), "not one of ours");
}

#[test]
fn several_keys_of_a_kind_are_good_at_once_while_one_replaces_another() {
    let authenticator = authenticator(&format!(
        "hmac_secret = ['old', 'new']\nrsa_public_key = ['''{RSA_PUBLIC}''', '''{RSA_NEXT_PUBLIC}''']"
    ));
    for (algorithm, key) in
        [(Algorithm::HS256, "old"), (Algorithm::HS256, "new"), (Algorithm::RS256, RSA), (Algorithm::RS256, RSA_NEXT)]
    {
        assert!(connect(&authenticator, &sign(algorithm, key, &claims())).is_ok());
    }
}

#[test]
fn a_public_key_never_serves_as_an_hmac_secret() {
    for (kind, public) in [("rsa", RSA_PUBLIC), ("ecdsa", P256_PUBLIC), ("eddsa", ED25519_PUBLIC)] {
        let authenticator = authenticator(&format!("{kind}_public_key = '''{public}'''"));
        for secret in [public, public.trim_end(), &public.replace('\n', "")] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let forged = sign(algorithm, secret, &claims());
                assert!(is_invalid(&connect(&authenticator, &forged)), "{kind} as the secret of {algorithm:?}");
            }
        }
    }
}

#[test]
fn a_token_without_a_signature_is_refused_however_it_spells_none() {
    let authenticator = with_secret("");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = hs256(&claims()).rsplit('.').next().unwrap().to_owned();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = format!("{}.{}", part(&json!({"alg": none, "typ": "JWT"})), part(&claims()));
        for end in ["", ".", &format!(".{signature}")] {
            assert!(is_invalid(&connect(&authenticator, &format!("{unsigned}{end}"))), "alg {none:?}");
        }
    }
    let stripped = hs256(&claims()).rsplit_once('.').unwrap().0.to_owned() + ".";
    assert!(is_invalid(&connect(&authenticator, &stripped)), "HS256 with an empty signature");
}

#[test]
fn a_token_that_was_changed_after_signing_is_refused() {
    let authenticator = with_secret("");
    let token = hs256(&claims());
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let other = URL_SAFE_NO_PAD.encode(r#"{"sub":"43"}"#);
    assert!(is_invalid(&connect(&authenticator, &format!("{header}.{other}.{signature}"))));
}

#[test]
fn garbage_is_refused() {
    let authenticator = with_secret("");
    for garbage in
        ["", ".", "..", "...", "a.b.c", "null", "{}", "\0", "é.é.é", "eyJhbGciOiJIUzI1NiJ9.e30", "e30.e30.e30"]
    {
        assert!(is_invalid(&connect(&authenticator, garbage)), "{garbage:?}");
    }
}

#[test]
fn an_oversized_token_is_refused_and_one_just_below_the_bound_is_not() {
    let authenticator = with_secret("");
    let token = |len: usize| hs256(&json!({"sub": "42", "info": "x".repeat(len)}));
    assert!(connect(&authenticator, &token(12_000)).is_ok());
    assert!(is_invalid(&connect(&authenticator, &token(12_400))));
}

#[test]
fn extensions_that_must_be_understood_are_refused() {
    let header = Header { crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::HS256) };
    assert!(is_invalid(&connect(&with_secret(""), &sign_as(header, SECRET, &claims()))));
}

#[test]
fn without_any_key_every_token_is_refused() {
    let authenticator = authenticator("anonymous = true");
    for (algorithm, key) in [(Algorithm::HS256, SECRET), (Algorithm::HS256, ""), (Algorithm::RS256, RSA)] {
        assert!(is_invalid(&connect(&authenticator, &sign(algorithm, key, &claims()))));
    }
}

#[test]
fn keys_are_read_from_files_each_time_an_authenticator_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, public) = (dir.path().join("secret"), dir.path().join("rsa.pem"));
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    std::fs::write(&public, RSA_PUBLIC).unwrap();
    let config = format!("hmac_secret_file = {secret:?}\nrsa_public_key = {public:?}");
    let first = authenticator(&config);
    assert!(connect(&first, &hs256(&claims())).is_ok());
    assert!(connect(&first, &sign(Algorithm::RS256, RSA, &claims())).is_ok());

    std::fs::write(&secret, "rotated").unwrap();
    let second = authenticator(&config);
    assert!(is_invalid(&connect(&second, &hs256(&claims()))));
    assert!(connect(&second, &sign(Algorithm::HS256, "rotated", &claims())).is_ok());
}

#[test]
fn a_key_that_cannot_be_used_is_an_error_that_names_its_config_key_and_shows_no_secret() {
    for (config, key) in [
        ("hmac_secret = ''".to_owned(), "auth.hmac_secret:"),
        (format!("hmac_secret = '''{RSA_PUBLIC}'''"), "auth.hmac_secret:"),
        ("hmac_secret_file = '/nowhere/secret'".to_owned(), "auth.hmac_secret_file:"),
        ("rsa_public_key = '/nowhere/rsa.pem'".to_owned(), "auth.rsa_public_key:"),
        (format!("rsa_public_key = '''{P256_PUBLIC}'''"), "auth.rsa_public_key:"),
        (format!("rsa_public_key = '''{RSA}'''"), "auth.rsa_public_key:"),
        (format!("rsa_public_key = '''{RSA_WEAK_PUBLIC}'''"), "auth.rsa_public_key:"),
        (format!("ecdsa_public_key = '''{RSA_PUBLIC}'''"), "auth.ecdsa_public_key:"),
        (format!("eddsa_public_key = '''{P256_PUBLIC}'''"), "auth.eddsa_public_key:"),
        (format!("eddsa_public_key = '''{ED25519}'''"), "auth.eddsa_public_key:"),
        ("leeway = '1day'".to_owned(), "auth.leeway:"),
        ("revocation_ttl = '0s'".to_owned(), "auth.revocation_ttl:"),
    ] {
        let error = Authenticator::new(&toml::from_str::<Config>(&config).unwrap()).err();
        let message = error.unwrap_or_else(|| panic!("{config} was taken")).to_string();
        assert!(message.starts_with(key) && !message.contains("-----BEGIN"), "{message}");
    }
}
