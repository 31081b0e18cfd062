//! A service with hooks of every kind, which do what the data of the call says.
use callboard::server::BrokerBuilder;
use callboard::service::{HookContext, HookResult, Hooks, Methods, Next, Registration, ServiceError};
use serde_json::{Value, json};

const PATH: &str = "hooked";

pub fn register(builder: BrokerBuilder) -> BrokerBuilder {
    let method = Methods::new().create(async |data, params| {
        failing(&data, "method")?;
        Ok(match data {
            Value::Array(items) => items.iter().map(|item| returned(item, &params["steps"])).collect(),
            data => returned(&data, &params["steps"]),
        })
    });
    builder.service(PATH, Registration::of(method).for_everyone().hooks(of_the_service())).hooks(of_the_application())
}

fn returned(data: &Value, steps: &Value) -> Value {
    let mut steps = steps.as_array().cloned().unwrap_or_default();
    steps.push("method".into());
    json!({"run": data["run"], "text": data["text"], "secret": data["secret"], "steps": steps})
}

/// What the data says; of several items the first speaks.
fn said<'a>(data: &'a Value, name: &str) -> &'a Value {
    data.as_array().and_then(|items| items.first()).unwrap_or(data).get(name).unwrap_or(&Value::Null)
}

fn failing(data: &Value, place: &str) -> HookResult {
    match said(data, "fail").as_str() {
        Some("panic") if place == "before create" => panic!("this hook breaks"),
        Some(at) if at == place => Err(ServiceError::bad_request(format!("failed in {place}"))),
        _ => Ok(()),
    }
}

/// Notes that a hook has run: in the result, where there is one already.
fn note(context: &mut HookContext, step: &str) -> HookResult {
    if context.path != PATH {
        return Ok(());
    }
    match &mut context.result {
        Some(Value::Array(_)) => {}
        Some(result) => {
            if let Some(steps) = result["steps"].as_array_mut() {
                steps.push(step.into());
            }
        }
        None => {
            let mut steps = context.params["steps"].as_array().cloned().unwrap_or_default();
            steps.push(step.into());
            context.params.set("steps", steps);
        }
    }
    failing(&context.data, step)
}

fn of_the_application() -> Hooks {
    Hooks::new()
        .around("all", async |context: &mut HookContext, next: Next<'_>| {
            note(context, "app in")?;
            next.run(context).await?;
            note(context, "app out")
        })
        .before("all", async |context: &mut HookContext| note(context, "app before"))
        .after("all", async |context: &mut HookContext| note(context, "app after"))
}

fn of_the_service() -> Hooks {
    Hooks::new()
        .around("all", async |context: &mut HookContext, next: Next<'_>| {
            note(context, "all in")?;
            next.run(context).await?;
            note(context, "all out")
        })
        .around("create", async |context: &mut HookContext, next: Next<'_>| {
            note(context, "create in")?;
            next.run(context).await?;
            note(context, "create out")
        })
        .before("all", async |context: &mut HookContext| note(context, "before all"))
        .before("create", before_create)
        .after("create", after_create)
        .after("all", async |context: &mut HookContext| note(context, "after all"))
        .error("create", on_error)
}

async fn before_create(context: &mut HookContext) -> HookResult {
    note(context, "before create")?;
    if said(&context.data, "skip") == true {
        context.result = Some(json!({"run": said(&context.data, "run"), "text": "skipped", "steps": []}));
    }
    Ok(())
}

async fn after_create(context: &mut HookContext) -> HookResult {
    note(context, "after create")?;
    // Null is no event, and nothing said is the usual one.
    let said_event = context.data.get("event").cloned();
    if let Some(event) = said_event {
        context.event = event.as_str().map(str::to_owned);
    }
    if said(&context.data, "secret").is_string() {
        context.dispatch = Some(match context.result.clone().unwrap_or_default() {
            Value::Array(items) => items.into_iter().map(without_secret).collect(),
            result => without_secret(result),
        });
    }
    let said_dispatch = said(&context.data, "dispatch").clone();
    if !said_dispatch.is_null() {
        context.dispatch = Some(said_dispatch);
    }
    Ok(())
}

fn without_secret(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.remove("secret");
    }
    document
}

async fn on_error(context: &mut HookContext) -> HookResult {
    let message = context.error.as_ref().map(|error| error.message.to_string()).unwrap_or_default();
    match said(&context.data, "on_error").as_str() {
        Some("cure") => context.result = Some(json!({"run": said(&context.data, "run"), "text": message})),
        Some("change") => context.error = Some(ServiceError::conflict(format!("changed: {message}"))),
        _ => {}
    }
    Ok(())
}
