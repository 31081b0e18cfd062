//! The scripts: what must happen in one step happens in Redis.
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, Script};
use std::sync::LazyLock;

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])*
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));)*

        /// The texts of all of them.
        const TEXTS: &[&str] = &[$(include_str!($file)),*];
    };
}

scripts! {
    /// Publishes one event.
    PUBLISH = "scripts/publish.lua";
    /// Reads a part of a history.
    HISTORY = "scripts/history.lua";
    /// Remembers which users have received kept events.
    CLAIMS = "scripts/claims.lua";
    /// Adds, renews, removes and tells who is present.
    PRESENT = "scripts/present.lua";
    /// Announces a node and tells which there are.
    NODES = "scripts/nodes.lua";
    /// Keeps revocations and tells them.
    REVOKED = "scripts/revoked.lua";
    /// Keeps the events bus.
    EVENTS_BUS = "scripts/events_bus.lua";
}

/// A call of a script; its arguments are still to come.
pub(super) fn call(script: &Script, keys: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(script.get_hash()).arg(keys.len());
    for key in keys {
        command.arg(*key);
    }
    command
}

/// Gives a server all of them.
pub(super) async fn load(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    let mut loads = redis::pipe();
    for text in TEXTS {
        loads.cmd("SCRIPT").arg("LOAD").arg(*text).ignore();
    }
    loads.query_async(connection).await
}
