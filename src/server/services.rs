//! Services of a broker: registered before it starts, called while it runs.
use super::{Broker, BrokerBuilder, Error, claims};
use crate::broker::Expose;
use crate::service::strapi::{ContentTypeConfig, Strapi};
use crate::service::{
    AUTHENTICATION_PATH, App, AuthenticationConfig, HookContext, Hooks, Login, Publication, Registration, ServiceError,
    ServiceHandle,
};
use serde_json::Value;

impl BrokerBuilder {
    /// Registers a service under a path, such as `messages` or `users/:userId/todos`: clients of Feathers call it over Socket.IO and
    /// HTTP, Rust code by [`Broker::service`], and what its methods return becomes events.
    pub fn service(mut self, path: &str, service: impl Into<Registration>) -> Self {
        self.setup.services.push((path.to_owned(), service.into()));
        self
    }

    /// Has the documents of the service at a path be entries of a content type, such as `api::article.article`: all its actions, with
    /// nothing private and no relations. The section `[strapi]` says more, and has to name the roles.
    pub fn content_type(mut self, uid: &str, service: &str) -> Self {
        self.config.strapi.content_types.push(ContentTypeConfig::new(uid, service));
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

impl BrokerBuilder {
    /// Logs in the users whose documents a service has, by a service at the path `authentication`: as `[authentication]` does in a config
    /// file, in the place of what that says. The users' service is registered as any other.
    pub fn authentication(mut self, config: AuthenticationConfig) -> Self {
        self.config.authentication = config;
        self
    }

    /// Tells a function of each login of a client by the authentication service: with the application, whose channels the connection
    /// may join. It runs on a thread of handlers, so it must be quick.
    pub fn on_login(mut self, listener: impl Fn(&App, &Login) + Send + Sync + 'static) -> Self {
        self.setup.on_login(listener);
        self
    }

    /// Tells a function of each logout of a client. Its connection has left all channels by then.
    pub fn on_logout(mut self, listener: impl Fn(&App, &Login) + Send + Sync + 'static) -> Self {
        self.setup.on_logout(listener);
        self
    }
}

impl BrokerBuilder {
    /// Looks whether the services can be where the config has them. Clients of an endpoint without services have none.
    pub(super) fn settle_services(&mut self) -> Result<(), Error> {
        for exposed in self.config.expose.iter().filter_map(Expose::service) {
            if !self.setup.services.iter().any(|(path, _)| path.trim_matches('/') == exposed) {
                return Err(Error::NothingExposed(exposed.to_owned()));
            }
        }
        self.setup.authentication = self.config.authentication.clone();
        self.setup.strapi = Some(self.config.strapi.clone());
        if self.setup.services.is_empty() {
            if self.config.rest.prefix.is_some() {
                log::warn!("rest.prefix has no effect: no service is registered");
            }
            return Ok(());
        }
        let served = self
            .config
            .socketio
            .iter()
            .position(|endpoint| endpoint.builtin_events && endpoint.services != Some(false));
        if let Some(index) = served {
            return Err(Error::BuiltinEvents(index));
        }
        let without = self.config.socketio.iter().filter(|endpoint| endpoint.services == Some(false));
        self.setup.without = without.map(|endpoint| endpoint.path.clone()).collect();
        let own = self.config.authentication.service.is_some().then_some(AUTHENTICATION_PATH);
        let services = self.setup.services.iter().map(|(path, _)| path.as_str()).chain(own);
        let wires = self.wires.iter().map(|(path, _)| path.as_str());
        let of_events = self.config.backstage.events.then(|| self.config.backstage.socketio_path());
        let engines = self.mounted.iter().map(|mounted| mounted.settings.path.as_str()).chain(of_events.as_deref());
        claims::check(&self.config, services, wires, engines)
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

    /// The clients of a Strapi application, to emit to; none where the config has no `[strapi]`.
    pub fn strapi(&self) -> Option<Strapi> {
        Strapi::of(&self.node)
    }

    /// The application that the broker's services make up; none where it has none.
    pub fn app(&self) -> Option<App> {
        App::of(&self.node)
    }
}
