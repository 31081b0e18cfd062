//! Mounting a broker on an actix-web app.
use super::Broker;
use crate::broker::Worker;
use crate::transport;
use actix_http::{Request, body::MessageBody};
use actix_rt::Arbiter;
use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::dev::AppConfig;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, HttpServer};

impl Broker {
    /// The broker's endpoints, for `App::configure`: `App::new().configure(broker.routes())`.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let broker = self.clone();
        move |app| {
            // Channels are placed on workers, though nobody has connected to them yet.
            if Arbiter::try_current().is_some() {
                Worker::here(&broker.node);
            }
            broker.mount_connections(app);
            if broker.config.internal_port.is_none() {
                broker.mount_internal(app);
            }
            // Below `/` it takes what nobody else does.
            crate::rest::mount(app, &broker.node, &broker.rest);
        }
    }

    /// What stands on the internal address where the config names one: API, metrics, health, console.
    pub fn internal_routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let broker = self.clone();
        move |app| broker.mount_internal(app)
    }

    /// Sets on a server what the broker relies on: sockets that can be cut, no half-closed ones (they hide a client that
    /// has left), no delay for small frames, signals left to the program. Call it before `bind`.
    pub fn server<F, I, S, B>(&self, server: HttpServer<F, I, S, B>) -> HttpServer<F, I, S, B>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error> + 'static,
        S::InitError: std::fmt::Debug,
        S::Response: Into<actix_http::Response<B>> + 'static,
        <S::Service as actix_service::Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        server
            .on_connect(transport::on_connect)
            .h1_allow_half_closed(false)
            .tcp_nodelay(true)
            .max_connections(self.places())
            .disable_signals()
    }

    /// Sockets that one worker of the HTTP server holds: more than there may be connections, so that `limits.connections` is the
    /// bound that acts, and requests are answered beside them. A client that polls has two.
    pub(super) fn places(&self) -> usize {
        self.node.limits().connections.saturating_mul(2).saturating_add(1024)
    }

    fn mount_connections(&self, app: &mut ServiceConfig) {
        for wire in self.wires.iter() {
            let endpoint = Data::from(wire.clone());
            app.service(web::resource(&wire.path).app_data(endpoint).route(web::get().to(transport::open)));
        }
        self.engines.iter().for_each(|engine| engine.mount(app));
        self.mount_events_bus(app);
    }

    fn mount_internal(&self, app: &mut ServiceConfig) {
        crate::api::mount(app, &self.api, &self.config.api_prefix);
        if let Some(paths) = &self.console {
            crate::console::mount(app, &self.node, paths);
        }
    }
}
