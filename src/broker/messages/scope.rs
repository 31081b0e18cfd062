//! How far a message goes.
use super::MessageError;
use crate::broker::Namespace;

/// How far a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To the listeners of this node. Not in a namespace with history that nodes share.
    Local,
    /// To the listeners of all nodes. Fails where no bus leads there.
    Global,
    /// To the listeners of all nodes that there is a way to.
    Auto,
}

/// Whether a message stays on this node (decision 17).
pub(super) fn is_local(scope: Option<Scope>, is_shared: bool, namespace: &Namespace) -> Result<bool, MessageError> {
    match (scope, is_shared) {
        (Some(Scope::Global), false) => Err(MessageError::NoBus),
        (Some(Scope::Local), true) if namespace.has_history() => {
            Err(MessageError::LocalWithHistory(namespace.name.clone()))
        }
        (_, false) => Ok(true),
        (Some(Scope::Global | Scope::Auto), true) => Ok(false),
        (Some(Scope::Local), true) => Ok(true),
        (None, true) => Ok(!namespace.has_history()),
    }
}
