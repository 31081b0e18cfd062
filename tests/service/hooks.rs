//! Hooks of a running service: what they see, what they change, and in what order.
use super::house::{House, Notes, answer, call, documents, echo};
use callboard::service::{HookContext, HookKind, Hooks, Methods, Next, Registration, ServiceResult};
use serde_json::{Value, json};

#[actix_rt::test]
async fn hooks_change_the_data_the_query_the_result_and_what_is_dispatched() {
    let house = House::open(|builder| {
        let hooks = Hooks::new()
            .before("create", async |context: &mut HookContext| {
                context.data["stamped"] = json!(true);
                Ok(())
            })
            .before("find", async |context: &mut HookContext| {
                context.params.query["stamped"] = json!(true);
                Ok(())
            })
            .after("create", async |context: &mut HookContext| {
                let result = context.result.as_ref().expect("it succeeded");
                context.dispatch = Some(json!({"id": result["id"]}));
                Ok(())
            });
        builder.service("notes", Registration::of(documents()).hooks(hooks))
    });
    let mut client = house.client(json!({})).await;
    let (events, created) = call(&mut client, json!(["create", "notes", {"text": "a"}])).await;
    // Clients see what is dispatched, in events and answers; Rust code sees the result.
    assert_eq!((events, created), (vec![json!(["notes created", {"id": 0}])], json!([null, {"id": 0}])));
    let found = answer(&mut client, json!(["find", "notes", {"stamped": false}])).await;
    assert_eq!(found[1], json!([{"text": "a", "stamped": true, "id": 0}]));
    assert_eq!(house.create("notes", json!({})).await, json!({"stamped": true, "id": 1}));
}

#[actix_rt::test]
async fn what_is_dispatched_of_several_items_is_each_items_own_and_never_null() {
    let house = House::open(|builder| {
        let hooks = Hooks::new().after("create", async |context: &mut HookContext| {
            context.dispatch = Some(match context.data[0]["short"].as_bool() {
                Some(true) => json!([{"masked": 0}]),
                _ => json!([{"masked": 0}, {"masked": 1}]),
            });
            Ok(())
        });
        builder.service("notes", echo().hooks(hooks))
    });
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "notes", [{"n": 0}, {"n": 1}]])).await;
    assert_eq!(events, [json!(["notes created", {"masked": 0}]), json!(["notes created", {"masked": 1}])]);
    // Of an item for which nothing is dispatched no client is told: it may have what a hook has taken out.
    let (events, _) = call(&mut client, json!(["create", "notes", [{"short": true}, {"n": 1}]])).await;
    assert_eq!(events, [json!(["notes created", {"masked": 0}])]);
}

#[actix_rt::test]
async fn hooks_of_the_application_run_around_those_of_the_service_and_see_what_came_with_the_call() {
    let notes = Notes::default();
    let (outer, inner, method) = (notes.clone(), notes.clone(), notes.clone());
    let house = House::open(move |builder| {
        let app = Hooks::new().around("all", async move |context: &mut HookContext, next: Next<'_>| {
            let provider = context.params.provider.map(|provider| provider.name());
            outer.add(json!(["in", context.path, context.method.name(), provider]));
            next.run(context).await?;
            outer.add("out");
            Ok(())
        });
        let service = Hooks::new().before("create", async move |context: &mut HookContext| {
            inner.add(json!(["before", context.kind == HookKind::Before, context.params.get("headers")]));
            Ok(())
        });
        let create = async move |data: Value, _| -> ServiceResult {
            method.add("method");
            Ok(data)
        };
        builder.hooks(app).service("notes", Registration::of(Methods::new().create(create)).hooks(service))
    });
    let mut client = house.client(json!({})).await;
    call(&mut client, json!(["create", "notes", {}])).await;
    let expected =
        [json!(["in", "notes", "create", "socketio"]), json!(["before", true, null]), json!("method"), json!("out")];
    assert_eq!(notes.take(), expected);
}

#[actix_rt::test]
async fn a_service_calls_another_one_through_its_params() {
    let house = House::open(|builder| {
        let create = async |data: Value, params: callboard::service::Params| -> ServiceResult {
            let log = params.app()?.service("log")?;
            log.create(json!({"of": data}), Default::default()).await?;
            Ok(data)
        };
        builder.service("notes", Methods::new().create(create)).service("log", documents())
    });
    let mut client = house.client(json!({})).await;
    let (events, _) = call(&mut client, json!(["create", "notes", {"n": 1}])).await;
    assert_eq!(events, [json!(["log created", {"of": {"n": 1}, "id": 0}]), json!(["notes created", {"n": 1}])]);
}
