//! The Engine.IO endpoints of a broker, and what runs above each.
use super::Error;
use crate::broker::Node;
use crate::transport::engineio::{EngineConfig, EngineEndpoint, Layer};
use crate::transport::socketio::SocketIoLayer;
use std::sync::Arc;

/// All of them, for every thread.
pub(super) type Engines = Arc<[Arc<EngineEndpoint>]>;

/// An endpoint that a program mounts itself.
pub(super) struct Mounted {
    pub settings: EngineConfig,
    pub layer: Arc<dyn Layer>,
}

/// What runs above an endpoint of the config.
fn layer(node: &Node, settings: &EngineConfig) -> Arc<dyn Layer> {
    Arc::new(SocketIoLayer::new(node.clone(), settings))
}

/// Opens the endpoints of the config and those of the program. Fails where two have one path, or a list of origins names
/// what is none.
pub(super) fn open(node: &Node, configured: &[EngineConfig], mounted: Vec<Mounted>) -> Result<Engines, Error> {
    let configured =
        configured.iter().map(|settings| Mounted { settings: settings.clone(), layer: layer(node, settings) });
    let mut opened: Vec<Arc<EngineEndpoint>> = vec![];
    for Mounted { settings, layer } in configured.chain(mounted) {
        if opened.iter().any(|other| other.path() == settings.path) {
            return Err(Error::SamePath(settings.path));
        }
        opened.push(EngineEndpoint::new(node.clone(), settings, layer)?);
    }
    // Of two paths of which one begins like the other, the longer one is asked first.
    opened.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.path().len()));
    Ok(opened.into())
}
