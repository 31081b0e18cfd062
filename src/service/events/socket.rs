//! One client in one namespace, as its handlers see it.
use super::arguments::{Arguments, FromArguments, IntoArguments};
use super::emitter::{AskError, Emitter, IntoRooms};
use crate::broker::Emitted;
use crate::broker::handler::SessionView;
use crate::service::{App, Connection, ServiceError, ServiceHandle};
use crate::types::{ChannelName, Group, Handshake, Identity, Json, JsonError, ReplyError, SessionId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A client in a namespace. Cheap to clone; may be kept, and does nothing when the session has ended.
#[derive(Clone)]
pub struct Socket {
    session: SessionView,
    home: ChannelName,
}

impl Socket {
    pub(super) fn new(session: SessionView, home: ChannelName) -> Self {
        Socket { session, home }
    }

    /// The session's id, which is a room of its own.
    pub fn id(&self) -> SessionId {
        self.session.id
    }

    /// The namespace, such as `/`.
    pub fn namespace(&self) -> &str {
        self.home.as_str()
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.session.identity
    }

    /// The session, to subscribe it to channels of the user space and the like.
    pub fn session(&self) -> &SessionView {
        &self.session
    }

    /// What the client said when it connected; none if nothing.
    pub fn auth(&self) -> Option<Json> {
        self.session.home.as_ref()?.greeting.clone()
    }

    /// The request with which its connection began: headers and cookies, the parameters of `io(url, {query})`, the address. What the
    /// client said to this namespace is [`Socket::auth`].
    pub fn handshake(&self) -> Option<&Handshake> {
        self.session.home.as_ref()?.handshake.as_deref()
    }

    /// Whether the client came back to an earlier session, with its id, rooms and data.
    pub fn is_recovered(&self) -> bool {
        self.session.home.as_ref().is_some_and(|home| home.is_resumed)
    }

    /// What was noted of the session with [`Socket::set_data`]; none if nothing, or of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        self.session.home.as_ref()?.data.get().read().ok()
    }

    /// Notes something of the session, which lives as long as that and comes back with it.
    /// Fails where it has no JSON form.
    pub fn set_data(&self, data: &impl Serialize) -> Result<(), JsonError> {
        let data = Json::write(data)?;
        if let Some(home) = &self.session.home {
            home.data.set(data);
        }
        Ok(())
    }

    /// The application that the broker's services make up; none where it has none.
    pub fn app(&self) -> Option<App> {
        Some(App::of(self.session.node())?.for_caller(self.session.clone()))
    }

    /// The service at a path. Fails with `NotFound` where there is none.
    pub fn service(&self, path: &str) -> Result<ServiceHandle, ServiceError> {
        match self.app() {
            Some(app) => app.service(path),
            None => Err(ServiceError::not_found(format!("Service '{path}' not found"))),
        }
    }

    /// The client as hooks and filters of services see it.
    pub fn connection(&self) -> Connection {
        Connection::of(&self.session)
    }

    /// Enters rooms. What this handler emits to them afterwards reaches the socket too.
    pub fn join(&self, rooms: impl IntoRooms) {
        self.me().join(rooms);
    }

    /// Leaves rooms; its own it stays in.
    pub fn leave(&self, rooms: impl IntoRooms) {
        self.me().leave(rooms);
    }

    /// The rooms it is in, its own first; none when the session has ended. What was asked of it before has taken effect.
    pub async fn rooms(&self) -> Vec<Group> {
        self.session.node().homes().groups(&self.home, self.session.id).await
    }

    /// Emits an event to this client. See [`Emitter::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArguments) -> Emitted {
        self.me().emit(event, args)
    }

    /// Emits an event to this client and waits for its acknowledgement, at most for this time.
    /// Fails with [`AskError::Timeout`] where none came; the acknowledgement of another type than `T` is none.
    pub async fn ask<T: FromArguments>(
        &self,
        event: &str,
        args: impl IntoArguments,
        time: Duration,
    ) -> Result<T, AskError> {
        let answers = self.me().ask(event, args, time).await?;
        let (_, answer) = answers.given.into_iter().next().ok_or(AskError::Timeout)?;
        let arguments = Arguments { args: answer.args, attachments: answer.attachments };
        T::from_arguments(arguments).map_err(|bad| AskError::Refused(ReplyError::new(400, bad.to_string())))
    }

    /// The others in this room.
    pub fn to(&self, rooms: impl IntoRooms) -> Emitter {
        self.broadcast().to(rooms)
    }

    /// The others that are not in this room.
    pub fn except(&self, rooms: impl IntoRooms) -> Emitter {
        self.broadcast().except(rooms)
    }

    /// All the others of the namespace.
    pub fn broadcast(&self) -> Emitter {
        self.everyone().except(self.id())
    }

    /// All of the namespace, this one included.
    pub fn everyone(&self) -> Emitter {
        Emitter::of(self.session.node().clone(), self.home.clone(), self.session.home.clone())
    }

    /// This client, if it can take it at once.
    pub fn volatile(&self) -> Emitter {
        self.me().volatile()
    }

    /// Ends the session; with `close` the whole connection, and with it all namespaces that the client has joined.
    pub fn disconnect(&self, close: bool) {
        // By way of the channel, behind what was emitted to it before.
        self.me().disconnect(close);
    }

    fn me(&self) -> Emitter {
        self.everyone().to(self.id())
    }
}
