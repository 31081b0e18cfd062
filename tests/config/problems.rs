use super::*;

#[test]
fn all_problems_are_told_at_once_and_each_with_its_line() {
    let text = r#"[server]
prot = 9000
workers = "many"
tls_certificate = "a.pem"
internal_host = "127.0.0.1"
trusted_proxies = [
  "10.0.0.0/8",
  "10.0.0.0/99",
]

[[namespace]]
name = "chat"
subscribe = "subscriber"
publish = "everyone"

[[namespace]]
name = "chat"
presense = true

[limits]
frame = 0
"#;
    let problems = problems_of(load_with(text, &[("CALLBOARD_SERVER__PORT", "x")], &Overrides::default()));
    let wanted = [
        "2 server.prot unknown key; did you mean `port`?",
        "3 server.workers a whole number from 0 is wanted, not the text \"many\"",
        "4 server.tls_certificate needs `server.tls_key`",
        "5 server.internal_host needs `server.internal_port`",
        "8 server.trusted_proxies[1] `10.0.0.0/99` is neither an address nor a network such as `10.0.0.0/8`",
        "13 namespace[0].subscribe nobody is a subscriber before the subscription; take nobody, token, scope:NAME, user or anyone",
        "14 namespace[0].publish `everyone` is not a rule; write nobody, token, scope:NAME, user, subscriber or anyone",
        "17 namespace[1].name two namespaces of the name \"chat\"; join them or rename one",
        "18 namespace[1].presense unknown key; did you mean `presence`?",
        "21 limits.frame must be more than 0: no limit is off",
        "CALLBOARD_SERVER__PORT server.port a number from 0 to 65535 is wanted, not the text \"x\"",
    ];
    assert_eq!(problems, wanted);
}

#[test]
fn a_syntax_error_does_not_hide_what_stands_below() {
    let problems = problems_of(load("[server]\nport = = 1\nworkers = true\n"));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("2 ") && problems[1].starts_with("3 server.workers a whole number"),
        "{problems:?}"
    );
}

#[test]
fn a_key_twice_is_a_problem() {
    assert!(problems_of(load("[server]\nport = 1\nport = 2\n"))[0].contains("duplicate key"));
}

#[test]
fn a_key_in_the_wrong_section_is_told_where_it_belongs() {
    assert_eq!(problems_of(load("port = 1\n")), ["1 port unknown key here; it belongs to `[server]`"]);
    assert_eq!(
        problems_of(load("[server]\nhistory_size = 1\n")),
        ["2 server.history_size unknown key here; it belongs to `[[namespace]]`"]
    );
    assert_eq!(problems_of(load("[sevrer]\n")), ["1 sevrer unknown key; did you mean `server`?"]);
}

#[test]
fn a_section_that_is_no_table_is_a_problem() {
    assert_eq!(
        problems_of(load("server = 1\n[namespace]\nname = 'a'\n")),
        ["1 server a table is wanted: [server]", "2 namespace a list of tables is wanted: [[namespace]]"]
    );
    assert_eq!(problems_of(load("[socketio]\n")), ["1 socketio a list of tables is wanted: [[socketio]]"]);
    let problems = problems_of(load("[server]\nping_timeout = '1s'\n[[socketio]]\nshutdown_pace = 1\nname = 'a'\n"));
    assert!(problems[0].starts_with("2 server.ping_timeout unknown key"), "{problems:?}");
    assert_eq!(problems[1], "4 socketio[0].shutdown_pace unknown key here; it belongs to `[server]`");
    assert_eq!(problems[2], "5 socketio[0].name unknown key here; it belongs to `[[namespace]]`");
}

#[test]
fn a_problem_never_shows_a_secret() {
    let text = "[api]\nkey = 20304050\n[auth]\nhmac_secret = { topsecret = 'topsecret' }\n";
    let shown = problems_of(load(text)).join("\n");
    assert!(!shown.contains("20304050") && !shown.contains("topsecret"), "{shown}");
    assert!(shown.contains("2 api.key") && shown.contains("4 auth.hmac_secret"), "{shown}");
}

