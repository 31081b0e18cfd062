//! Services of a broker: registered before it starts, called while it runs.
use super::{Broker, BrokerBuilder};
use crate::service::{App, HookContext, Hooks, Publication, Registration, ServiceError, ServiceHandle};
use serde_json::Value;

impl BrokerBuilder {
    /// Registers a service under a path, such as `messages` or `users/:userId/todos`: clients of Feathers call it over Socket.IO and
    /// HTTP, Rust code by [`Broker::service`], and what its methods return becomes events.
    pub fn service(mut self, path: &str, service: impl Into<Registration>) -> Self {
        self.setup.services.push((path.to_owned(), service.into()));
        self
    }

    /// Runs these hooks with the calls of all services, outside those of each service. In the place of others that were set before.
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.setup.hooks = hooks;
        self
    }

    /// Publishes the events of all services that have no publisher of their own to the channels that `publisher` names. See
    /// [`Registration::publish`].
    pub fn publish<P: Into<Publication>>(
        mut self,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) -> Self {
        self.setup.publish(None, publisher);
        self
    }

    /// The same for the events of this name; goes before [`BrokerBuilder::publish`].
    pub fn publish_event<P: Into<Publication>>(
        mut self,
        event: &str,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) -> Self {
        self.setup.publish(Some(event), publisher);
        self
    }
}

impl Broker {
    /// The service at a path. Fails with `NotFound` where there is none.
    pub fn service(&self, path: &str) -> Result<ServiceHandle, ServiceError> {
        match self.app() {
            Some(app) => app.service(path),
            None => Err(ServiceError::not_found(format!("Service '{path}' not found"))),
        }
    }

    /// The application that the broker's services make up; none where it has none.
    pub fn app(&self) -> Option<App> {
        App::of(&self.node)
    }
}
