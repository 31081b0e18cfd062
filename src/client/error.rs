//! Errors of a config or a call.

/// Why a client cannot be made, or a call of one cannot be done. Every message says what to do; none shows a value of the config.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is no value that JSON can write.
    #[error("the config cannot be read: {0}; pass a JSON or YAML value whose maps have strings as keys")]
    Config(#[source] serde_json::Error),
    /// A key is missing that the others make necessary.
    #[error("`{key}` is missing; write {write}")]
    Missing {
        /// The key, such as `backend.baseUrl`.
        key: &'static str,
        /// What to write there.
        write: &'static str,
    },
    /// A key has a value that makes no sense.
    #[error("{name} is {found}; write {write}", name = if key.is_empty() { "the config".into() } else { format!("`{key}`") })]
    Wrong {
        /// The key, such as `backend.events`; empty for the config as a whole.
        key: String,
        /// What kind of value it has.
        found: &'static str,
        /// What to write instead.
        write: &'static str,
    },
    /// A plugin id or a topic is the empty text.
    #[error("the {0} is empty; {hint}", hint = if *.0 == "topic" { "pass None for all topics" } else { "pass the plugin's id" })]
    Empty(&'static str),
    /// The data of a publish cannot be written as JSON.
    #[error("the data cannot be written as JSON: {0}")]
    Data(#[source] serde_json::Error),
    /// A publish is larger than the client may send.
    #[error(
        "the publish has {bytes} bytes on the wire, more than the limit of {most}; send less data, or a reference to it, or raise \
         `ClientOptions::max_publish` and, on the broker's side, `limits.frame`"
    )]
    TooLarge {
        /// Bytes of the publish as a frame.
        bytes: usize,
        /// Bytes that one may have: [`ClientOptions::max_publish`](super::ClientOptions::max_publish).
        most: usize,
    },
    /// The client has as many subscriptions as it may have.
    #[error(
        "the client already has {0} subscriptions (`ClientOptions::subscriptions`); unsubscribe from some of them first"
    )]
    TooManySubscriptions(usize),
    /// Publishes that `flush` waited for went without being sent: dropped for newer ones, in the socket when the connection ended, or
    /// removed by `disconnect`.
    #[error(
        "{0} publishes were dropped, lost with the connection or removed by disconnect() before the socket had passed them on; \
         see counts(), and publish them again if they matter"
    )]
    Lost(u64),
    /// The broker refused the publish whose account was asked for.
    #[error("the broker refused the publish: {message} ({code})")]
    Refused {
        /// The broker's code, such as 103 for what is not permitted.
        code: u32,
        /// Its reason.
        message: String,
    },
    /// The system gives no thread for the connections, or no runtime.
    #[error(
        "cannot start the thread for the connections of events clients: {0}; call connect() or subscribe again later"
    )]
    Thread(#[source] std::io::Error),
    /// Nothing is connecting that could be waited for: `connect` was not called, the broker revoked the client's access (close code
    /// 1000), or a frontend client has no subscription.
    #[error(
        "the client is not connected and will not connect by itself; call connect(), or with a frontend client subscribe"
    )]
    Away,
}
