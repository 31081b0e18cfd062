//! What `@socket.io/redis-emitter` says to the sockets of this node. Every node hears it, so nothing of it goes to the others.
use crate::broker::{Emission, Node};
use crate::delivery::{Instruct, SessionOrder};
use crate::engine::Tap;
use crate::protocol::socketio::emitter::{self, EmitterError, Said, What};
use crate::types::{ChannelName, Disconnect, Space};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Listens to the emitters that publish under a key.
pub struct Overheard {
    node: Node,
    key: String,
    /// Junk has been logged.
    has_told: AtomicBool,
}

impl Overheard {
    /// Begins to listen, on an engine that has a bus; nothing happens on another.
    pub fn start(node: &Node, key: &str) {
        let Some(peers) = node.engine().peers() else { return };
        let tap = Arc::new(Overheard { node: node.clone(), key: key.to_owned(), has_told: AtomicBool::new(false) });
        for pattern in emitter::patterns(key) {
            peers.tap(&pattern, tap.clone());
        }
    }

    fn act(&self, said: Said) {
        let Said { namespace, audience, what } = said;
        let limit = self.node.limits().channel_name;
        let Ok(home) = ChannelName::in_space(Space::SocketIo, &namespace, limit) else { return };
        let instruct = |what| self.node.homes().instruct(&home, audience.clone(), what);
        match what {
            What::Join(join) => instruct(Instruct::Regroup { join, leave: vec![] }),
            What::Leave(leave) => instruct(Instruct::Regroup { join: vec![], leave }),
            What::Disconnect(close) => {
                let reason = if close { Disconnect::FORCE_CLOSE } else { Disconnect::FORCE_DISCONNECT };
                instruct(Instruct::Order(SessionOrder::Disconnect(reason)));
            }
            What::Event { name, args, attachments, volatile } => {
                // An array, as it was made one.
                let Ok(emission) = Emission::new(name, args, attachments) else { return };
                let emission = Emission { audience, volatile, local: true, ..emission };
                // It is on its way; nobody waits for what becomes of it.
                drop(self.node.homes().emit(&home, emission));
            }
        }
    }
}

impl Tap for Overheard {
    fn resumed(&self) {
        // Who comes back now may have missed what nobody here has heard, and is told so by the new epoch.
        if let Some(aside) = self.node.aside() {
            aside.forget_all();
        }
    }

    fn heard(&self, name: &[u8], payload: Bytes) {
        match emitter::decode(&self.key, &String::from_utf8_lossy(name), &payload) {
            Ok(said) => self.act(said),
            Err(EmitterError::NotForUs) => {}
            Err(error) => {
                let name = String::from_utf8_lossy(name);
                let what = format_args!("what came over Redis on {name} is {error}");
                self.node.metrics().undecodable(&self.has_told, what);
            }
        }
    }
}
