//! Why a broker does not start.
use crate::engine;
use crate::service::SetupError;
use crate::store::OpenError;

/// Why a broker cannot be built, or a config cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Actors have nothing to run on.
    #[error(
        "a broker needs an actix system, and none is running here: write #[actix_web::main] above main instead of #[tokio::main], or \
         #[actix_web::test] above a test instead of #[tokio::test]"
    )]
    NoSystem,
    /// A key, a file or a list of `[auth]` or `[api]` cannot be used.
    #[error(transparent)]
    Auth(#[from] crate::auth::Error),
    /// The engine that the config names cannot be used.
    #[error(transparent)]
    Engine(#[from] engine::redis::OpenError),
    /// Whoever reaches the app could publish and read everything.
    #[error(
        "the HTTP API has no key: set api.key, or server.allow_insecure = true if only trusted clients can reach this app"
    )]
    Keyless,
    /// Whoever reaches the app could find out a secret by trying.
    #[error("{0}; or set server.allow_insecure = true if only trusted clients can reach this app")]
    Guessable(String),
    /// Whoever reaches the endpoint would be a guest.
    #[error(
        "backstage.guests admits clients without a token, which is allowed on loopback only: set it to false, or \
         server.allow_insecure = true if only trusted clients can reach this address"
    )]
    Guests,
    /// A wire names an authenticator that there is not.
    #[error("a wire names the authenticator {0:?}: add it with BrokerBuilder::authenticator")]
    NoAuthenticator(&'static str),
    /// Only one endpoint can be at a path.
    #[error("two endpoints have the path {0}: choose another path for one of them")]
    SamePath(String),
    /// Only one thing can be at a path.
    #[error("{one} and {other} have the same path: choose another path for one of them")]
    Claimed {
        /// What would be there.
        one: String,
        /// What is there.
        other: String,
    },
    /// What clients emit in the namespace of services is a call.
    #[error(
        "socketio[{0}].builtin_events and socketio[{0}].services cannot both be on while services are registered: set one of \
         them to false"
    )]
    BuiltinEvents(usize),
    /// Nothing would ever be shown.
    #[error(
        "expose.space names the service {0:?}, which is not registered: write its path as it is registered, without slashes at its ends"
    )]
    NothingExposed(String),
    /// Clients could not tell them apart.
    #[error(
        "service[{index}].path is {path:?}, where a service is registered in Rust, too: take another path for one of them"
    )]
    ServiceTwice {
        /// Which table `[[service]]`, from 0.
        index: usize,
        /// The path.
        path: String,
    },
    /// The documents of a service cannot be reached.
    #[error("service[{index}].store = {address:?} cannot be opened: {source}")]
    Store {
        /// Which table `[[service]]`, from 0.
        index: usize,
        /// The store's address, without a password.
        address: String,
        /// Why.
        source: OpenError,
    },
    /// A store did not answer while it was opened.
    #[error("the stores of the services were not opened within {0} s: see that each `service.store` can be reached")]
    SlowStores(u64),
    /// A service cannot be registered as it is.
    #[error(transparent)]
    Service(#[from] SetupError),
}
