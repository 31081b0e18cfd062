//! Services over HTTP, as the REST clients of Feathers call them.
//!
//! | file | what lives there |
//! |---|---|
//! | `config` | the section `[rest]` |
//! | `call` | one request, from its path to its response |
//! | `path`, `query`, `body` | the parts of a request |
//! | `method` | which method of a service it calls |
//! | `caller` | the identity of the caller |
//! | `cors` | pages of other origins |
//! | `answer`, `failure` | results and errors as responses |
//!
//! Source: `@feathersjs/express` 5 and `@feathersjs/transport-commons` 5 (`http`). Where they differ from the same call over Socket.IO
//! without need, this room follows Socket.IO: ids are decoded, a body may be any JSON, and a result that is falsy in JavaScript is a result.
mod answer;
mod body;
mod call;
mod caller;
mod config;
mod cors;
mod failure;
mod method;
mod path;
mod query;

pub use config::Config;

use crate::broker::Node;
use crate::service::App;
use actix_web::guard::fn_guard;
use actix_web::web::{self, Data, ServiceConfig};

/// The services of a broker, as they are served below a prefix.
struct Endpoint {
    app: App,
    /// Without a slash at its end.
    prefix: String,
    max_body: usize,
}

/// Mounts the services of a broker on an app, if the config has a prefix for them. Comes last: what is mounted before goes before
/// them. Below `/`, paths of no service are left to the app, whose default service becomes one that answers as Feathers does.
pub fn mount(app: &mut ServiceConfig, node: &Node, config: &Config) {
    let (Some(prefix), Some(services)) = (&config.prefix, App::of(node)) else { return };
    let prefix = prefix.trim_end_matches('/').to_owned();
    let endpoint = Data::new(Endpoint { app: services, prefix, max_body: config.max_body });
    let below = web::resource(format!("{}/{{below:.*}}", endpoint.prefix)).app_data(endpoint.clone());
    if !endpoint.prefix.is_empty() {
        app.service(below.to(call::serve));
        return;
    }
    let known = endpoint.clone();
    let is_known = fn_guard(move |context| known.serves(context.head().uri.path()));
    app.service(below.guard(is_known).to(call::serve));
    let answer = move |request, body| call::serve(request, body, endpoint.clone());
    app.default_service(web::to(answer));
}
