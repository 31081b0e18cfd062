//! Rules of the config, asked. One that fails says no, and that it failed is counted and logged.
use crate::filter::expression::{Rule, Scope};
use crate::metrics::Metrics;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether a rule holds. `about` is what was asked, for the log.
pub(in crate::service) fn holds(rule: &Rule, scope: &Scope<'_>, metrics: &Metrics, about: fmt::Arguments<'_>) -> bool {
    answer(rule, scope, metrics, about).unwrap_or(false)
}

/// The same; none where the rule failed.
pub(super) fn answer(rule: &Rule, scope: &Scope<'_>, metrics: &Metrics, about: fmt::Arguments<'_>) -> Option<bool> {
    // The evaluator is somebody else's code: should it panic, the one who asked is refused, and nobody else notices.
    match catch_unwind(AssertUnwindSafe(|| rule.holds(scope))) {
        Ok(Ok(holds)) => return Some(holds),
        Ok(Err(failure)) => failed(metrics, about, &failure),
        Err(_) => failed(metrics, about, &"it panicked"),
    }
    None
}

/// Counts and logs that a rule has no answer.
pub(in crate::service) fn failed(metrics: &Metrics, about: fmt::Arguments<'_>, why: &dyn fmt::Display) {
    Metrics::count(&metrics.handler_failures, "rule");
    metrics.log_some(log::Level::Warn, "rule", format_args!("{about} failed, and so refuses: {why}"));
}
