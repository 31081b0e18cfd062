//! The section `[authentication]`.
use super::*;

const GOOD: &str =
    "[auth]\nanonymous = true\nhmac_secret = '7f9c24e5b1d84a0c9e6b3f2a7f9c24e5'\n[authentication]\nservice = 'users'\n";

#[test]
fn logins_that_could_never_work_are_problems_with_their_lines() {
    assert!(load(GOOD).is_ok());
    let without_secret = "[auth]\nanonymous = true\n[authentication]\nservice = 'users'\n";
    assert_eq!(
        problems_of(load(without_secret)),
        [
            "4 authentication.service needs `authentication.secret_file` or `auth.hmac_secret`, which signs the tokens of logins"
        ]
    );
    let closed = GOOD.replace("anonymous = true\n", "");
    assert_eq!(
        problems_of(load(&closed)),
        [
            "3 authentication.strategies `local` is for clients that have no token yet, and needs `auth.anonymous = true`"
        ]
    );
    assert!(load(&format!("{closed}strategies = ['jwt']\n")).is_ok());
    for (line, problem) in [
        ("password = 'a.b'", "password the name of a field is wanted, without dots, such as \"email\""),
        ("username = ''", "username the name of a field is wanted, without dots, such as \"email\""),
        ("password = 'email'", "password is the same field as `authentication.username`"),
        ("strategies = []", "strategies needs one at least: \"local\" or \"jwt\""),
        ("expires_in = '1ms'", "expires_in must be at least 1s"),
        ("attempts_by_address = 0", "attempts_by_address must be more than 0: no limit is off"),
        ("hash_queue = 0", "hash_queue must be more than 0: no limit is off"),
        ("secret = 'x'", "secret unknown key"),
    ] {
        let told = problems_of(load(&format!("{GOOD}{line}\n")));
        assert_eq!(told, [format!("6 authentication.{problem}")], "{line}");
    }
    let told = problems_of(load(&GOOD.replace("'users'", "'users/:id'")));
    assert!(told[0].starts_with("5 authentication.service the path of a service is wanted"), "{told:?}");
    let told = problems_of(load(&format!("{GOOD}strategies = ['oauth']\n")));
    assert!(told[0].starts_with("6 authentication.strategies "), "{told:?}");
}

#[test]
fn a_secret_of_logins_is_read_and_one_that_can_be_guessed_is_told() {
    let secret = file("topsecret\n");
    let text = format!("{GOOD}secret_file = '{}'\n", secret.path().display());
    let beyond = text.replace("[auth]\n", "[server]\nhost = '0.0.0.0'\n[api]\nkey = 'q3l0Yc2bN8xTzVw1'\n[auth]\n");
    let told = problems_of(load(&beyond));
    assert!(
        told.len() == 1 && told[0].starts_with("10 authentication.secret_file is shorter than 32 bytes"),
        "{told:?}"
    );
    assert!(!told[0].contains("topsecret") && load(&text).is_ok());
    let missing = problems_of(load(&format!("{GOOD}secret_file = '/nowhere/secret'\n")));
    assert!(missing[0].starts_with("6 authentication.secret_file cannot read /nowhere/secret"), "{missing:?}");
}

#[test]
fn users_of_a_service_are_for_a_program_and_not_for_the_binary_alone() {
    let file = file(GOOD);
    let loaded = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default()).expect("a good config");
    assert!(loaded.check().is_ok());
    let wanted = "5 authentication.service no service is registered at `users`; a [[service]] declares one, or a program of your own in Rust";
    assert_eq!(problems_of(loaded.check_alone().map(|()| loaded.config)), [wanted]);
    let declared = super::file(&format!("{GOOD}[[service]]\npath = '/users/'\nstore = 'memory'\n"));
    let source = Source::File(declared.path().to_owned());
    assert!(config::read(&source, [], &Overrides::default()).expect("a good config").check_alone().is_ok());
}

#[test]
fn the_example_of_the_document_is_a_good_config() {
    let document = include_str!("../../docs/authentication.md");
    let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let file = file(example);
    let loaded = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default());
    assert!(loaded.expect("a good config").check_alone().is_ok());
}
