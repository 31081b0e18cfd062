use super::*;
use serde_json::json;

fn held(rule: &str, data: Value, connection: Value) -> Result<bool, Failure> {
    let (data, connection) = (Fact::of(&data), ConnectionFacts::new(Arc::new(connection)));
    let hook = Fact::of(&json!({"path": "messages", "method": "create", "params": {"user": {"_id": 7}}}));
    let scope = Scope { data: Some(&data), connection: Some(&connection), hook: Some(&hook) };
    Rule::new(rule).unwrap_or_else(|invalid| panic!("{rule}: {invalid}")).holds(&scope)
}

fn refusal(rule: &str) -> String {
    Rule::new(rule).expect_err(rule).to_string()
}

#[test]
fn rules_compare_fields_of_data_connection_and_hook() {
    let user = |company: Value| json!({"user": {"company_id": company, "friends": [6, 7], "role": "admin"}});
    let company = "data.company_id == connection.user.company_id";
    assert_eq!(held(company, json!({"company_id": 5}), user(json!(5))), Ok(true));
    assert_eq!(held(company, json!({"company_id": 5}), user(json!(5.0))), Ok(true), "numbers are compared as such");
    assert_eq!(held(company, json!({"company_id": "5"}), user(json!(5))), Ok(false));
    assert_eq!(held("hook.params.user._id in connection.user.friends", json!({}), user(json!(1))), Ok(true));
    assert_eq!(held("connection.user.role == 'admin' && hook.method == 'create'", json!({}), user(json!(1))), Ok(true));
    assert_eq!(held("data.tags.exists(t, t.startsWith('a'))", json!({"tags": ["b", "ab"]}), json!({})), Ok(true));
    assert_eq!(held("data.n > 9007199254740993", json!({"n": 9_007_199_254_740_994_u64}), json!({})), Ok(true));
}

#[test]
fn a_connection_without_a_user_has_the_user_null() {
    for connection in [json!({}), json!({"user": null}), json!({"provider": "socketio"})] {
        assert_eq!(held("connection.user != null", json!({}), connection.clone()), Ok(false));
        assert_eq!(held("has(connection.user) && connection['user'] == null", json!({}), connection.clone()), Ok(true));
        assert!(held("connection.user.role == 'admin'", json!({}), connection).is_err());
    }
    assert_eq!(held("connection.user != null", json!({}), json!({"user": {"id": 1}})), Ok(true));
}

#[test]
fn a_missing_field_fails_and_has_asks_for_it() {
    assert_eq!(held("data.a == 1", json!({}), json!({})), Err(Failure::NoField("a".into())));
    assert_eq!(held("has(data.a) && data.a == 1", json!({}), json!({})), Ok(false));
    assert_eq!(held("data.a", json!({"a": "yes"}), json!({})), Err(Failure::Kind("neither true nor false")));
    assert_eq!(held("1 / data.a == 1", json!({"a": 0}), json!({})), Err(Failure::Other));
    let types = held("data.a > 1", json!({"a": "secret"}), json!({})).expect_err("a text is no number").to_string();
    assert!(types.contains("(string, int)") && !types.contains("secret"), "{types}");
}

