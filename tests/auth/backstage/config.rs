//! Which configs are taken.
use super::*;

fn refused(config: &str) -> Option<String> {
    let config: backstage::Config = toml::from_str(config).unwrap();
    let made = Authenticator::for_backstage(&config, BackstageOptions::default()).map(drop);
    let checked = config.check();
    assert_eq!(made.as_ref().err().map(ToString::to_string), checked.as_ref().err().map(ToString::to_string));
    checked.err().map(|error| error.to_string())
}

#[test]
fn a_config_that_cannot_be_used_is_an_error_that_names_its_key_and_shows_no_secret() {
    let one = "plugins = ['catalog']";
    for (config, key) in [
        ("user_jwks_url = 'backstage.test'".to_owned(), "user_jwks_url"),
        (format!("{one}\nservice_jwks_url = '/api/{{plugin}}/keys'"), "service_jwks_url"),
        ("plugins = ['a', 'b']\nservice_jwks_url = 'http://localhost:7007/keys'".to_owned(), "service_jwks_url"),
        ("service_jwks_url = 'http://localhost:7007/api/{plugin}/keys'".to_owned(), "plugins"),
        (format!("service_public_key = '''{P256_PUBLIC}'''"), "plugins"),
        ("plugins = ['../auth']".to_owned(), "plugins"),
        ("plugins = ['']".to_owned(), "plugins"),
        ("plugins = ['catalog', 'catalog']".to_owned(), "plugins"),
        ("legacy_secret = 'topsecret!'".to_owned(), "legacy_secret"),
        (format!("legacy_secret = '''{P256_PUBLIC}'''"), "legacy_secret"),
        ("legacy_secret = '='".to_owned(), "legacy_secret"),
        ("legacy_secret_file = '/nowhere/secret'".to_owned(), "legacy_secret_file"),
        ("user_public_key = '/nowhere/key.pem'".to_owned(), "user_public_key"),
        (format!("user_public_key = '''{P256}'''"), "user_public_key"),
        (format!("user_public_key = '''{RSA_WEAK_PUBLIC}'''"), "user_public_key"),
        (format!("{one}\nservice_public_key = '''{RSA}'''"), "service_public_key"),
        ("leeway = '1day'".to_owned(), "leeway"),
        ("revocation_ttl = '0s'".to_owned(), "revocation_ttl"),
        ("user_jwks_url = 'https://backstage.test/keys'\njwks_refresh = '1s'".to_owned(), "jwks_refresh"),
    ] {
        let message = refused(&config).unwrap_or_else(|| panic!("{config} was taken"));
        assert!(message.starts_with(&format!("backstage.auth.{key}: ")), "{message}");
        assert!(!message.contains("-----BEGIN") && !message.contains("topsecret"), "{message}");
    }
}

#[test]
fn a_public_key_may_be_of_any_asymmetric_kind_as_text_or_as_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    std::fs::write(&path, ED25519_PUBLIC).unwrap();
    let authenticator = with(
        &format!("user_public_key = ['''{P256_PUBLIC}''', '''{P384_PUBLIC}''', '''{RSA_PUBLIC}''', {path:?}]"),
        BackstageOptions::default(),
    );
    for (algorithm, key) in [
        (Algorithm::ES256, P256),
        (Algorithm::ES384, P384),
        (Algorithm::RS256, RSA),
        (Algorithm::RS512, RSA),
        (Algorithm::EdDSA, ED25519),
    ] {
        let token = typed(Some(USER), algorithm, key, &user_claims(&json!({})));
        assert!(connect(&authenticator, &token).is_ok(), "{algorithm:?}");
    }
}

#[test]
fn the_config_as_the_docs_show_it_is_taken_and_so_is_one_plugin_with_an_address_of_its_own() {
    for config in [
        "",
        "user_jwks_url = 'http://localhost:7007/api/auth/.well-known/jwks.json'\n\
         service_jwks_url = 'http://localhost:7007/api/{plugin}/.backstage/auth/v1/jwks.json'\n\
         plugins = ['catalog']\nlegacy_secret = ''",
        "service_jwks_url = 'http://localhost:7007/keys'\nplugins = ['My_catalog-2']",
        "plugins = ['catalog']",
    ] {
        let checked = toml::from_str::<backstage::Config>(config).unwrap().check();
        assert!(checked.is_ok(), "{config}: {checked:?}");
    }
}
