//! The steps of one call, from the outside in.
use super::{AroundHook, Hook, HookContext, HookKind, HookResult, Hooks};
use crate::service::method::Method;
use futures_util::future::LocalBoxFuture;
use std::sync::Arc;

/// One step of a call.
pub(super) enum Step {
    Around(Arc<dyn AroundHook>),
    Before(Arc<dyn Hook>),
    After(Arc<dyn Hook>),
    Errors(Vec<Arc<dyn Hook>>),
}

/// The method itself, at the end of the chain.
pub(in crate::service) trait Target {
    /// Calls it and notes what it returned in the context.
    fn call<'a>(&'a self, context: &'a mut HookContext) -> LocalBoxFuture<'a, HookResult>;
}

/// All steps of the calls of one method.
#[derive(Default)]
pub(in crate::service) struct Chain(Vec<Step>);

impl Chain {
    /// The steps of a method: those of the application around those of the service.
    pub fn new(app: &Hooks, service: &Hooks, method: &Method) -> Self {
        let mut steps = vec![];
        app.steps(method, &mut steps);
        service.steps(method, &mut steps);
        Chain(steps)
    }

    /// Whether no hook looks at the calls.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Runs a call through all steps.
    pub async fn run(&self, target: &dyn Target, context: &mut HookContext) -> HookResult {
        Next { steps: &self.0, target }.run(context).await
    }
}

/// The rest of a call, for a hook around it.
pub struct Next<'a> {
    steps: &'a [Step],
    target: &'a dyn Target,
}

impl<'a> Next<'a> {
    /// Has the rest of the call run: the hooks further in, and the method. Fails as that does.
    pub fn run<'c>(self, context: &'c mut HookContext) -> LocalBoxFuture<'c, HookResult>
    where
        'a: 'c,
    {
        let Some((step, rest)) = self.steps.split_first() else {
            return match context.result {
                Some(_) => Box::pin(std::future::ready(Ok(()))),
                None => self.target.call(context),
            };
        };
        let next = Next { steps: rest, target: self.target };
        match step {
            Step::Around(hook) => hook.run(context, next),
            Step::Before(hook) => Box::pin(async move {
                as_kind(&**hook, HookKind::Before, context).await?;
                next.run(context).await
            }),
            Step::After(hook) => Box::pin(async move {
                next.run(context).await?;
                as_kind(&**hook, HookKind::After, context).await
            }),
            Step::Errors(hooks) => Box::pin(async move {
                match next.run(context).await {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        context.error = Some(error);
                        context.result = None;
                        recover(hooks, context).await
                    }
                }
            }),
        }
    }
}

async fn as_kind(hook: &dyn Hook, kind: HookKind, context: &mut HookContext) -> HookResult {
    let outer = std::mem::replace(&mut context.kind, kind);
    let outcome = hook.run(context).await;
    context.kind = outer;
    outcome
}

/// The call fails with what the hooks have made of its error, unless one of them has a result.
async fn recover(hooks: &[Arc<dyn Hook>], context: &mut HookContext) -> HookResult {
    for hook in hooks {
        if let Err(error) = as_kind(&**hook, HookKind::Error, context).await {
            context.error = Some(error.clone());
            return Err(error);
        }
    }
    match (&context.result, &context.error) {
        (None, Some(error)) => Err(error.clone()),
        (Some(_), _) | (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::error::ServiceError;
    use crate::service::params::Params;
    use serde_json::{Value, json};
    use std::sync::Mutex;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    struct Create(Log, Result<Value, ServiceError>);

    impl Target for Create {
        fn call<'a>(&'a self, context: &'a mut HookContext) -> LocalBoxFuture<'a, HookResult> {
            self.0.lock().expect("no test panics with it").push("method");
            Box::pin(async {
                context.result = Some(self.1.clone()?);
                Ok(())
            })
        }
    }

    fn note(log: &Log, what: &'static str) -> HookResult {
        log.lock().expect("no test panics with it").push(what);
        Ok(())
    }

    fn noting(log: &Log, names: [&'static str; 6]) -> Hooks {
        let [in_, out, before_all, before, after, after_all] = names;
        let log = || log.clone();
        let (a, b, c, d, e) = (log(), log(), log(), log(), log());
        Hooks::new()
            .before("create", async move |_| note(&a, before))
            .before("all", async move |_| note(&b, before_all))
            .after("all", async move |_| note(&c, after_all))
            .after("create", async move |_| note(&d, after))
            .around("all", async move |context: &mut HookContext, next: Next<'_>| {
                note(&e, in_)?;
                next.run(context).await?;
                note(&e, out)
            })
    }

    fn context() -> HookContext {
        HookContext::new("messages", Method::Create, None, json!({"text": "a"}), Params::default())
    }

    #[actix_rt::test]
    async fn hooks_run_from_the_application_inwards_and_out_again() {
        let log = Log::default();
        let app = noting(&log, ["app in", "app out", "app before all", "app before", "app after", "app after all"]);
        let service = noting(&log, ["in", "out", "before all", "before", "after", "after all"]);
        let chain = Chain::new(&app, &service, &Method::Create);
        let mut context = context();
        chain.run(&Create(log.clone(), Ok(json!(1))), &mut context).await.expect("nothing fails");
        let expected = [
            "app in",
            "app before all",
            "app before",
            "in",
            "before all",
            "before",
            "method",
            "after all",
            "after",
            "out",
            "app after all",
            "app after",
            "app out",
        ];
        assert_eq!(*log.lock().expect("no test panics with it"), expected);
        assert_eq!(context.result, Some(json!(1)));
    }

    #[actix_rt::test]
    async fn a_result_that_a_hook_sets_spares_the_method() {
        let log = Log::default();
        let hooks = Hooks::new().before("all", async |context: &mut HookContext| {
            context.result = Some(json!("kept"));
            Ok(())
        });
        let mut context = context();
        let target = Create(log.clone(), Ok(json!(1)));
        Chain::new(&Hooks::new(), &hooks, &Method::Create).run(&target, &mut context).await.expect("nothing fails");
        assert!(log.lock().expect("no test panics with it").is_empty());
        assert_eq!(context.result, Some(json!("kept")));
    }

    #[actix_rt::test]
    async fn a_hook_on_errors_changes_the_error_or_has_the_call_succeed() {
        let target = Create(Log::default(), Err(ServiceError::bad_request("first")));
        let changing = Hooks::new().error("create", async |context: &mut HookContext| {
            context.error = Some(ServiceError::conflict("second"));
            Ok(())
        });
        let outcome = Chain::new(&Hooks::new(), &changing, &Method::Create).run(&target, &mut context()).await;
        assert_eq!(outcome, Err(ServiceError::conflict("second")));

        let curing = Hooks::new().error("all", async |context: &mut HookContext| {
            context.result = Some(json!({}));
            Ok(())
        });
        let mut context = context();
        Chain::new(&curing, &changing, &Method::Create).run(&target, &mut context).await.expect("it was cured");
        assert_eq!(context.result, Some(json!({})));
    }
}