#[test]
fn what_is_wrong_with_an_expression_is_told_with_its_place() {
    for (rule, wanted) in [
        ("", "line 1, column 1 of the expression: an expression is wanted"),
        ("data.a ==", "line 1, column 10 of the expression: Syntax error"),
        ("data.a == 1 &&\n  user.id == 2", "line 2, column 7 of the expression: `user` is not known; there are data"),
        ("user == 2", "line 1, column 1 of the expression: `user` is not known"),
        ("5", "line 1, column 1 of the expression: true or false is wanted, and this is a number"),
        ("'a' + data.b", "column 5 of the expression: true or false is wanted, and this is a sum"),
        ("connection.user != null && size(data.a)", "true or false is wanted, and this is a number"),
        ("data.a ? 'x' : true", "true or false is wanted, and this is a text"),
        ("connection", "true or false is wanted, and this is a map"),
        ("data.a.filter(x, true)", "true or false is wanted, and this is a list"),
        ("data.a.matches('x')", "there is no function `matches`"),
        ("hook.result.id == 1", "`hook` has no field `result`; it has path, method, event, id, params"),
        ("data.a.exists(data, data == 1)", "`data` means something else already"),
        ("data.a.all(x, data.b.all(y, x == y))", "a loop may not stand in the body of a loop"),
        ("size(data.a.map(x, data)) == 1", "`map` may take a part of each element, such as x.id"),
        ("data.a.exists(x, x + data.b == 'c')", "a sum may not stand in the body of a loop"),
        ("data.a.exists(x, x == [data])", "a list that is made anew may not stand in the body of a loop"),
        ("Thing{a: 1} == data", "no types of that kind are known"),
    ] {
        assert!(refusal(rule).contains(wanted), "{rule}: {}", refusal(rule));
    }
}

#[test]
fn loops_that_grow_nothing_are_expressions() {
    for rule in [
        "data.a.map(x, x.id) == [1, 2]",
        "data.a.filter(x, x.id > 1).exists(x, x.id in [1, 2])",
        "data.a.exists_one(x, x.id == 1)",
        "data.a.all(x, has(x.id) && x.id in connection.user.ids)",
    ] {
        let data = json!({"a": [{"id": 1}, {"id": 2}]});
        assert_eq!(held(rule, data, json!({"user": {"ids": [1, 2]}})), Ok(true), "{rule}");
    }
}

#[test]
fn an_expression_has_its_bounds() {
    assert!(refusal(&format!("data.a == '{}'", "x".repeat(MAX_TEXT))).contains("4096 bytes at most"));
    assert!(Rule::new(&format!("{}true{}", "(".repeat(2_000), ")".repeat(2_000))).is_err());
    assert!(Rule::new(&format!("{}true", "!".repeat(4_000))).is_ok(), "what is not twice is what it was");
    assert!(Rule::new(&format!("{}data", "!data == ".repeat(400))).is_err());
    assert!(refusal(&format!("1{} == 1", " + 1".repeat(1_000))).contains("nested"));
    assert!(Rule::new("data.a == 1 || ".repeat(200).trim_end_matches(" || ")).is_ok());
    let many: Vec<usize> = (0..=MAX_LOOPED).collect();
    assert_eq!(held("data.a.exists(x, x == 1)", json!({"a": many.clone()}), json!({})), Err(Failure::TooLarge));
    assert_eq!(held("1 in data.a", json!({"a": many}), json!({})), Ok(true), "no loop, no bound");
    let text = "x".repeat(100_000);
    let looped = "data.a.exists(x, x.contains('y'))";
    assert_eq!(held(looped, json!({"a": [text]}), json!({})), Err(Failure::TooLarge));
}

#[test]
fn what_it_reads_is_known_before_it_runs() {
    let expression = |text: &str| Expression::new(text).expect("it is one");
    let rule = expression("hook.params.user._id in connection.user.friends || has(hook.params.query.all)");
    assert_eq!(rule.hook_fields().expect("each is named"), ["params.user._id", "params.query.all"]);
    assert!(rule.reads("hook") && rule.reads("connection") && !rule.reads("data"));
    let whole = expression("hook['id'] == 1");
    assert!(whole.hook_fields().expect_err("it is none").message.contains("name the field"));
    assert!(whole.reads("hook"));
}

#[test]
fn a_value_is_a_text_a_number_a_boolean_or_a_list_of_them() {
    let user = json!({"user": {"id": 7, "name": "a", "teams": ["x", 1], "half": 0.5, "nothing": null, "inner": {}}});
    let connection = ConnectionFacts::new(Arc::new(user));
    let scope = Scope { connection: Some(&connection), ..Scope::default() };
    let value = |text: &str| Expression::new(text).expect("it is one").value(&scope);
    assert_eq!(value("connection.user.id"), Ok(json!(7)));
    assert_eq!(value("connection.user.name + '!'"), Ok(json!("a!")));
    assert_eq!(value("connection.user.teams"), Ok(json!(["x", 1])));
    assert_eq!(value("connection.user.half"), Ok(json!(0.5)));
    for none in ["connection.user.nothing", "connection.user.inner", "[[1]]", "data.a", "connection.user.no"] {
        assert!(value(none).is_err(), "{none}");
    }
}

