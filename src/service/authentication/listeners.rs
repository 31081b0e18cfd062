//! What the application does when somebody logs in or out.
use crate::metrics::Metrics;
use crate::service::app::App;
use crate::service::connection::Connection;
use crate::service::params::Provider;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A login or a logout of a client.
#[derive(Clone)]
pub struct Login {
    /// The user's document, without the password.
    pub user: Value,
    /// What the client was answered of it: the member `strategy`, the claims of the token as `payload`.
    pub authentication: Value,
    /// The client's connection; none for a request over HTTP.
    pub connection: Option<Connection>,
    /// By which way it came.
    pub provider: Provider,
}

/// Told of a login or a logout.
type Listener = Arc<dyn Fn(&App, &Login) + Send + Sync>;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Occasion {
    Login,
    Logout,
}

/// The listeners to logins and logouts, in the order in which they were added.
#[derive(Clone, Default)]
pub(in crate::service) struct Listeners(Vec<(Occasion, Listener)>);

impl Listeners {
    pub fn add(&mut self, to: Occasion, listener: impl Fn(&App, &Login) + Send + Sync + 'static) {
        self.0.push((to, Arc::new(listener)));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells those who listen. One that panics fails nobody.
    pub fn tell(&self, what: Occasion, app: &App, login: &Login) {
        for (_, listener) in self.0.iter().filter(|(to, _)| *to == what) {
            if catch_unwind(AssertUnwindSafe(|| listener(app, login))).is_err() {
                let metrics = app.node().metrics();
                metrics.log_some(log::Level::Error, "listener", format_args!("a listener to a {what:?} panicked"));
                Metrics::count(&metrics.handler_failures, "panic");
            }
        }
    }
}
