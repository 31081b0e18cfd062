//! The actor of one service: runs its calls through their hooks, and has the events follow.
use super::call::{Arguments, Outcome, Purpose, ServiceCall};
use super::concealed::PasswordField;
use super::definition::{AnyService, MethodCall};
use super::error::ServiceError;
use super::hooks::{HookContext, HookResult, Target};
use super::method::Method;
use super::services::Definition;
use crate::broker::handler::{Handle, HandlerFuture};
use crate::types::Json;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;

/// How many items `create` may be given at once: each is an event of its own.
const MOST_ITEMS: usize = 1_000;

/// One service on its thread.
pub(super) struct ServiceHost {
    service: Rc<dyn AnyService>,
    definition: Arc<Definition>,
}

impl ServiceHost {
    pub fn new(service: Rc<dyn AnyService>, definition: Arc<Definition>) -> Self {
        ServiceHost { service, definition }
    }
}

impl Handle<ServiceCall> for ServiceHost {
    fn handle(&mut self, call: ServiceCall) -> HandlerFuture<Result<Outcome, ServiceError>> {
        let (service, definition) = (self.service.clone(), self.definition.clone());
        Box::pin(async move { Ok(run(service, &definition, call).await) })
    }
}

/// The method of a service, at the end of its hooks.
struct Called<'s> {
    service: Rc<dyn AnyService>,
    password: Option<&'s PasswordField>,
}

impl Target for Called<'_> {
    fn call<'a>(&'a self, context: &'a mut HookContext) -> LocalBoxFuture<'a, HookResult> {
        let mut call = MethodCall {
            method: context.method.clone(),
            id: context.id.clone(),
            data: context.data.clone(),
            params: context.params.clone(),
        };
        Box::pin(async move {
            if let Some(password) = self.password {
                // Hooks may have changed the query, and the password.
                password.check_query(&call.params.query)?;
                if matches!(call.method, Method::Create | Method::Update | Method::Patch) {
                    password.strip(&mut context.data);
                    password.hash_in(&mut call.data, &call.params).await?;
                }
            }
            let mut result = self.service.clone().call(call).await?;
            if let Some(password) = self.password {
                password.strip(&mut result);
            }
            context.result = Some(result);
            Ok(())
        })
    }
}

async fn run(service: Rc<dyn AnyService>, definition: &Definition, call: ServiceCall) -> Result<Outcome, ServiceError> {
    let ServiceCall { app, method, input, mut params, purpose } = call;
    let path = definition.path.as_str();
    let Some(chain) = definition.chains.get(&method) else {
        return Err(ServiceError::method_not_allowed(format!("Method '{method}' not allowed on service '{path}'")));
    };
    let Arguments { id, data, query } = input.read(&method)?;
    if method == Method::Create && data.as_array().is_some_and(|items| items.len() > MOST_ITEMS) {
        let message = format!("No more than {MOST_ITEMS} items may be created at once");
        return Err(ServiceError::bad_request(message));
    }
    if let Some(query) = query {
        params.query = query;
    }
    let params = params.called(app.clone(), path);
    if purpose == Purpose::Vault {
        return service.call(MethodCall { method, id, data, params }).await.map(Outcome::Value);
    }
    let (is_external, password) = (purpose == Purpose::Client, definition.password.as_ref());
    if let Some(password) = password {
        password.check_query(&params.query)?;
    }
    if is_external && method == Method::Find && chain.is_empty() && password.is_none() {
        // Nobody looks at the values, and no event follows.
        if let Some(written) = service.clone().find_written(params.clone()).await {
            return written.map(|body| Outcome::Shown { body, status: None, location: None });
        }
    }
    let mut context = HookContext::new(path, method, id, data, params);
    let draft = app.draft(definition, &context);
    context.params.draft = draft.clone();
    if let Err(error) = chain.run(&Called { service, password }, &mut context).await {
        definition.forget(draft.as_ref());
        return Err(error);
    }
    if let Some(password) = password {
        // Hooks may have brought it back.
        password.strip_call(&mut context);
    }
    let shown = is_external.then(|| written(context.shown())).transpose()?;
    app.published(definition, &context, shown.as_ref(), draft.as_ref()).await?;
    Ok(match shown {
        Some(body) => Outcome::Shown { body, status: context.status, location: context.location },
        None => Outcome::Value(context.result.unwrap_or_default()),
    })
}

/// A value as it is sent.
pub(super) fn written(value: &Value) -> Result<Json, ServiceError> {
    Json::write(value).map_err(|error| ServiceError::general_error(format!("The result has no JSON form: {error}")))
}
