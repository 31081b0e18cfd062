//! What applications build on: services whose results become events, as Feathers has them; and typed handlers for what clients emit.
//!
//! | file | what lives there |
//! |---|---|
//! | `definition`, `functions`, `stored` | what a service is: a trait, functions, the documents of a store |
//! | `declared` | services that a config declares, and their rules |
//! | `method`, `params`, `error` | the method of a call, its parameters, its errors |
//! | `hooks` | what runs around the methods |
//! | `registration`, `services`, `path` | services with their hooks, filters and publishers, by path |
//! | `host`, `call` | the actor of a service, and a call on its way to it |
//! | `entry`, `finder` | a service as it runs, and the way past its actor for `find` of clients |
//! | `authentication`, `concealed` | logins of the users that a service has, and the field with their passwords |
//! | `dispatching`, `outbox` | the events of calls on their way, and those that a crash left behind |
//! | `app`, `handle` | an application and its services, as Rust code calls them |
//! | `emitter` | listeners inside the process |
//! | `connection`, `publication`, `filters` | clients: who receives an event, and what each of them sees |
//! | `sockets` | calls over Socket.IO |
//! | `events` | typed handlers of clients' own events |
//! | `signals` | signals for the pages of Backstage |
//! | `events_bus` | the events bus of Backstage |
//! | `strapi` | services as content types of Strapi: events by roles and API tokens |
//!
//! A call goes from its edge (`sockets`, HTTP, or a [`ServiceHandle`]) to the service's actor (`host`), through the hooks
//! (`hooks::chain`) to the method. The result is published (`App::published`) as an event of the namespace that clients of
//! services have joined, on all nodes; the filters run where it is delivered (`filters::view`).
mod app;
mod authentication;
mod call;
mod concealed;
mod connection;
mod declared;
mod definition;
mod dispatching;
mod emitter;
mod entry;
mod error;
pub mod events;
pub mod events_bus;
mod filters;
mod finder;
mod functions;
mod handle;
mod hooks;
mod host;
mod method;
mod outbox;
mod params;
mod path;
mod publication;
mod registration;
mod services;
mod signals;
mod sockets;
mod stored;
pub mod strapi;

pub use app::App;
pub use authentication::{AuthenticationConfig, Login, PATH as AUTHENTICATION_PATH, Strategy, authenticate};
pub use call::{Outcome, ServiceCall};
pub use connection::Connection;
pub use declared::{ALL, Access, Allow, EventRule, Narrowing, ServiceConfig};
pub use definition::{MethodCall, Service};
pub use emitter::ServiceListener;
pub use error::{ErrorClass, ServiceError, ServiceResult};
pub use filters::{EventOrigin, FilterAnswer, IntoFilterAnswer};
pub use functions::Methods;
pub use handle::{IntoId, ServiceHandle};
pub use hooks::{AroundHook, Hook, HookContext, HookKind, HookResult, Hooks, Next};
pub use method::{Method, STANDARD_EVENTS, Selector};
pub use params::{Params, Provider};
pub use publication::{AppChannel, Channel, Publication, channel};
pub use registration::Registration;
pub use services::{NAMESPACE, SetupError};
pub use signals::{Recipients, Signal};
pub use stored::Stored;

pub(crate) use authentication::Bearer;
pub(crate) use outbox::resume;
pub(crate) use services::Setup;

use authentication::{attend, enroll, recognize};

use crate::broker::handler::{CONNECTION, HandlerThreads, Handlers};
use filters::ServiceView;
use services::Services;
use sockets::SocketCalls;
use std::rc::Rc;
use std::sync::Arc;

/// Starts the services that were registered, and has the broker send their clients' calls to them and show their events as the
/// filters say. `is_shared` where several nodes share an engine, `is_open` where more than this machine reaches the broker.
/// Fails where two services claim one path, or one is registered with what it cannot have.
pub(crate) fn start(
    mut setup: Setup,
    threads: &HandlerThreads,
    handlers: &mut Handlers,
    (is_shared, is_open): (bool, bool),
) -> Result<(), SetupError> {
    let desk = enroll(&mut setup)?;
    let strapi = strapi::prepare(&mut setup)?;
    if setup.services.is_empty() {
        return Ok(());
    }
    if let Some(desk) = &desk {
        let known = desk.clone();
        handlers.recognize(move |node, call, token| recognize(&known, node, call, token));
        if let Some(attendant) = attend(desk) {
            // After the application's own handlers of connections.
            handlers.on_emit(NAMESPACE, CONNECTION, &threads.host(attendant));
        }
    }
    let services = Services::start(setup, threads, handlers, desk, (is_shared, is_open))?;
    let home = services.home.clone();
    handlers.extend(Arc::new(services));
    if let Some(strapi) = strapi {
        strapi.install(threads, handlers);
    }
    handlers.route_emits(home.clone(), SocketCalls);
    handlers.home_view(home, |session, _| {
        let app = App::of(session.node())?;
        Some(Rc::new(ServiceView::new(app, session)))
    });
    Ok(())
}
