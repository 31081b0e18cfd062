//! The meaning of clients' events that no handler takes.
use crate::protocol::{AccountReply, Command, Names, UserNames};
use crate::types::{Json, ReplyError};

/// Events that stand for commands, at an endpoint of Socket.IO.
pub trait Dialect: Send + Sync + 'static {
    /// What names of channels mean in those events.
    fn names(&self) -> &'static dyn Names {
        &UserNames
    }

    /// The name of the authenticator that its clients' tokens are for; none for that of the section `[auth]`.
    fn authenticator(&self) -> Option<&'static str> {
        None
    }

    /// Whether the events are all that clients do at the endpoint: their sessions belong to no namespace then, so that no handler sees
    /// them and nothing that is emitted to a namespace reaches them.
    fn is_all(&self) -> bool {
        false
    }

    /// The command that an event stands for; none for an event that means nothing here. `args` is the array of its arguments, the name in
    /// front. Arguments that do not fit become a command that is refused.
    fn command(&self, event: &str, args: &Json, has_attachments: bool) -> Option<Meant>;

    /// The event, and its arguments as an array, that tell a client of a refusal where it wanted no acknowledgement; none where that
    /// is not told. `name` is [`Meant::name`].
    fn refusal(&self, name: &str, error: &ReplyError) -> Option<(&'static str, Json)> {
        let _ = (name, error);
        None
    }

    /// The event, and its arguments as an array, that tell a client what became of a publish that asked for that; none where none can
    /// ask. `name` is [`Meant::name`]. Where the client wants an acknowledgement it gets these arguments there.
    fn account(&self, name: &str, reply: &AccountReply) -> Option<(&'static str, Json)> {
        let _ = (name, reply);
        None
    }
}

/// What an event means.
#[derive(Debug)]
pub struct Meant {
    /// The command.
    pub command: Command,
    /// What a refusal calls it; none where only an acknowledgement tells of one.
    pub name: Option<&'static str>,
}
