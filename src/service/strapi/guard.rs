//! What clients may ask of the services themselves: nothing of those that hold rights, unless the config says who may; of those of
//! content types what their role or token permits, without what is private.
use super::content::ContentType;
use super::entry;
use super::queue::Change;
use super::rights::id_in;
use super::state::State;
use crate::service::hooks::{HookContext, HookResult, Next};
use crate::service::{Method, Registration, ServiceError};
use serde_json::Value;
use std::sync::Arc;

/// Which part of the rights a service holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Roles, permissions or API tokens.
    Rights,
    /// Users.
    Users,
}

/// Has clients not call a service that holds rights, unless the config says who may (`allow`), and changes of it heeded before those
/// who made them are answered. `content` is the content type that it has as well.
pub fn of_rights(registration: &mut Registration, state: &Arc<State>, holds: Holds, content: Option<Arc<ContentType>>) {
    let (state, is_gated) = (state.clone(), registration.is_gated);
    registration.surround(async move |context: &mut HookContext, next: Next<'_>| {
        let is_clients = content.is_none() && context.params.provider.is_some();
        if is_clients && !is_gated {
            return Err(forbidden());
        }
        let outcome = next.run(context).await;
        if is_clients && outcome.is_ok() {
            let mut shown = context.dispatch.take().or_else(|| context.result.clone()).unwrap_or_default();
            entry::without_secrets(&mut shown);
            context.dispatch = Some(shown);
        }
        // Where it failed, a part may have been changed all the same.
        if !matches!(context.method, Method::Find | Method::Get)
            && let Ok(app) = context.params.app()
        {
            state.changed(app.node(), change(context, holds)).await;
        }
        outcome
    });
}

/// Has clients call the service of a content type only where their role or token permits it, and see nothing private.
pub fn of_content(registration: &mut Registration, state: &Arc<State>, of: &Arc<ContentType>) {
    let (state, of) = (state.clone(), of.clone());
    registration.surround(async move |context: &mut HookContext, next: Next<'_>| {
        if context.params.provider.is_none() {
            return next.run(context).await;
        }
        permitted(&state, &of, context)?;
        next.run(context).await?;
        let mut shown = context.dispatch.take().or_else(|| context.result.clone()).unwrap_or_default();
        match &mut shown {
            Value::Object(page) if context.method == Method::Find && page.contains_key("data") => {
                entry::without_private(&mut page["data"], &of);
            }
            entry => entry::without_private(entry, &of),
        }
        context.dispatch = Some(shown);
        Ok(())
    });
}

/// Over HTTP nobody has a role but the public one.
fn permitted(state: &State, of: &ContentType, context: &HookContext) -> HookResult {
    let rights = state.rights.load();
    let session = context.params.connection.as_ref().map(|connection| connection.session());
    let principal = match session {
        Some(session) => state.members.principal(session),
        None => rights.public.clone(),
    };
    let action = match &context.method {
        Method::Find => "find",
        Method::Get => "findOne",
        Method::Create => "create",
        Method::Update | Method::Patch => "update",
        Method::Remove => "delete",
        Method::Custom(name) => name,
    };
    let action = format!("{}.{action}", of.uid);
    let now = context.params.app()?.node().now().saturating_mul(1000);
    if !principal.is_some_and(|principal| rights.allows(&principal, &action, now)) {
        return Err(forbidden());
    }
    // Whoever may ask for the entries in which it has some value reads it one guess after the other.
    if let Some(field) = named_private(&context.params.query, of) {
        return Err(ServiceError::bad_request(format!("'{field}' cannot be asked for")));
    }
    Ok(())
}

/// What is private of the names in a query.
fn named_private<'a>(query: &'a Value, of: &ContentType) -> Option<&'a str> {
    let is_private = |name: &str| {
        let within = |private: &String| {
            let longer = name.strip_prefix(private.as_str());
            longer.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        of.private.iter().any(within)
    };
    match query {
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| if is_private(name) { Some(name.as_str()) } else { named_private(value, of) }),
        Value::Array(items) => items.iter().find_map(|item| named_private(item, of)),
        _ => None,
    }
}

fn forbidden() -> ServiceError {
    ServiceError::forbidden("Forbidden")
}

/// What a call has changed, or may have.
fn change(context: &HookContext, holds: Holds) -> Change {
    if holds == Holds::Rights {
        return Change { rights: true, ..Change::default() };
    }
    let changed = match (&context.result, &context.id) {
        (Some(Value::Array(all)), _) => all.iter().map(id_in).collect(),
        (Some(one), None) => vec![id_in(one)],
        // Whoever may have calls fail must not have all users read.
        (_, Some(id)) => vec![Some(id.key())],
        (None, None) => vec![None],
    };
    let any_users = changed.iter().any(Option::is_none);
    Change { rights: false, users: changed.into_iter().flatten().map(String::from).collect(), any_users }
}