/// Rules, and connections of which some are alike in what a rule reads.
fn rules_and_connections() -> (Vec<Rule>, Vec<ConnectionFacts>) {
    let rules = [
        "true",
        "connection.user != null",
        "null == connection.user || data.n == 1",
        "data.n == connection.user.company",
        "connection.user != null && connection.user.company == data.n",
        "!has(connection.user.company)",
        "has(connection.user) && connection.user == null",
        "connection.user.address.city == 'a'",
        "size(connection) > 1",
        "connection['user'] != null",
        "connection.ip == null",
        "connection.user.list.exists(x, x == data.n)",
        "hook.params.user._id == connection.user.company",
    ];
    let connections = [
        json!({}),
        json!({"user": null}),
        json!({"ip": null}),
        json!({"ip": 1}),
        json!({"user": "a text"}),
        json!({"user": {}}),
        json!({"user": {"id": 1, "company": 1}}),
        json!({"user": {"id": 2, "company": 1}}),
        json!({"user": {"id": 3, "company": 1.0}}),
        json!({"user": {"id": 4, "company": 7}}),
        json!({"user": {"id": 5, "company": null}}),
        json!({"user": {"id": 6, "company": "1", "address": {"city": "a"}, "list": [1]}}),
        json!({"user": {"id": 7, "address": 5, "list": [2]}}),
    ];
    let rules = rules.map(|rule| Rule::new(rule).unwrap_or_else(|invalid| panic!("{rule}: {invalid}")));
    (rules.into(), connections.map(|fields| ConnectionFacts::new(Arc::new(fields))).into())
}

#[test]
fn what_is_remembered_is_what_the_rule_says_of_each_connection() {
    let (rules, connections) = rules_and_connections();
    let (data, hook) = (Fact::of(&json!({"n": 1})), Fact::of(&json!({"params": {"user": {"_id": 7}}})));
    for turn in 0..connections.len() {
        let answers = Answers::default();
        for (at, rule) in rules.iter().enumerate() {
            // Each of them is the first once, and all of them come twice.
            for connection in connections.iter().cycle().skip(turn).take(2 * connections.len()) {
                let scope = Scope { data: Some(&data), connection: Some(connection), hook: Some(&hook) };
                let asked = rule.holds(&scope).ok();
                assert_eq!(answers.of(at, rule, connection, || asked), asked, "{rule:?} of {connection:?}");
            }
        }
    }
}

#[test]
fn a_rule_is_asked_once_for_connections_that_are_alike_in_what_it_reads() {
    let rule = Rule::new("connection.user != null && connection.user.company == data.n").expect("it is one");
    let (answers, mut asked) = (Answers::default(), 0);
    for id in 0..100 {
        let user = json!({"user": {"id": id, "company": id % 2}});
        let holds = answers.of(0, &rule, &ConnectionFacts::new(Arc::new(user)), || {
            asked += 1;
            Some(id % 2 == 1)
        });
        assert_eq!(holds, Some(id % 2 == 1));
    }
    assert_eq!(asked, 2);
}

#[test]
fn nothing_more_is_remembered_where_no_connection_is_like_another() {
    let rule = Rule::new("connection.user.id == data.n").expect("it is one");
    let (answers, mut asked) = (Answers::default(), 0);
    for id in (0..1_000).chain(0..1_000) {
        let connection = ConnectionFacts::new(Arc::new(json!({"user": {"id": id}})));
        let holds = answers.of(0, &rule, &connection, || {
            asked += 1;
            Some(id == 7)
        });
        assert_eq!(holds, Some(id == 7));
    }
    assert_eq!(asked, 2_000, "to look up costs more than it saves");
}
