//! What is known of a session that Rust code opened.
use crate::types::{BoxFuture, Identity};
use std::sync::Arc;
use tokio::sync::watch;

/// Something to do before a session ends.
pub(super) type Hook = Box<dyn FnOnce() -> BoxFuture<()> + Send>;

/// What the listener index knows of a session that was opened in Rust.
pub(super) struct Opened {
    pub state: watch::Sender<State>,
    pub hooks: Vec<Hook>,
    pub is_closing: bool,
}

/// Who it is, and whether it has ended.
#[derive(Clone)]
pub(super) struct State {
    pub identity: Arc<Identity>,
    pub is_ended: bool,
}

impl Opened {
    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub fn ended(self) {
        self.state.send_modify(|state| state.is_ended = true);
    }
}
