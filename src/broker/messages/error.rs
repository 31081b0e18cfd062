//! What can go wrong with messages.
use crate::delivery::Loss;
use crate::types::{JsonError, ReplyError};

/// Why a message was not posted, or a listener not added.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The error that a client would get: 102 for an unknown namespace, 107 for a bad name, 106 at a bound, 111 under a
    /// flood; 100 where the outcome is unknown.
    #[error("{} ({})", .0.message, .0.code)]
    Refused(ReplyError),
    /// It was to go to all nodes, and no bus leads there.
    #[error("Redis needs to be enabled to use this method")]
    NoBus,
    /// It was to stay on this node, in a channel whose history all nodes share: it would have no position.
    #[error("the nodes share the history of the namespace `{0}`, so a message in it cannot be local")]
    LocalWithHistory(String),
    /// The message cannot be written as JSON.
    #[error(transparent)]
    Unwritable(#[from] JsonError),
    /// The session has ended.
    #[error("the session is closed")]
    Closed,
}

impl From<ReplyError> for MessageError {
    fn from(error: ReplyError) -> Self {
        MessageError::Refused(error)
    }
}

impl From<MessageError> for ReplyError {
    /// What a caller of the API is told of it.
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Refused(error) => error,
            _ => ReplyError::INTERNAL,
        }
    }
}

impl MessageError {
    /// Whether trying again may succeed.
    pub fn is_temporary(&self) -> bool {
        matches!(self, MessageError::Refused(error) if error.temporary)
    }
}

/// What a stream has in place of a message. The stream goes on, but for [`StreamError::Revoked`].
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A message of another type.
    #[error("a message of type `{found}`; `{wanted}` was expected")]
    WrongType {
        /// The stream's type.
        wanted: &'static str,
        /// The message's.
        found: String,
    },
    /// Something that cannot be read as the stream's type.
    #[error("{0}")]
    Unreadable(JsonError),
    /// Events were lost here: more came than could wait, or they did not reach this node.
    #[error("{0}")]
    Lagged(Loss),
    /// The authentication of the stream's session has been revoked; nothing follows.
    #[error("the authentication of the session has been revoked")]
    Revoked,
}
