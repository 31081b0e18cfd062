//! Hooks: what runs around the methods of services.
//!
//! Source: `@feathersjs/feathers` 5 and `@feathersjs/hooks`. The application's hooks run around those of the
//! service. For each of them, hooks around all methods come first, then those around one; then those before, after and on errors
//! of all methods, then those of one.
mod chain;
mod context;

pub use chain::Next;
pub use context::{HookContext, HookKind};

pub(super) use chain::{Chain, Target};

use super::error::ServiceError;
use super::method::{Method, Selector};
use chain::Step;
use futures_util::future::LocalBoxFuture;
use std::sync::Arc;

/// What a hook returns.
pub type HookResult = Result<(), ServiceError>;

/// A hook before or after a method, or on its error: an asynchronous function of the context.
pub trait Hook: Send + Sync + 'static {
    /// Runs it. An error ends the call, and goes to the hooks on errors.
    fn run<'a>(&'a self, context: &'a mut HookContext) -> LocalBoxFuture<'a, HookResult>;
}

impl<F> Hook for F
where
    F: AsyncFn(&mut HookContext) -> HookResult + Send + Sync + 'static,
{
    fn run<'a>(&'a self, context: &'a mut HookContext) -> LocalBoxFuture<'a, HookResult> {
        Box::pin(self(context))
    }
}

/// A hook around a method: does something, has the rest of the call run, does something more.
pub trait AroundHook: Send + Sync + 'static {
    /// Runs it. Without a call of [`Next::run`] the method is not called.
    fn run<'a>(&'a self, context: &'a mut HookContext, next: Next<'a>) -> LocalBoxFuture<'a, HookResult>;
}

impl<F> AroundHook for F
where
    F: for<'c, 'n> AsyncFn(&'c mut HookContext, Next<'n>) -> HookResult + Send + Sync + 'static,
{
    fn run<'a>(&'a self, context: &'a mut HookContext, next: Next<'a>) -> LocalBoxFuture<'a, HookResult> {
        Box::pin(self(context, next))
    }
}

/// The hooks of the application, or of one service. Those of one kind run in the order in which they were added.
#[derive(Clone, Default)]
pub struct Hooks {
    around: Vec<(Selector, Arc<dyn AroundHook>)>,
    before: Vec<(Selector, Arc<dyn Hook>)>,
    after: Vec<(Selector, Arc<dyn Hook>)>,
    error: Vec<(Selector, Arc<dyn Hook>)>,
}

impl Hooks {
    /// No hooks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs around a method, or around `all`.
    pub fn around(
        mut self,
        methods: impl Into<Selector>,
        hook: impl for<'c, 'n> AsyncFn(&'c mut HookContext, Next<'n>) -> HookResult + Send + Sync + 'static,
    ) -> Self {
        self.around.push((methods.into(), Arc::new(hook)));
        self
    }

    /// Runs before a method, or before `all`: may change the data, the query and the params. Where it sets a result, the method is
    /// not called.
    pub fn before(
        mut self,
        methods: impl Into<Selector>,
        hook: impl AsyncFn(&mut HookContext) -> HookResult + Send + Sync + 'static,
    ) -> Self {
        self.before.push((methods.into(), Arc::new(hook)));
        self
    }

    /// Runs after a method, or after `all`, if that succeeded: may change the result, what is dispatched, and the event.
    pub fn after(
        mut self,
        methods: impl Into<Selector>,
        hook: impl AsyncFn(&mut HookContext) -> HookResult + Send + Sync + 'static,
    ) -> Self {
        self.after.push((methods.into(), Arc::new(hook)));
        self
    }

    /// Runs where a method, or any of `all`, or a hook failed: may change the error. Where it sets a result, the call succeeds.
    pub fn error(
        mut self,
        methods: impl Into<Selector>,
        hook: impl AsyncFn(&mut HookContext) -> HookResult + Send + Sync + 'static,
    ) -> Self {
        self.error.push((methods.into(), Arc::new(hook)));
        self
    }

    /// The same with this hook around all others of these.
    pub(super) fn outermost(
        mut self,
        hook: impl for<'c, 'n> AsyncFn(&'c mut HookContext, Next<'n>) -> HookResult + Send + Sync + 'static,
    ) -> Self {
        self.around.insert(0, (Selector::All, Arc::new(hook)));
        self
    }

    /// The steps of a call of this method, from the outside in.
    fn steps(&self, method: &Method, into: &mut Vec<Step>) {
        let all = |selector: &Selector| *selector == Selector::All;
        let one = |selector: &Selector| selector.is(method);
        into.extend(picked(&self.around, all).map(Step::Around));
        into.extend(picked(&self.around, one).map(Step::Around));
        into.extend(errors(&self.error, all));
        into.extend(picked(&self.before, all).map(Step::Before));
        into.extend(errors(&self.error, one));
        into.extend(picked(&self.before, one).map(Step::Before));
        // What is further in runs first on the way out.
        into.extend(picked(&self.after, one).rev().map(Step::After));
        into.extend(picked(&self.after, all).rev().map(Step::After));
    }
}

fn picked<H: ?Sized>(
    hooks: &[(Selector, Arc<H>)],
    is_meant: impl Fn(&Selector) -> bool,
) -> impl DoubleEndedIterator<Item = Arc<H>> {
    hooks.iter().filter(move |(selector, _)| is_meant(selector)).map(|(_, hook)| hook.clone())
}

/// The hooks on errors are one step: each sees what the one before made of the error.
fn errors(hooks: &[(Selector, Arc<dyn Hook>)], is_meant: impl Fn(&Selector) -> bool) -> Option<Step> {
    let hooks: Vec<_> = picked(hooks, is_meant).collect();
    (!hooks.is_empty()).then_some(Step::Errors(hooks))
}
