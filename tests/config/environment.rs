//! Variables: those that look as if they were for the broker, and the tables that one of them sets.
use super::*;
use callboard::broker::Rule;
use callboard::config::{Loaded, Place};

fn read_with(text: &str, pairs: &[(&str, &str)]) -> Loaded {
    let file = file(text);
    config::read(&Source::File(file.path().to_owned()), variables(pairs), &Overrides::default()).expect("a config")
}

/// The warnings as `VARIABLE: MESSAGE`.
fn warnings(pairs: &[(&str, &str)]) -> Vec<String> {
    read_with("", pairs).warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn a_variable_that_sets_nothing_is_a_warning_that_names_the_one_that_was_meant() {
    for (name, meant) in [
        ("CALLBOARD_PORT", "CALLBOARD_SERVER__PORT"),
        ("CALLBOARD_SERVER_PORT", "CALLBOARD_SERVER__PORT"),
        ("CALLBOARD_API_KEY", "CALLBOARD_API__KEY"),
        ("CALLBOARD_HMAC_SECRET", "CALLBOARD_AUTH__HMAC_SECRET"),
        ("CALLBOARD_NAMESPACES", "CALLBOARD_NAMESPACE"),
        ("CALLBOARD_ENGIN", "CALLBOARD_ENGINE"),
    ] {
        let told = warnings(&[(name, "9000")]);
        assert_eq!(told, [format!("{name}: sets nothing; did you mean {meant}?")]);
    }
    let told = warnings(&[("CALLBOARD_WHATEVER_THIS_IS", "1")]);
    assert!(told.len() == 1 && told[0].contains("two underscores"), "{told:?}");
}

#[test]
fn what_kubernetes_sets_for_a_service_of_this_name_is_none() {
    let set = [
        ("CALLBOARD_PORT", "tcp://10.0.0.1:8000"),
        ("CALLBOARD_SERVICE_HOST", "10.0.0.1"),
        ("CALLBOARD_SERVICE_PORT", "8000"),
        ("CALLBOARD_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("CALLBOARD_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(warnings(&set), [""; 0]);
}

#[test]
fn a_variable_sets_all_namespaces_as_json_or_as_toml() {
    let json = r#"[{"name": "", "subscribe": "anyone"}, {"name": "chat", "history_size": 10, "history_ttl": "5m"}]"#;
    let toml = r#"[{name = "", subscribe = "anyone"}, {name = "chat", history_size = 10, history_ttl = "5m"}]"#;
    for text in [json, toml] {
        let config = read_with("[[namespace]]\nname = 'old'\n", &[("CALLBOARD_NAMESPACE", text)]).config;
        let names: Vec<_> = config.namespaces.iter().map(|namespace| namespace.name.as_str()).collect();
        assert_eq!(names, ["", "chat"], "in the place of the file's");
        assert_eq!((&config.namespaces[0].subscribe, config.namespaces[1].history_size), (&Rule::Anyone, 10));
    }
    let endpoints = read_with("", &[("CALLBOARD_SOCKETIO", r#"[{"path": "/io/"}]"#)]).config.socketio;
    assert_eq!(endpoints[0].path, "/io/");
}

#[test]
fn what_is_wrong_in_such_a_variable_is_told_by_its_name() {
    let told = |name: &str, text: &str| problems_of(load_with("", &[(name, text)], &Overrides::default()));
    let wrong = r#"[{"name": "chat", "presense": true, "history_size": "x"}, {"name": "chat"}]"#;
    assert_eq!(
        told("CALLBOARD_NAMESPACE", wrong),
        [
            "CALLBOARD_NAMESPACE namespace[0].history_size a whole number from 0 is wanted, not the text \"x\"",
            "CALLBOARD_NAMESPACE namespace[0].presense unknown key; did you mean `presence`?",
            "CALLBOARD_NAMESPACE namespace[1].name two namespaces of the name \"chat\"; join them or rename one",
        ]
    );
    let told_of = told("CALLBOARD_NAMESPACE", "chat");
    assert!(told_of.len() == 1 && told_of[0].contains("in JSON or TOML: [{\"name\""), "{told_of:?}");
    let told_of = told("CALLBOARD_EXPOSE__ROOMS__AS", "rooms:");
    assert!(told_of.len() == 1 && told_of[0].contains("CALLBOARD_EXPOSE='["), "{told_of:?}");
    let loaded = read_with("", &[("CALLBOARD_SERVER__PORT", "1"), ("CALLBOARD_AUTH__ANONYMOUS", "true")]);
    assert_eq!(loaded.anonymous(), Place::Variable("CALLBOARD_AUTH__ANONYMOUS".into()));
}

#[test]
fn a_variable_sets_one_key_of_one_namespace_and_leaves_the_others_as_they_are() {
    let file = "[[namespace]]\nname = ''\nsubscribe = 'user'\n[[namespace]]\nname = 'Chat'\nsubscribe = 'anyone'\nhistory_size = 5\n\
                history_ttl = '1m'\n";
    let pairs = [
        ("CALLBOARD_NAMESPACE__PRESENCE", "true"),
        ("CALLBOARD_NAMESPACE__CHAT__HISTORY_SIZE", "100"),
        ("CALLBOARD_NAMESPACE__CHAT__PUBLISH", "subscriber"),
        ("CALLBOARD_NAMESPACE__LIVE_NEWS__SUBSCRIBE", "anyone"),
    ];
    let namespaces = read_with(file, &pairs).config.namespaces;
    let names: Vec<_> = namespaces.iter().map(|namespace| namespace.name.as_str()).collect();
    assert_eq!(names, ["", "Chat", "live_news"]);
    let [root, chat, live] = &namespaces[..] else { panic!("{names:?}") };
    assert!(root.presence && root.subscribe == Rule::User);
    assert_eq!((chat.history_size, &chat.subscribe, &chat.publish), (100, &Rule::Anyone, &Rule::Subscriber));
    assert_eq!((&live.subscribe, live.history_size), (&Rule::Anyone, 0));

    let all = ("CALLBOARD_NAMESPACE", r#"[{"name": "chat", "subscribe": "user"}]"#);
    let namespaces = read_with(file, &[("CALLBOARD_NAMESPACE__CHAT__PRESENCE", "true"), all]).config.namespaces;
    assert!(namespaces.len() == 1 && namespaces[0].presence && namespaces[0].subscribe == Rule::User);
    let shipped =
        config::read(&Source::Shipped, variables(&[("CALLBOARD_NAMESPACE__PRESENCE", "false")]), &Overrides::default());
    assert!(shipped.expect("a config").config.namespaces.iter().any(|one| one.name.is_empty() && !one.presence));
}

#[test]
fn what_is_wrong_with_one_key_of_a_namespace_is_told_by_its_variable() {
    for (name, text, told) in [
        (
            "CALLBOARD_NAMESPACE__CHAT__PUBLISH",
            "everybody",
            "CALLBOARD_NAMESPACE__CHAT__PUBLISH namespace.chat.publish ",
        ),
        (
            "CALLBOARD_NAMESPACE__CHAT__PRESENSE",
            "true",
            "CALLBOARD_NAMESPACE__CHAT__PRESENSE namespace.chat.presense unknown key; did you mean `presence`?",
        ),
        (
            "CALLBOARD_NAMESPACE__CHAT__HISTORY_SIZE",
            "x",
            "CALLBOARD_NAMESPACE__CHAT__HISTORY_SIZE namespace.chat.history_size a whole number from 0 is wanted, not the text \"x\"",
        ),
        (
            "CALLBOARD_NAMESPACE__CHAT__NAME",
            "x",
            "CALLBOARD_NAMESPACE__CHAT__NAME namespace.chat.name the name of a namespace",
        ),
        (
            "CALLBOARD_NAMESPACE__A__B__C",
            "x",
            "CALLBOARD_NAMESPACE__A__B__C namespace.a.b.c a namespace and one of its keys",
        ),
        (
            "CALLBOARD_NAMESPACE__$A__PRESENCE",
            "true",
            "CALLBOARD_NAMESPACE__$A__PRESENCE namespace[0].name a namespace's name",
        ),
    ] {
        let problems = problems_of(load_with("", &[(name, text)], &Overrides::default()));
        assert!(problems.len() == 1 && problems[0].starts_with(told), "{name}: {problems:?}");
    }
    // What makes no sense beside the file is told where it was set.
    let file = "[[namespace]]\nname = 'chat'\n";
    let set = [("CALLBOARD_NAMESPACE__CHAT__FORCE_PUSH_JOIN_LEAVE", "true")];
    let problems = problems_of(load_with(file, &set, &Overrides::default()));
    let told = "CALLBOARD_NAMESPACE__CHAT__FORCE_PUSH_JOIN_LEAVE namespace[0].force_push_join_leave has no effect";
    assert!(problems.len() == 1 && problems[0].starts_with(told), "{problems:?}");
}
