use super::*;
use callboard::service::ServiceConfig;

#[test]
fn a_service_has_all_its_keys() {
    let text = "[[service]]\npath = 'messages'\nstore = 'sqlite:callboard.db'\ntable = 'messages'\nid = 'id'\n\
                indexes = ['company_id', 'author.id']\npaginate = { default = 10, max = 50 }\n\
                multi = ['create', 'patch', 'remove']\nevents = ['status']\n\
                allow = { find = 'true', create = 'connection.user != null', remove = \"connection.user.role == 'admin'\" }\n\
                filter = { all = 'connection.user != null', created = 'data.company_id == connection.user.company_id' }\n\
                outbox = false\n[[service]]\npath = 'archive'\ntable = 'messages'\npaginate = false\nmulti = true\n";
    let config = load(text).unwrap_or_else(|problems| panic!("{problems}"));
    let [messages, archive] = config.services.as_slice() else { panic!("two services") };
    assert_eq!((messages.table(), archive.table(), archive.paginate), ("messages", "messages", None));
    assert!(!messages.outbox && archive.outbox && archive.allow.is_none() && archive.multi == messages.multi);
    let printed = toml::to_string(&config).expect("it can be printed");
    let again = load(&printed).unwrap_or_else(|problems| panic!("{problems}\n{printed}"));
    assert_eq!(again.services, config.services);
}

#[test]
fn each_mistake_in_a_service_is_told_with_its_line() {
    let text = r#"[[service]]
path = "/"
store = "mysql://me:topsecret@host/db"
tabel = "a"
id = "a.b"
indexes = ["a..b"]
paginate = { default = 10, maxx = 50 }
multi = ["update"]
events = ["status", "created"]
allow = { finde = "true" }
filter = { status = "5" }
outbox = "yes"

[[service]]
path = "messages"
paginate = { default = 60, max = 50 }

[service.allow]
find = "user != null"
get = "data.a =="
create = { rule = "data.a" , query = { company_id = "data.company_id" } }
update = { query = { company_id = { "$or" = "connection.user.id" } } }
patch = { query = {} }
remove = 5

[service.filter]
all = "hook.params.headers.cookie == 'a'"
created = "connection.user"
patched = "connection.user.friends.matches('a')"
finished = "true"

[[service]]
path = "/messages/"
table = "a\tb"
id = "_id"
paginate = true
"#;
    let wanted = [
        "2 service[0].path a path is wanted, such as `messages` or `my/messages`",
        "3 service[0].store an address is wanted: memory, sqlite:FILE such as sqlite:callboard.db, or \
         postgres://[USER:PASSWORD@]HOST[:PORT]/DATABASE",
        "4 service[0].tabel unknown key; did you mean `table`?",
        "5 service[0].id the name of a field is wanted, without dots and not beginning with `$`",
        "6 service[0].indexes[0] the path of a field is wanted, such as company_id or author.id",
        "7 service[0].paginate.maxx `maxx` is not known; take `default` or `max`",
        "8 service[0].multi `update` is not known; take `create`, `patch` or `remove`",
        "9 service[0].events[1] `created` is an event of every service; leave it out",
        "10 service[0].allow.finde `finde` is not known; take `all`, `find`, `get`, `create`, `update`, `patch` or `remove`",
        "11 service[0].filter.status line 1, column 1 of the expression: true or false is wanted, and this is a number",
        "12 service[0].outbox true or false is wanted, not the text \"yes\"",
        "16 service[1].paginate `default` must not be more than `max`",
        "19 service[1].allow.find line 1, column 1 of the expression: `user` is not known",
        "20 service[1].allow.get line 1, column 10 of the expression: Syntax error",
        "21 service[1].allow.create.query a query is made of `connection` and `hook`; `data` is what the call brings",
        "22 service[1].allow.update.query.company_id `$or` is no operator; take $in",
        "23 service[1].allow.patch.query a field is wanted",
        "24 service[1].allow.remove a rule in CEL such as",
        "27 service[1].filter.all line 1, column 1 of the expression: no event carries",
        "29 service[1].filter.patched",
        "30 service[1].filter.finished no such event; take `all`, `created`",
    ];
    let problems = problems_of(load(text));
    for (problem, wanted) in problems.iter().zip(wanted) {
        assert!(problem.starts_with(wanted), "{problem}\n{wanted}");
    }
    assert!(!problems.join("").contains("topsecret"));
    for (key, wanted) in [
        (
            "allow.find = 'user != null'",
            "service[0].allow.find line 1, column 1 of the expression: `user` is not known",
        ),
        ("allow.get = 'data.a =='", "service[0].allow.get line 1, column 10 of the expression: Syntax error"),
        ("allow.create.query.a = 'data.a'", "service[0].allow.create.query a query is made of `connection` and `hook`"),
        ("allow.update.query.a.'$or' = 'hook.id'", "service[0].allow.update.query.a `$or` is no operator; take $in"),
        ("allow.patch.query = {}", "service[0].allow.patch.query a field is wanted"),
        ("allow.patch = {}", "service[0].allow.patch a table with `rule`, `query` or both is wanted"),
        ("allow.remove = 5", "service[0].allow.remove a rule in CEL such as"),
        (
            "filter.all = \"hook.params.headers.cookie == 'a'\"",
            "service[0].filter.all line 1, column 1 of the expression: no event carries",
        ),
        (
            "filter.created = 'hook == null'",
            "service[0].filter.created line 1, column 1 of the expression: name the field",
        ),
        ("filter.patched = \"data.a.matches('a')\"", "of the expression: there is no function `matches`"),
        ("filter.finished = 'true'", "service[0].filter.finished no such event; take `all`, `created`"),
        ("table = \"a\\tb\"", "service[0].table a name is wanted for the table"),
        ("paginate = true", "service[0].paginate say how many documents a page has"),
        (
            "paginate = 5",
            "service[0].paginate a table such as { default = 10, max = 50 }, or false, is wanted, not the number 5",
        ),
        ("multi = 5", "service[0].multi true, false or a list of create, patch and remove is wanted, not the number 5"),
    ] {
        let problems = problems_of(load(&format!("[[service]]\npath = 'a'\n{key}\n")));
        assert!(
            problems.len() == 1 && problems[0].starts_with("3 ") && problems[0].contains(wanted),
            "{key}: {problems:?}"
        );
    }
}

