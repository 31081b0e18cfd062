//! `callboard init`, and what `check-config` and `serve` say of a config.
use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn init_writes_a_config_that_is_valid_and_as_safe_beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("callboard.toml");
    let output = callboard(&["init"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(out(&output), "wrote callboard.toml; next: callboard serve --config callboard.toml\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "it holds secrets");

    let path = path.to_str().unwrap();
    for more in [&[][..], &["--host", "0.0.0.0"]] {
        let output = run(&[&["check-config", "--config", path], more].concat());
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{more:?}");
    }
    let token = run(&["token", "connection", "--user", "42", "--config", path]);
    assert_eq!(token.status.code(), Some(0), "{}", err(&token));
}

#[test]
fn init_never_writes_over_a_file() {
    let file = file("mine");
    let path = file.path().to_str().unwrap();
    for arguments in [&["init", path][..], &["init", "--config", path]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("stays as it is") && err(&output).contains("--print"), "{}", err(&output));
    }
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn each_config_that_init_prints_has_secrets_of_its_own() {
    let secrets = || {
        let printed = out(&run(&["init", "--print"]));
        let config: toml::Table = toml::from_str(&printed).unwrap();
        [("auth", "hmac_secret"), ("api", "key")]
            .map(|(section, key)| config[section][key].as_str().unwrap().to_owned())
    };
    let ([first, first_key], [second, second_key]) = (secrets(), secrets());
    assert!(first.len() >= 43 && first != second && first != first_key && first_key != second_key);
}

#[test]
fn serve_says_what_check_config_says_and_ends_with_2() {
    let service = "[[expose]]\nspace = 'service:messages'\nas = 'messages:'\n";
    let tls = "[server]\ntls_certificate = '/nowhere/chain.pem'\ntls_key = '/nowhere/key.pem'\n";
    let weak = "[server]\nhost = '0.0.0.0'\n[api]\nkey = 'secret'\n";
    for text in [WRONG, service, tls, weak, "[server\n"] {
        let file = file(text);
        let path = file.path().to_str().unwrap();
        let [checked, served] =
            [["check-config", "--config", path], ["serve", "--config", path]].map(|line| run(&line));
        assert_eq!((checked.status.code(), served.status.code()), (Some(2), Some(2)), "{text}{}", err(&served));
        assert_eq!(err(&checked), err(&served), "{text}");
    }
}

#[test]
fn a_warning_is_told_and_is_no_error() {
    let file = file("[api]\nkey = 'secret'\n");
    let path = file.path().to_str().unwrap();
    let mut command = callboard(&["check-config", "--config", path]);
    let output = command.env("CALLBOARD_PORT", "9000").env("CALLBOARD_URL", "http://localhost:1").output().unwrap();
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "the config is valid\n"));
    let said = err(&output);
    assert_eq!(said.lines().count(), 2, "an option's own variable is none: {said}");
    assert!(said.contains("`api.key`") && said.contains("did you mean CALLBOARD_SERVER__PORT?"), "{said}");
    let output = callboard(&["check-config", "--json", "--config", path]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["ok"], report["warnings"][0]["key"].as_str()), (&Value::Bool(true), Some("api.key")));
}

#[test]
fn the_host_may_be_called_localhost() {
    let output = run(&["print-config", "--json", "--host", "localhost"]);
    let config: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(config["server"]["host"], "127.0.0.1");
    let output = run(&["check-config", "--host", "example.com"]);
    assert!(
        output.status.code() == Some(2) && err(&output).contains("not an address to listen on"),
        "{}",
        err(&output)
    );
}
