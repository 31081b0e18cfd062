//! What handlers are asked and told.
use super::{Call, Subject};
use crate::broker::{Node, SessionData, Target};
use crate::delivery::{SessionOrder, SubscribeOptions};
use crate::types::{ChannelName, Disconnect, Fault, Handshake, Identity, Json, Revocation, SessionId, Unsubscribed};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A session as handlers see it: who it is, and what they may do to it. Cheap to clone; outlives the session.
#[derive(Clone)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// Who it is.
    pub identity: Arc<Identity>,
    /// What it belongs to, on a wire whose sessions belong to something.
    pub home: Option<Arc<HomeMembership>>,
    /// What is noted of a session without a home, where somebody has asked for it.
    pub(crate) data: Option<SessionData>,
    pub(crate) node: Node,
}

/// A session's membership of its home: what goes with the session when its client comes back after a loss of its connection.
pub struct HomeMembership {
    /// The channel that addresses the sessions of the home.
    pub channel: ChannelName,
    /// What handlers have noted of the session.
    pub data: SessionData,
    /// What the client said when it connected.
    pub greeting: Option<Json>,
    /// The request with which the connection began.
    pub handshake: Option<Arc<Handshake>>,
    /// Whether the client came back to an earlier session.
    pub is_resumed: bool,
    /// Something was emitted for the session, or done to its groups, that may still be on its way to it: an acknowledgement
    /// must not overtake it.
    pub has_emitted: AtomicBool,
}

impl SessionView {
    /// Subscribes the session to a channel of the user space, whatever the channel's rule says.
    /// Fails with error 102 or 107 where there is no such namespace or the name is none.
    pub fn subscribe(&self, channel: &str) -> Result<(), Fault> {
        let channel = self.node.channels().named(channel)?;
        self.order(SessionOrder::Subscribe(Box::new((channel, SubscribeOptions::default()))));
        Ok(())
    }

    /// Ends a subscription of the session.
    pub fn unsubscribe(&self, channel: &str) -> Result<(), Fault> {
        let channel = self.node.channels().named(channel)?;
        self.order(SessionOrder::Unsubscribe(channel, Unsubscribed::SERVER));
        Ok(())
    }

    /// Tells the session's client something that belongs to no channel.
    pub fn send(&self, data: Json) {
        self.order(SessionOrder::Message(data));
    }

    /// What is noted of it; none for one without a home of which nothing is.
    pub fn data(&self) -> Option<&SessionData> {
        self.home.as_ref().map(|home| &home.data).or(self.data.as_ref())
    }

    /// The broker that the session is on.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Ends the session.
    pub fn disconnect(&self, reason: Disconnect) {
        self.order(SessionOrder::Disconnect(reason));
    }

    fn order(&self, order: SessionOrder) {
        let target = Target { session: Some(self.id), ..Target::default() };
        self.node.sessions().directory().order(&target, &order);
    }
}

/// A session wants in. Asked after its token was verified; an error refuses it.
pub struct ConnectCall {
    /// The session's id.
    pub session: SessionId,
    /// Who its token says it is.
    pub identity: Arc<Identity>,
    /// The client's name, such as `js`.
    pub client_name: String,
    /// What the client sent along.
    pub data: Option<Json>,
    /// Headers emulated by the client.
    pub headers: HashMap<String, String>,
    /// What the session would belong to, on a wire whose sessions belong to something.
    pub home: Option<ChannelName>,
    /// The request with which the connection began; none but on Socket.IO.
    pub handshake: Option<Arc<Handshake>>,
}

impl Call for ConnectCall {
    type Answer = Welcome;

    fn subject(&self) -> Subject {
        Subject { kind: "connect", session: Some(self.session), ..Subject::default() }
    }
}

/// What a session gets when it is let in.
#[derive(Debug, Clone, Default)]
pub struct Welcome {
    /// Data for the client.
    pub data: Option<Json>,
    /// Channels it listens to from the start.
    pub channels: Vec<String>,
    /// Fields of its connection, as the filters of services see it. They are there before its first event.
    pub fields: Map<String, Value>,
}

/// A client asks by method name.
pub struct RpcCall {
    /// Who asks; none for the HTTP API.
    pub session: Option<SessionView>,
    /// What for.
    pub method: String,
    /// With what.
    pub data: Option<Json>,
}

impl Call for RpcCall {
    type Answer = Option<Json>;

    fn subject(&self) -> Subject {
        let session = self.session.as_ref().map(|session| session.id);
        Subject { kind: "rpc", name: self.method.as_str().into(), session }
    }
}

/// A client tells something and wants no answer.
pub struct MessageCall {
    /// Who tells.
    pub session: SessionView,
    /// What.
    pub data: Json,
}

impl Call for MessageCall {
    type Answer = ();

    fn subject(&self) -> Subject {
        Subject { kind: "message", session: Some(self.session.id), ..Subject::default() }
    }
}

/// A publish of a client, before its channel gets it.
#[derive(Clone)]
pub struct PublishCall {
    /// Who publishes.
    pub session: SessionView,
    /// Where to.
    pub channel: ChannelName,
    /// What.
    pub data: Json,
}

impl Call for PublishCall {
    type Answer = Verdict;

    fn subject(&self) -> Subject {
        Subject { kind: "publish to", name: self.channel.as_str().into(), session: Some(self.session.id) }
    }
}

/// What becomes of a publish. An error refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on as it is.
    Pass,
    /// It goes on with this payload.
    Replace(Json),
}

/// What happened; told to lifecycle handlers, which cannot change it.
#[derive(Clone)]
pub enum LifecycleEvent {
    /// A session was let in.
    Connected(SessionView),
    /// A session ended.
    Disconnected(SessionView, Disconnect),
    /// A session listens to a channel.
    Subscribed(SessionView, ChannelName),
    /// A session does not listen any more.
    Unsubscribed(SessionView, ChannelName),
    /// Something of what tokens granted has been taken back; the sessions that it ends follow one by one.
    Revoked(Arc<Revocation>),
    /// A channel has its first listener.
    Occupied {
        /// The channel.
        channel: ChannelName,
    },
    /// A channel has lost its last listener.
    Vacated {
        /// The channel.
        channel: ChannelName,
    },
}

impl Call for LifecycleEvent {
    type Answer = ();

    fn subject(&self) -> Subject {
        let (kind, session, channel) = match self {
            LifecycleEvent::Connected(session) => ("connected", Some(session), None),
            LifecycleEvent::Disconnected(session, _) => ("disconnected", Some(session), None),
            LifecycleEvent::Subscribed(session, channel) => ("subscribed", Some(session), Some(channel)),
            LifecycleEvent::Unsubscribed(session, channel) => ("unsubscribed", Some(session), Some(channel)),
            LifecycleEvent::Revoked(_) => ("revoked", None, None),
            LifecycleEvent::Occupied { channel } => ("occupied", None, Some(channel)),
            LifecycleEvent::Vacated { channel } => ("vacated", None, Some(channel)),
        };
        let name = channel.map_or_else(Default::default, |channel| channel.as_str().into());
        Subject { kind, name, session: session.map(|session| session.id) }
    }
}
