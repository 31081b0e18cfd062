//! What follows a call: one event for each item of its result, in order, for all clients and for listeners inside the process.
use super::house::{House, Notes, answer, call, documents, echo, nothing_comes};
use callboard::service::{HookContext, Hooks, Methods, Params, Registration, ServiceError, ServiceResult};
use serde_json::{Value, json};

#[actix_rt::test]
async fn each_method_that_changes_something_has_its_event_and_the_others_have_none() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let (mut caller, mut other) = (house.client(json!({})).await, house.client(json!({})).await);
    let calls = [
        (json!(["create", "notes", {"text": "a"}, {}]), Some("created")),
        (json!(["find", "notes", {}]), None),
        (json!(["get", "notes", 0, {}]), None),
        (json!(["patch", "notes", 0, {"done": true}, {}]), Some("patched")),
        (json!(["update", "notes", 0, {"text": "b"}, {}]), Some("updated")),
        (json!(["remove", "notes", 0, {}]), Some("removed")),
    ];
    for (asked, event) in calls {
        let (events, answer) = call(&mut caller, asked).await;
        assert_eq!(answer[0], Value::Null, "{answer}");
        // The event comes before the acknowledgement, on the caller's own connection.
        let expected: Vec<Value> =
            event.map(|event| json!([format!("notes {event}"), answer[1]])).into_iter().collect();
        assert_eq!(events, expected);
        for event in expected {
            assert_eq!(other.event().await, event);
        }
    }
}

#[actix_rt::test]
async fn a_result_of_several_items_is_an_event_for_each_in_order() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "notes", [{"n": 1}, {"n": 2}, {"n": 3}]])).await;
    let created = |n: u64| json!(["notes created", {"n": n, "id": n - 1}]);
    assert_eq!(events, [created(1), created(2), created(3)]);
    let (events, answer) = call(&mut client, json!(["remove", "notes", null, {"n": {"$gt": 1}}])).await;
    assert_eq!(events.len(), 2);
    assert_eq!(answer[1].as_array().map(Vec::len), Some(2));
    let (events, answer) = call(&mut client, json!(["patch", "notes", null, {"x": 1}, {"n": 9}])).await;
    assert_eq!((events, answer), (vec![], json!([null, []])));
}

#[actix_rt::test]
async fn a_call_from_rust_and_one_of_a_client_tell_the_same_listeners() {
    let house = House::open(|builder| builder.service("notes", documents()));
    let notes = Notes::default();
    let (noted, service) = (notes.clone(), house.broker.service("notes").expect("it is there"));
    service
        .on("created", move |data, call| {
            let call: &HookContext = call.expect("it comes from a call");
            noted.add(json!([data, call.method.name(), call.params.provider.map(|provider| provider.name())]));
        })
        .expect("there is room");
    let mut client = house.client(json!({})).await;
    house.create("notes", json!({"n": 1})).await;
    assert_eq!(client.event().await, json!(["notes created", {"n": 1, "id": 0}]));
    call(&mut client, json!(["create", "notes", {"n": 2}])).await;
    let expected = [json!([{"n": 1, "id": 0}, "create", null]), json!([{"n": 2, "id": 1}, "create", "socketio"])];
    assert_eq!(notes.take(), expected);
}

#[actix_rt::test]
async fn no_event_follows_what_failed_in_the_method_or_in_any_hook() {
    let house = House::open(|builder| {
        let failing_late =
            Hooks::new().after("create", async |_: &mut HookContext| Err(ServiceError::conflict("late")));
        let failing = Methods::new().create(async |_, _| -> ServiceResult { Err(ServiceError::gone("never")) });
        builder.service("late", echo().hooks(failing_late)).service("failing", failing)
    });
    let mut client = house.client(json!({})).await;
    for (path, name) in [("late", "Conflict"), ("failing", "Gone")] {
        let refused = answer(&mut client, json!(["create", path, {"n": 1}])).await;
        assert_eq!(refused[0]["name"], name);
    }
    nothing_comes(&mut client).await;
}

#[actix_rt::test]
async fn a_hook_suppresses_an_event_or_gives_it_another_name() {
    let house = House::open(|builder| {
        let hooks = Hooks::new().after("create", async |context: &mut HookContext| {
            context.event = match context.data["event"].as_str() {
                Some("") => None,
                Some(name) => Some(name.to_owned()),
                None => context.event.take(),
            };
            Ok(())
        });
        builder.service("notes", echo().event("shouted").hooks(Hooks::new())).service("told", echo().hooks(hooks))
    });
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "told", {"event": ""}])).await;
    assert!(events.is_empty());
    let (events, _) = call(&mut client, json!(["create", "told", {"event": "patched"}])).await;
    assert_eq!(events, [json!(["told patched", {"event": "patched"}])]);
    // It is not listed, so no client hears of it.
    let (events, _) = call(&mut client, json!(["create", "told", {"event": "whispered"}])).await;
    assert!(events.is_empty());
}

#[actix_rt::test]
async fn custom_events_reach_clients_where_the_service_lists_them_and_listeners_always() {
    let house = House::open(|builder| {
        let paying = async |data: Value, params: Params| -> ServiceResult {
            params.emit("status", json!({"status": "created"}))?;
            params.emit("secret", json!({"card": 1}))?;
            params.emit("status", json!({"status": "completed"}))?;
            Ok(data)
        };
        builder.service("payments", Registration::of(Methods::new().create(paying).event("status")))
    });
    let notes = Notes::default();
    let service = house.broker.service("payments").expect("it is there");
    for event in ["status", "secret", "created"] {
        let noted = notes.clone();
        service.on(event, move |_, call| noted.add(json!([event, call.is_some()]))).expect("there is room");
    }
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "payments", {"amount": 5}])).await;
    let expected = [
        json!(["payments status", {"status": "created"}]),
        json!(["payments status", {"status": "completed"}]),
        json!(["payments created", {"amount": 5}]),
    ];
    assert_eq!(events, expected);
    let heard = [("status", false), ("secret", false), ("status", false), ("created", true)];
    assert_eq!(notes.take(), heard.map(|(event, is_call)| json!([event, is_call])));

    service.emit("status", json!({"status": "refunded"}));
    assert_eq!(client.event().await, json!(["payments status", {"status": "refunded"}]));
}

#[actix_rt::test]
async fn an_event_that_a_service_lists_is_its_own_to_emit() {
    let house = House::open(|builder| builder.service("notes", echo().event("created")));
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "notes", {"n": 1}])).await;
    assert!(events.is_empty());
}

#[actix_rt::test]
async fn what_a_client_emits_under_the_name_of_an_event_changes_nothing() {
    let house = House::open(|builder| builder.service("payments", echo().event("status")));
    let (mut one, mut other) = (house.client(json!({})).await, house.client(json!({})).await);
    one.say(&format!("42{}", json!(["payments status", {"status": "faked"}]))).await;
    nothing_comes(&mut one).await;
    nothing_comes(&mut other).await;
}

#[actix_rt::test]
async fn a_listener_that_panics_fails_neither_the_call_nor_the_other_listeners() {
    let house = House::open(|builder| builder.service("notes", echo()));
    let notes = Notes::default();
    let service = house.broker.service("notes").expect("it is there");
    service.on("created", |_, _| panic!("a listener that was told to")).expect("there is room");
    let noted = notes.clone();
    service.once("created", move |data, _| noted.add(data.clone())).expect("there is room");
    assert_eq!(house.create("notes", json!(1)).await, json!(1));
    assert_eq!(house.create("notes", json!(2)).await, json!(2));
    assert_eq!(notes.take(), [json!(1)]);
}
