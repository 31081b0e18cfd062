//! What is at which path: services over HTTP, and everything that is served beside them.
use super::{Config, Error};
use std::fmt;

/// Begins a segment of a service's path that stands for any text.
const PLACEHOLDER: &str = ":";

/// Something that is served at a path.
struct Claim {
    what: String,
    path: String,
    /// All that begins with the path is its own, too.
    takes_all_below: bool,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.what, self.path)
    }
}

/// Fails where a service would be served over HTTP at a path that is taken: its own or, with an id behind it, one of its documents.
/// `wires` and `engines` are the paths of what a program has mounted.
pub(super) fn check<'a>(
    config: &'a Config,
    services: impl Iterator<Item = &'a str>,
    wires: impl Iterator<Item = &'a str>,
    engines: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let Some(prefix) = &config.rest.prefix else { return Ok(()) };
    let taken = taken(config, wires, engines);
    for path in services {
        if let Some(other) = taker(&taken, prefix, path) {
            let service = path.trim_matches('/');
            let service = format!("the service {service:?} below rest.prefix = {prefix:?}");
            return Err(Error::Claimed { one: service, other: other.to_string() });
        }
    }
    Ok(())
}

/// What of the config answers where a service of this path, or one of its documents, would be served over HTTP; none where the path is
/// free, and where services are not served over HTTP.
pub fn clash(config: &Config, path: &str) -> Option<String> {
    let prefix = config.rest.prefix.as_deref()?;
    let websocket = format!("{}/websocket", config.server.connection_prefix);
    let of_events = config.backstage.events.then(|| config.backstage.socketio_path());
    let taken = taken(config, std::iter::once(websocket.as_str()), of_events.as_deref().into_iter());
    taker(&taken, prefix, path).map(Claim::to_string)
}

/// What answers where a service would be served.
fn taker<'c>(taken: &'c [Claim], prefix: &str, path: &str) -> Option<&'c Claim> {
    let service = path.trim_matches('/');
    // A name goes before what stands for any.
    if service.starts_with(PLACEHOLDER) && prefix == "/" {
        return None;
    }
    let whole = format!("{}/{service}", prefix.trim_end_matches('/'));
    let with_id = format!("{whole}/{PLACEHOLDER}");
    taken.iter().find(|claim| claim.meets(&whole) || claim.meets(&with_id))
}

fn taken<'a>(
    config: &'a Config,
    wires: impl Iterator<Item = &'a str>,
    engines: impl Iterator<Item = &'a str>,
) -> Vec<Claim> {
    let one = |what: &str, path: &str| Claim { what: what.to_owned(), path: path.to_owned(), takes_all_below: false };
    let below = |claim: Claim| Claim { takes_all_below: true, ..claim };
    let mut taken: Vec<Claim> = wires.map(|path| one("a WebSocket endpoint", path)).collect();
    let configured = config.socketio.iter().map(|endpoint| endpoint.path.as_str());
    taken.extend(configured.chain(engines).map(|path| below(one("an endpoint of [[socketio]] or Engine.IO", path))));
    if config.backstage.bus {
        taken.push(below(one("the events bus (backstage.bus_path)", &config.backstage.bus_path)));
    }
    if config.server.internal_port.is_none() {
        taken.push(below(one("the HTTP API (server.api_prefix)", &config.server.api_prefix)));
        let console = config.console.enabled == Some(true);
        let paths = crate::console::paths().filter(|_| console);
        taken.extend(paths.map(|path| one("the console (console.enabled)", path)));
        taken.extend(["/health", "/ready", "/metrics"].map(|path| one("what watches the broker", path)));
    }
    taken
}

impl Claim {
    /// Whether a request may be for this, and for a path in which some segments stand for any text.
    fn meets(&self, pattern: &str) -> bool {
        let (mut mine, mut theirs) = (segments(&self.path), segments(pattern));
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return true,
                (None, Some(_)) => return self.takes_all_below,
                (Some(mine), Some(theirs)) if theirs.starts_with(PLACEHOLDER) || mine == theirs => {}
                (Some(_), _) => return false,
            }
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}