#[test]
fn services_that_meet_each_other_or_something_else_are_problems() {
    let text = "engine = 'redis'\n[rest]\nprefix = '/'\n[[service]]\npath = 'messages'\nstore = 'memory'\nsingle_node = true\n\
                [[service]]\npath = '/messages/'\ntable = 'messages'\nid = '_id'\nstore = 'memory'\n\
                [[service]]\npath = 'health'\nstore = 'postgres://me:topsecret@host/db'\n[[socketio]]\nbuiltin_events = true\n";
    let problems = problems_of(load(text));
    assert_eq!(
        problems,
        [
            "9 service[1].path two services at `/messages/`; take another path",
            "11 service[1].id another service of the table `messages` has `id = \"id\"`; all must agree",
            "12 service[1].store keeps the documents on this node alone, and `engine = \"redis\"` is for several nodes; take \
             postgres://…, or say `single_node = true`",
            "14 service[2].path below `rest.prefix`, what watches the broker at /health answers there; take another path or prefix",
            "17 socketio[0].builtin_events cannot be on where there are services: what clients emit there is a call; set it or \
             `socketio[0].services` to false",
        ]
    );
    let apart = "[[service]]\npath = 'a'\n[[socketio]]\nbuiltin_events = true\nservices = false\n";
    assert!(load(apart).is_ok());
}

#[test]
fn services_can_be_set_by_a_variable_and_show_no_password() {
    let json = r#"[{"path": "messages", "store": "postgres://me:topsecret@host/db", "allow": {"all": "connection.user != null"}}]"#;
    let config = load_with("", &[("CALLBOARD_SERVICE", json)], &Overrides::default()).expect("a good config");
    let shown = format!("{config:?}{}", toml::to_string(&config).expect("it can be printed"));
    assert!(shown.contains("postgres://me:[redacted]@host/db") && !shown.contains("topsecret"), "{shown}");
    let again = load(&toml::to_string(&config).expect("it can be printed"));
    assert!(problems_of(again)[0].contains("\"[redacted]\" only stands in place of a password"));
    let wrong = [("CALLBOARD_SERVICE", r#"[{"path": "a", "filter": {"all": "1 +"}}]"#)];
    let problems = problems_of(load_with("", &wrong, &Overrides::default()));
    assert!(problems[0].starts_with("CALLBOARD_SERVICE service[0].filter.all line 1"), "{problems:?}");
    let wrong = problems_of(load_with("", &[("CALLBOARD_SERVICE", "messages")], &Overrides::default()));
    assert!(wrong[0].contains(r#"[{"path": "messages""#), "{wrong:?}");
}

#[test]
fn an_exposed_service_may_be_one_of_the_config() {
    let text = "[[service]]\npath = 'messages'\n[[expose]]\nspace = 'service:messages'\nas = 'messages:'\n";
    let file = file(text);
    let loaded = config::read(&Source::File(file.path().to_owned()), [], &Overrides::default()).expect("a good config");
    assert!(loaded.check_to_serve().is_ok());
    assert_eq!(loaded.config.services[0], ServiceConfig { path: "messages".into(), ..ServiceConfig::default() });
}
