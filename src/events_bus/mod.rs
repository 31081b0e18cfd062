//! The events bus of Backstage over HTTP, as `DefaultEventsService` of `@backstage/plugin-events-node` uses it.
//!
//! | file | what lives there |
//! |---|---|
//! | `call` | one request, from its path to its response |
//! | `caller` | the plugin whose request it is |
//! | `body` | the bodies of requests |
//! | `refusal` | errors, as Backstage's backends write them |
//!
//! Source: `createEventBusRouter` and the OpenAPI document of `@backstage/plugin-events-backend` 0.6. Unlike there, a plugin has access
//! to its own subscriptions only.
mod body;
mod call;
mod caller;
mod refusal;

use crate::service::events_bus::EventsBus;
use actix_web::web::{self, Data, ServiceConfig};

/// The bus of a broker, as it is served below a prefix.
struct Endpoint {
    bus: EventsBus,
    prefix: String,
    max_body: usize,
}

/// Mounts the bus below `prefix`, which does not end with a slash. A body of more than `max_body` bytes is refused.
pub fn mount(app: &mut ServiceConfig, bus: EventsBus, prefix: &str, max_body: usize) {
    let endpoint = Data::new(Endpoint { bus, prefix: prefix.to_owned(), max_body });
    app.service(web::resource(format!("{prefix}/{{below:.*}}")).app_data(endpoint).to(call::serve));
}
