//! What clients must not send, and services that fail: the error object, nothing half-written, no event.
use super::house::{House, answer, config, documents, echo, nothing_comes};
use callboard::service::{HookContext, Hooks, Methods, Registration, ServiceResult};
use serde_json::{Value, json};
use std::time::Duration;

#[actix_rt::test]
async fn what_is_not_there_and_what_is_too_much_has_the_exact_error() {
    let house = House::open(|builder| builder.service("notes", documents()).service("few", echo()));
    let mut client = house.client(json!({})).await;
    let error = |name: &str, code: u64, class: &str, message: &str| json!([{"name": name, "message": message, "code": code, "className": class}]);
    let not_found = |message: &str| error("NotFound", 404, "not-found", message);
    let not_allowed = |message: &str| error("MethodNotAllowed", 405, "method-not-allowed", message);
    let bad = |message: &str| error("BadRequest", 400, "bad-request", message);
    let calls = [
        (json!(["find", "nope", {}]), not_found("Service 'nope' not found")),
        (json!(["find", 7, {}]), not_found("Invalid service path")),
        (json!(["find", "few", {}]), not_allowed("Method 'find' not allowed on service 'few'")),
        (json!(["frobnicate", "notes"]), not_allowed("Method 'frobnicate' not allowed on service 'notes'")),
        (json!(["find", "notes", {}, {}]), bad("Too many arguments for 'find' method")),
        (json!(["patch", "notes", 1, {}, {}, {}]), bad("Too many arguments for 'patch' method")),
        (json!(["find", "notes", {"$foo": 1}]), bad("Invalid filter value $foo")),
        (json!(["get", "notes", 999]), not_found("No record found for id '999'")),
        (json!(["get", "notes", null]), bad("id for 'get' can not be null")),
        (json!(["get", "notes", {"a": 1}]), bad("An id must be text or a number")),
        (json!(["find", "notes", "text"]), bad("The query must be an object")),
        (json!(["create", "notes", 5]), bad("The data must be an object")),
    ];
    for (asked, expected) in calls {
        assert_eq!(answer(&mut client, asked.clone()).await, expected, "{asked}");
    }
    // Without an acknowledgement nobody is answered, and the connection goes on.
    client.say(r#"42["find","nope",{}]"#).await;
    client.say(r#"42["find"]"#).await;
    nothing_comes(&mut client).await;
}

#[actix_rt::test]
async fn odd_characters_in_every_place_are_text_and_nothing_else() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let mut client = house.client(json!({})).await;
    for odd in ["\u{0}", "\u{1}\u{1f}\u{7f}", "'\"`;--", "../../etc", "__proto__", "constructor", "$", "😀\u{202e}"] {
        let created = super::house::call(&mut client, json!(["create", "notes", {odd: odd, "of": odd}])).await.1;
        assert_eq!(created[1]["of"], odd, "{created}");
        for asked in [json!(["find", odd]), json!(["get", "notes", odd]), json!(["find", "notes", {"of": odd}])] {
            let told = answer(&mut client, asked.clone()).await;
            assert!(told[0]["name"] == "NotFound" || told[1][0]["of"] == odd, "{asked}: {told}");
        }
        let path = answer(&mut client, json!(["find", format!("notes/{odd}")])).await;
        assert_eq!(path[0]["name"], "NotFound");
    }
}

#[actix_rt::test]
async fn what_is_nested_ten_thousand_deep_is_refused_and_the_connection_goes_on() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let mut client = house.client(json!({})).await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for call in [
        format!(r#"420["find","notes",{{"$or":{}}}]"#, deep(10_000)),
        format!(r#"420["create","notes",{{"a":{}}}]"#, deep(10_000)),
        format!(r#"420["find","notes",{{"a":{}}}]"#, deep(60)),
        format!(r#"420["create","notes",{{"a":{}}}]"#, deep(120)),
    ] {
        client.say(&call).await;
        let refused = client.next().await;
        assert!(refused.starts_with(r#"430[{"name":"BadRequest""#), "{refused}");
    }
    assert_eq!(answer(&mut client, json!(["find", "notes"])).await, json!([null, []]));
}

#[actix_rt::test]
async fn a_hook_or_a_method_that_panics_is_an_error_to_its_caller_and_nothing_else() {
    let house = House::open(|builder| {
        let hooks = Hooks::new().after("create", async |context: &mut HookContext| match context.data["panic"] {
            Value::Bool(true) => panic!("a hook that was told to"),
            _ => Ok(()),
        });
        let broken = async |_, _| -> ServiceResult { panic!("a method that was told to") };
        builder.service("notes", echo().hooks(hooks)).service("broken", Methods::new().create(broken))
    });
    let mut client = house.client(json!({})).await;
    for asked in [json!(["create", "notes", {"panic": true}]), json!(["create", "broken", {}])] {
        assert_eq!(answer(&mut client, asked).await[0]["name"], "GeneralError");
    }
    nothing_comes(&mut client).await;
    assert_eq!(super::house::call(&mut client, json!(["create", "notes", {}])).await.1, json!([null, {}]));
}

#[actix_rt::test]
async fn a_method_that_never_answers_is_an_error_in_time_and_stops_no_other_call() {
    let mut config = config();
    config.limits.handler_timeout = Duration::from_millis(300);
    let house = House::with(config, |builder| {
        let create = async |data: Value, _| -> ServiceResult {
            match data["hang"] {
                Value::Bool(true) => std::future::pending().await,
                _ => Ok(data),
            }
        };
        builder.service("notes", Registration::of(Methods::new().create(create)))
    });
    let mut client = house.client(json!({})).await;
    client.say(r#"421["create","notes",{"hang":true}]"#).await;
    let (_, done) = super::house::call(&mut client, json!(["create", "notes", {"n": 1}])).await;
    assert_eq!(done, json!([null, {"n": 1}]));
    let late = client.next().await;
    assert!(late.starts_with(r#"431[{"name":"GeneralError""#), "{late}");
}

#[actix_rt::test]
async fn a_filter_that_never_answers_loses_its_event_and_keeps_nobody_waiting() {
    let mut config = config();
    config.limits.view_timeout = Duration::from_millis(200);
    let house = House::with(config, |builder| {
        let notes = echo().filter_events_async(&["created"], |data, _, _| async move {
            match data["hang"] {
                Value::Bool(true) => std::future::pending().await,
                _ => true,
            }
        });
        builder.service("notes", notes)
    });
    let mut client = house.client(json!({})).await;
    client.say(r#"42["create","notes",[{"hang":true},{"n":1}]]"#).await;
    assert_eq!(client.event().await, json!(["notes created", {"n": 1}]));
}