#[test]
fn names_of_namespaces_must_fit_into_names_of_channels() {
    let problems =
        problems_of(load("[[namespace]]\nname = 'a:b'\n[[namespace]]\nname = '$a'\n[[namespace]]\nname = 'a#b'\n"));
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn an_address_of_redis_that_is_none_is_a_problem_and_its_password_a_secret() {
    let text = "engine = 'redisss'\n[redis]\nurl = 'http://u:topsecret@h'\nprefix = 'a{b}'\ntimeout = '1ms'\n";
    let problems = problems_of(load(text));
    assert!(problems[0].starts_with("1 engine "), "{problems:?}");
    assert!(problems[1].starts_with("3 redis.url an address is wanted: redis://"), "{problems:?}");
    assert!(problems[2].starts_with("4 redis.prefix ") && problems[3].starts_with("5 redis.timeout "), "{problems:?}");
    assert!(!problems.join("").contains("topsecret"), "{problems:?}");
    let config = load("[redis]\nurl = 'redis://u:topsecret@h'\n").unwrap();
    let shown = format!("{config:?}{}", serde_json::to_string(&config).unwrap());
    assert!(!shown.contains("topsecret"), "{shown}");
}

#[test]
fn endpoints_of_socketio_that_nobody_could_use_are_problems() {
    let text = "[[socketio]]\npath = 'socket.io'\nping_interval = '0s'\ntransports = []\n\
                [[socketio]]\nnamespaces = ['/', 'admin', '/a*b']\ncors = ['https://a.test', 'nonsense']\n\
                [[socketio]]\npath = '/connection/'\n[[socketio]]\npath = '/connection/'\ntransports = ['webtransport']\n\
                ping_timeuot = '1s'\n[[socketio]]\nrecovery = '2m'\nrecovery_events = 0\n";
    let wanted = [
        "2 socketio[0].path a path is wanted that begins and ends with `/`, such as `/socket.io/`",
        "3 socketio[0].ping_interval must be more than 0",
        "4 socketio[0].transports takes nobody in; name \"polling\", \"websocket\" or both",
        "6 socketio[1].namespaces[1] `admin` is no namespace: one begins with `/`; a `*` may stand at its end",
        "6 socketio[1].namespaces[2] `/a*b` is no namespace: one begins with `/`; a `*` may stand at its end",
        "7 socketio[1].cors[1] \"nonsense\" is neither \"*\" nor like \"https://*.example.com\"",
        "9 socketio[2].path covers `server.connection_prefix`; take another",
        "11 socketio[3].path covers `server.connection_prefix`; take another",
        "11 socketio[3].path two endpoints at /connection/; take another path",
        "12 socketio[3].transports[0] `webtransport` is not known; take `polling` or `websocket`",
        "13 socketio[3].ping_timeuot unknown key; did you mean `ping_timeout`?",
        "14 socketio[4].path two endpoints at /socket.io/; take another path",
        "16 socketio[4].recovery_events must be more than 0, or `recovery` brings nothing",
    ];
    assert_eq!(problems_of(load(text)), wanted);
}

#[test]
fn what_would_answer_in_the_place_of_something_else_is_a_problem() {
    let both = problems_of(load("[[socketio]]\nbuiltin_events = true\nservices = true\n"));
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(both[0].starts_with("2 socketio[0].builtin_events ") && both[0].contains("`services`"), "{both:?}");
    assert!(load("[[socketio]]\nbuiltin_events = true\nservices = false\n").is_ok());
    for (text, wanted) in [
        ("[rest]\nprefix = '/api'\n", "2 rest.prefix `server.api_prefix` is what it begins with"),
        ("[rest]\nprefix = '/api/v1'\n", "2 rest.prefix `server.api_prefix` is what it begins with"),
        (
            "[rest]\nprefix = '/a'\n[[socketio]]\npath = '/a/'\n",
            "2 rest.prefix `socketio[0].path` is what it begins with",
        ),
        ("[rest]\nprefix = 'rest'\n", "2 rest.prefix a path is wanted"),
        ("[rest]\nprefix = '/rest/'\n", "2 rest.prefix a path is wanted"),
        ("[rest]\nprefix = '/:tenant'\n", "2 rest.prefix a path is wanted"),
        ("[rest]\nprefix = ''\n", "2 rest.prefix a path is wanted"),
        ("[rest]\nmax_body = 0\n", "2 rest.max_body must be more than 0"),
    ] {
        let problems = problems_of(load(text));
        assert!(problems.len() == 1 && problems[0].starts_with(wanted), "{text}: {problems:?}");
    }
    for good in ["prefix = '/'", "prefix = '/rest'", "prefix = '/apis'"] {
        assert!(load(&format!("[rest]\n{good}\n")).is_ok(), "{good}");
    }
    assert!(load("[rest]\nprefix = '/api'\n[server]\ninternal_port = 1\n").is_ok());
}

#[test]
fn spaces_that_nobody_could_see_are_problems() {
    let text = "[[namespace]]\nname = 'news'\n[[socketio]]\nnamespaces = ['/', '/tenant-*']\n\
                [[expose]]\nspace = 'service:messages'\nas = 'chat'\n\
                [[expose]]\nspace = 'socketio:/chat'\nas = 'news:'\nsubscribe = 'subscriber'\n\
                [[expose]]\nspace = 'socketio:/tenant-1'\nas = 'one:'\n\
                [[expose]]\nspace = 'socketio:/'\nas = 'one:'\n";
    let wanted = [
        "7 expose[0].as a name and a colon is wanted, such as `chat:`, without `:`, `#` or `$` in the name",
        "9 expose[1].space nobody serves `/chat`; name it in `namespaces` of a `[[socketio]]`",
        "10 expose[1].as `news` is a namespace of the config; take another name",
        "11 expose[1].subscribe nobody is a subscriber before the subscription; take nobody, token, scope:NAME, user or anyone",
        "17 expose[3].as two spaces as `one:`; take another prefix",
    ];
    assert_eq!(problems_of(load(text)), wanted);
    let good = "[[socketio]]\n[[expose]]\nspace = 'socketio:/'\nas = 'chat:'\nsubscribe = 'anyone'\n";
    assert!(load(good).is_ok());
}

#[test]
fn a_space_of_a_service_is_good_for_a_program_and_not_for_the_binary_alone() {
    let file = file("[[expose]]\nspace = 'service:messages'\nas = 'messages:'\n");
    let loaded = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default()).expect("a good config");
    assert!(loaded.check().is_ok());
    let wanted = "2 expose[0].space no service is registered at `messages`; a [[service]] declares one, or a program of your own in Rust";
    assert_eq!(problems_of(loaded.check_alone().map(|()| loaded.config)), [wanted]);
}

