//! Why the events bus does not do what it is asked.

/// Why the events bus does not do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Something of what was given cannot be; the text names it.
    #[error("{0}")]
    Invalid(String),
    /// There is no such subscription: it was never made, or nobody used it for `backstage.bus_idle`.
    #[error("Subscription not found")]
    NoSubscription,
    /// The config key of the limit that is reached.
    #[error("{0} is reached; try again later")]
    Full(&'static str),
    /// The broker is stopping.
    #[error("the broker is stopping")]
    Stopping,
    /// The store behind the bus does not answer; an event may have been kept.
    #[error("the events bus is not reachable")]
    Unreachable,
}
