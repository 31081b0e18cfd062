//! How a node starts.
use super::registry::{self, Registry};
use super::{Node, Parts, cluster};
use actix::prelude::*;

impl Node {
    /// Starts a registry on the current arbiter, and the node around it.
    pub fn start(parts: Parts) -> Self {
        let mut made = None;
        Registry::create(|ctx| {
            let node = Node::around(registry::port(ctx.address()), parts);
            made = Some(node.clone());
            Registry::new(node)
        });
        let node = made.expect("`create` calls its closure before it returns");
        cluster::attend(&node);
        node
    }
}