#[test]
fn half_a_history_is_a_problem() {
    let problems =
        problems_of(load("[[namespace]]\nhistory_size = 5\n[[namespace]]\nname = 'b'\nhistory_ttl = '5m'\n"));
    assert!(problems[0].starts_with("2 namespace[0].history_size keeps nothing without `history_ttl`"), "{problems:?}");
    assert!(problems[1].starts_with("5 namespace[1].history_ttl keeps nothing without `history_size`"), "{problems:?}");
}

#[test]
fn a_refused_value_is_not_refused_again_for_what_it_would_mean() {
    let problems = problems_of(load("[server]\ntls_certificate = 'a.pem'\ntls_key = 5\n"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("3 server.tls_key the path of a file is wanted"), "{problems:?}");
}

#[test]
fn an_unknown_variable_of_a_section_is_a_problem() {
    let problems = problems_of(load_with("", &[("CALLBOARD_SERVER__PROT", "1")], &Overrides::default()));
    assert_eq!(problems, ["CALLBOARD_SERVER__PROT server.prot unknown key; did you mean `port`?"]);
}

#[test]
fn a_file_that_is_not_there_is_a_problem() {
    let missing = Source::File("/nowhere/callboard.toml".into());
    let problems = config::load(&missing, [], &Overrides::default()).unwrap_err();
    assert!(problems.to_string().starts_with("/nowhere/callboard.toml: cannot be read: "), "{problems}");
}

#[test]
fn a_secret_file_that_is_not_there_an_origin_and_a_key_set_that_are_none_are_problems() {
    let text = "[api]\nkey_file = '/nowhere/key'\n[auth]\norigins = ['nonsense']\njwks_url = 'id.example.com'\njwks_refresh = '1s'\n";
    let problems = problems_of(load(text));
    assert!(problems[0].starts_with("2 api.key_file cannot read /nowhere/key: "), "{problems:?}");
    assert!(problems[1].starts_with("4 auth.origins "), "{problems:?}");
    assert!(
        problems[2].starts_with("5 auth.jwks_url ") && problems[3].starts_with("6 auth.jwks_refresh "),
        "{problems:?}"
    );
}

/// Every time that the shipped config shows, with the section it stands in.
fn times() -> Vec<(String, String)> {
    let (mut section, mut times) = (String::new(), vec![]);
    for line in include_str!("../../config.toml").lines().map(|line| line.trim_start_matches(['#', ' '])) {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if let Some((key, value)) = line.split_once(" = \"")
            && humantime::parse_duration(value.trim_end_matches('"')).is_ok()
        {
            times.push((section.clone(), key.to_owned()));
        }
    }
    times
}

#[test]
fn a_time_of_more_than_a_hundred_years_is_a_problem_and_one_of_three_years_is_none() {
    let times = times();
    assert!(times.len() > 12, "{times:?}");
    for (section, key) in times {
        let with = |time: &str| match load(&format!("{section}\n{key} = \"{time}\"\n")) {
            Ok(_) => vec![],
            problems => problems_of(problems),
        };
        let told = with("101y");
        assert!(told.iter().any(|problem| problem.contains(&key) && problem.contains("at most")), "{key}: {told:?}");
        let told = with("3y");
        assert!(!told.iter().any(|problem| problem.contains("36500 days")), "{key}: {told:?}");
    }
}
