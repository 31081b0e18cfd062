//! What a failed statement is to a caller.
use super::connection::{Backend, Failed, Fault};
use crate::store::StoreError;

/// What a failure means.
pub(super) fn fault(backend: &dyn Backend, failed: &Failed) -> Fault {
    match failed {
        Failed::Database(error) => error.code().and_then(|code| backend.fault(&code)).unwrap_or(Fault::Refused),
        Failed::Io(_) | Failed::Tls(_) | Failed::Protocol(_) | Failed::WorkerCrashed => Fault::Lost,
        _ => Fault::Refused,
    }
}

/// What a caller is told. Details of the database are for the log only.
pub(super) fn refusal(backend: &dyn Backend, failed: &Failed) -> StoreError {
    let message = match (fault(backend, failed), backend.max_bytes()) {
        (Fault::Full, Some(max)) => return StoreError::Full { max, what: "bytes" },
        (Fault::Full, None) => "The database is full",
        (Fault::Busy, _) => "The database is locked",
        (Fault::Lost, _) => "The database does not answer",
        (Fault::Refused, _) => "The database cannot do this now",
    };
    unavailable(message)
}

pub(super) fn unavailable(message: &'static str) -> StoreError {
    StoreError::Unavailable { message: message.into() }
}

/// A statement that did not end in time.
pub(super) fn timed_out() -> Failed {
    Failed::Io(std::io::ErrorKind::TimedOut.into())
}

/// What stands in a row is not what was put there.
pub(super) fn unreadable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::Decode(reason.into())
}
