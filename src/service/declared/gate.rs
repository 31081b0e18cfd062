//! Who may call a method, asked of a call before it runs.
use super::access::{Access, Allow};
use crate::filter::expression::{ConnectionFacts, Expression, Fact, Rule, Scope};
use crate::metrics::Metrics;
use crate::service::connection::USER;
use crate::service::error::ServiceError;
use crate::service::filters::ruled;
use crate::service::hooks::{HookContext, HookResult};
use crate::service::method::Method;
use serde_json::json;
use std::sync::Arc;

/// A rule that always holds.
const ALWAYS: &str = "true";

/// What stands before one method. Calls that Rust code makes pass.
pub(in crate::service) struct Gate {
    access: Vec<Access>,
    /// Whether any expression reads what was sent.
    reads_data: bool,
    /// Whether any expression reads the call.
    reads_hook: bool,
}

impl Gate {
    /// What stands before a method; none where everybody may call it.
    pub fn of(allow: &Allow, method: &Method) -> Option<Self> {
        let all = allow.of(method);
        let is_open = |access: &Access| {
            let always = access.rule.as_ref().is_none_or(|rule| rule.expression().text().trim() == ALWAYS);
            always && access.query.is_none()
        };
        if !all.is_empty() && all.iter().all(|access| is_open(access)) {
            return None;
        }
        let reads = |variable| all.iter().flat_map(|access| expressions(access)).any(|one| one.reads(variable));
        let (reads_data, reads_hook) = (reads("data"), reads("hook"));
        Some(Gate { access: all.into_iter().cloned().collect(), reads_data, reads_hook })
    }

    /// Lets a call pass, its query narrowed, or fails with `Forbidden`.
    pub fn admit(&self, context: &mut HookContext) -> HookResult {
        if context.params.provider.is_none() {
            return Ok(());
        }
        let metrics = context.params.app()?.node().metrics().clone();
        if self.access.is_empty() {
            return Err(refused(&metrics, context));
        }
        let data = self.reads_data.then(|| Fact::of(&context.data));
        let hook = self.reads_hook.then(|| call(context));
        let connection = context.params.connection.clone();
        let fields = connection.as_ref().map(|connection| connection.fields_now());
        // Hooks of the application may have found the user out: then the call's is not the connection's.
        let kept = fields.as_ref().filter(|fields| fields[USER] == *context.params.user());
        let made = kept.is_none().then(|| ConnectionFacts::new(Arc::new(context.params.as_connection())));
        let connection = kept.map(|fields| fields.facts()).or(made.as_ref());
        let scope = Scope { data: data.as_ref(), connection, hook: hook.as_ref() };
        self.access.iter().try_for_each(|access| meet(access, &scope, context, &metrics))
    }
}

fn expressions(access: &Access) -> impl Iterator<Item = &Expression> {
    let of_query = access.query.iter().flat_map(|query| query.expressions());
    access.rule.iter().map(Rule::expression).chain(of_query)
}

fn meet(access: &Access, scope: &Scope<'_>, context: &mut HookContext, metrics: &Metrics) -> HookResult {
    let name = (context.path.clone(), context.method.clone());
    let about = format_args!("the rule for '{}' of the service {:?}", name.1, name.0);
    if access.rule.as_ref().is_some_and(|rule| !ruled::holds(rule, scope, metrics, about)) {
        return Err(refused(metrics, context));
    }
    let Some(query) = &access.query else { return Ok(()) };
    let conditions = match query.conditions(scope) {
        Ok(conditions) => conditions,
        Err(failure) => {
            ruled::failed(metrics, about, &failure);
            return Err(refused(metrics, context));
        }
    };
    let is_met = match context.method {
        Method::Create | Method::Update => conditions.complete(&mut context.data),
        Method::Patch => conditions.admit_changes(&mut context.data),
        Method::Find | Method::Get | Method::Remove | Method::Custom(_) => true,
    };
    match is_met {
        false => Err(refused(metrics, context)),
        true if context.method == Method::Create => Ok(()),
        true => conditions.narrow(&mut context.params.query),
    }
}

/// The text is that of `feathers-permissions`; which rule it was is told to the log alone.
fn refused(metrics: &Metrics, context: &HookContext) -> ServiceError {
    Metrics::count(&metrics.refusals, "rule");
    let line = format_args!("a call of '{}' of the service {:?} was refused by its rule", context.method, context.path);
    metrics.log_some(log::Level::Info, "refused by a rule", line);
    ServiceError::forbidden("You do not have the correct permissions.")
}

/// The call as rules see it.
fn call(context: &HookContext) -> Fact {
    let mut params = context.params.as_connection();
    params["query"] = context.params.query.clone();
    params["route"] = context.params.route.clone().into();
    let id = context.id.clone().map(serde_json::Value::from);
    Fact::of(&json!({
        "path": context.path,
        "method": context.method.name(),
        "event": context.event,
        "id": id,
        "params": params,
    }))
}
