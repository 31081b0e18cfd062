//! Where the tokens come from.
use crate::types::BoxFuture;
use std::fmt::Display;
use std::future::{Future, ready};

/// Gives the token that a client shows the broker. It is asked anew before each attempt to connect, so a token that expires is
/// replaced by coming back. Closures that return a future of a `Result` are token sources:
///
/// ```
/// # use callboard::client::{EventsClientManager, TokenSource};
/// # fn accepts(_: impl TokenSource) {}
/// accepts(|| async { std::env::var("BACKSTAGE_TOKEN").map_err(|_| "BACKSTAGE_TOKEN is not set or is not valid Unicode") });
/// accepts(|| async { tokio::fs::read_to_string("/run/secrets/backstage").await });
/// ```
///
/// The future runs on the thread of the clients, a tokio runtime of one thread, so it must not block; it has
/// [`ClientOptions::patience`](super::ClientOptions::patience). Clients never log a token, but they log why a source gives none: a reason
/// must not have the token in it, as `std::env::VarError` can.
pub trait TokenSource: Send + Sync + 'static {
    /// A token without `Bearer`; none to come without one, as an anonymous frontend. Fails with a reason to log, which must not
    /// contain a secret; the client then tries again later.
    fn token(&self) -> BoxFuture<Result<Option<String>, String>>;
}

impl<F, Made, Token, Reason> TokenSource for F
where
    F: Fn() -> Made + Send + Sync + 'static,
    Made: Future<Output = Result<Token, Reason>> + Send + 'static,
    Token: Into<String>,
    Reason: Display,
{
    fn token(&self) -> BoxFuture<Result<Option<String>, String>> {
        let made = self();
        Box::pin(async move { made.await.map(|token| Some(token.into())).map_err(|reason| reason.to_string()) })
    }
}

/// The source of no token: the clients come as anonymous frontends, which the broker lets in where its config says so.
#[derive(Debug, Clone, Copy)]
pub struct NoToken;

impl TokenSource for NoToken {
    fn token(&self) -> BoxFuture<Result<Option<String>, String>> {
        Box::pin(ready(Ok(None)))
    }
}
