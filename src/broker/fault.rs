//! What errors of lower rooms mean for a client.
use super::Namespace;
use crate::engine::Error;
use crate::types::{Fault, ReplyError};

/// An engine's error: whether to repeat a publish depends on the reason, so a client is told it.
pub fn of_engine(error: Error) -> ReplyError {
    match error {
        Error::Unreachable(reason) => {
            let message = format!("{}: {reason}", ReplyError::INTERNAL.message).into();
            ReplyError { message, ..ReplyError::INTERNAL }
        }
        Error::Limit(_) => ReplyError::LIMIT_EXCEEDED,
    }
}

/// Refuses with 108 to keep an event for those who subscribe later, where nothing is kept for them.
pub fn unless_kept(asks: bool, namespace: &Namespace) -> Result<(), ReplyError> {
    if !asks || namespace.may_keep() {
        return Ok(());
    }
    let message = "keep: nothing is kept here for those who subscribe later; set backstage.keep, or leave `keep` out";
    Err(ReplyError { message: message.into(), ..ReplyError::NOT_AVAILABLE })
}

/// A fault where there is no connection to close, as in the API: what closes a client's is a bad request there.
pub fn without_connection(fault: Fault) -> ReplyError {
    match fault {
        Fault::Reply(error) => error,
        Fault::Close(_) => ReplyError::BAD_REQUEST,
    }
}
