//! Many sockets of a namespace at once, narrowed down by rooms.
use super::arguments::IntoArguments;
use crate::broker::handler::HomeMembership;
use crate::broker::{Emission, Emitted, Node};
use crate::delivery::{Answers, Instruct, SessionOrder};
use crate::protocol::socketio::RESERVED_NAMES;
use crate::types::{Audience, ChannelName, Disconnect, Group, JsonError, NameError, ReplyError, Space};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Why an event could not be sent, or its answers not be had.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The arguments have no JSON form.
    #[error("the arguments cannot be sent: {0}")]
    Arguments(#[from] JsonError),
    /// The broker did not take it.
    #[error("the event was not accepted: {0}")]
    Refused(#[from] ReplyError),
    /// Nobody answered in time, or whoever was asked is gone.
    #[error("the acknowledgement did not arrive in time")]
    Timeout,
}

/// Why an event goes nowhere at all.
#[derive(Debug, thiserror::Error)]
enum Unsendable {
    #[error("{0} is a reserved name")]
    Reserved(String),
    #[error(transparent)]
    Arguments(#[from] JsonError),
}

impl From<Unsendable> for ReplyError {
    fn from(why: Unsendable) -> Self {
        ReplyError { message: why.to_string().into(), ..ReplyError::BAD_REQUEST }
    }
}

impl From<Unsendable> for AskError {
    fn from(why: Unsendable) -> Self {
        match why {
            Unsendable::Arguments(error) => AskError::Arguments(error),
            reserved => AskError::Refused(reserved.into()),
        }
    }
}

/// One room or several.
pub trait IntoRooms {
    /// As groups.
    fn into_rooms(self) -> Vec<Group>;
}

impl IntoRooms for &str {
    fn into_rooms(self) -> Vec<Group> {
        vec![self.into()]
    }
}

impl IntoRooms for String {
    fn into_rooms(self) -> Vec<Group> {
        vec![self.into()]
    }
}

impl IntoRooms for crate::types::SessionId {
    fn into_rooms(self) -> Vec<Group> {
        vec![self.to_string().into()]
    }
}

impl<T: Into<Group>> IntoRooms for Vec<T> {
    fn into_rooms(self) -> Vec<Group> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Group>, const N: usize> IntoRooms for [T; N] {
    fn into_rooms(self) -> Vec<Group> {
        self.into_iter().map(Into::into).collect()
    }
}

/// The rooms that are named. Names that begin like those of channels of connections, or of roles, are of none: they may come
/// from a client.
fn named(rooms: impl IntoRooms) -> Vec<Group> {
    rooms.into_rooms().into_iter().filter(|room| !room.is_no_room()).collect()
}

/// Sockets of one namespace: all of them, or those in some rooms and not in others. What is done through one emitter, or
/// through one handler, takes effect in the order in which it is done.
#[derive(Clone)]
pub struct Emitter {
    node: Node,
    home: ChannelName,
    audience: Audience,
    volatile: bool,
    /// The session whose handler acts: its acknowledgements come after what is done here.
    actor: Option<Arc<HomeMembership>>,
}

impl Emitter {
    /// All sockets of a namespace, such as `/`. Fails where the name is empty or longer than `limits.channel_name`.
    pub fn new(node: &Node, namespace: &str) -> Result<Self, NameError> {
        let home = ChannelName::in_space(Space::SocketIo, namespace, node.limits().channel_name)?;
        Ok(Self::of(node.clone(), home, None))
    }

    pub(super) fn of(node: Node, home: ChannelName, actor: Option<Arc<HomeMembership>>) -> Self {
        Emitter { node, home, audience: Audience::EVERYONE, volatile: false, actor }
    }

    /// Those in this room, and in the rooms named before. Each socket's own id is a room. A list without a room is nobody.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.audience.narrow(named(rooms));
        self
    }

    /// But not those in this room, nor in those named before.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.audience.exclude(named(rooms));
        self
    }

    /// Only those who can take it at once: who reads slowly does not get it, and it is not brought later.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Emits an event to them. It is on its way when this returns, and the result need not be waited for; it tells whether
    /// the namespace took the event: error 111 where it is flooded, 107 where the arguments have no JSON form or the name is
    /// one of [`RESERVED_NAMES`].
    pub fn emit(&self, event: &str, args: impl IntoArguments) -> Emitted {
        match self.emission(event, args) {
            Ok(emission) => {
                let emitted = self.node.homes().emit(&self.home, emission);
                self.note();
                emitted
            }
            Err(error) => {
                log::error!("an event {event:?} cannot be emitted: {error}");
                Emitted::refused(error.into())
            }
        }
    }

    /// Emits an event and waits for their acknowledgements, at most for this time: what has come back then, and who is
    /// missing. Nobody there is no error; what [`Emitter::emit`] refuses is.
    pub async fn ask(&self, event: &str, args: impl IntoArguments, time: Duration) -> Result<Answers, AskError> {
        let emission = self.emission(event, args)?;
        Ok(self.node.homes().ask(&self.home, emission, time).await?)
    }

    /// They enter these rooms.
    pub fn join(&self, rooms: impl IntoRooms) {
        self.instruct(Instruct::Regroup { join: named(rooms), leave: vec![] });
    }

    /// They leave these rooms.
    pub fn leave(&self, rooms: impl IntoRooms) {
        self.instruct(Instruct::Regroup { join: vec![], leave: named(rooms) });
    }

    /// Their sessions end; with `close` their connections too, and with them all they had joined.
    pub fn disconnect(&self, close: bool) {
        let reason = if close { Disconnect::FORCE_CLOSE } else { Disconnect::FORCE_DISCONNECT };
        self.instruct(Instruct::Order(SessionOrder::Disconnect(reason)));
    }

    fn instruct(&self, what: Instruct) {
        self.node.homes().instruct(&self.home, self.audience.clone(), what);
        self.note();
    }

    fn note(&self) {
        if let Some(actor) = &self.actor {
            actor.has_emitted.store(true, Ordering::Relaxed);
        }
    }

    fn emission(&self, event: &str, args: impl IntoArguments) -> Result<Emission, Unsendable> {
        // The decoder of the clients takes it for a parse error: every one that hears it would drop its connection.
        if RESERVED_NAMES.contains(&event) {
            return Err(Unsendable::Reserved(event.to_owned()));
        }
        let arguments = args.into_arguments()?;
        let emission = Emission::new(event, arguments.args, arguments.attachments)?;
        Ok(Emission { audience: self.audience.clone(), volatile: self.volatile, ..emission })
    }
}
