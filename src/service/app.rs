//! An application: its services, its channels, and the broker that it runs on.
use super::authentication::Desk;
use super::connection::Connection;
use super::error::ServiceError;
use super::handle::ServiceHandle;
use super::publication::AppChannel;
use super::services::Services;
use crate::broker::handler::SessionView;
use crate::broker::{Node, Target};
use crate::delivery::{Instruct, SessionOrder};
use crate::store::Id;
use crate::types::{Audience, ChannelName, Group, Identity, Json, SessionId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The application that services make up, on a running broker. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(super) node: Node,
    pub(super) services: Arc<Services>,
    /// Whose call it is that something is done for: its acknowledgement waits for what is emitted.
    caller: Option<SessionView>,
}

impl App {
    /// The application of a broker; none where it has no services.
    pub fn of(node: &Node) -> Option<Self> {
        let services = node.handlers().extension::<Services>()?;
        Some(App { node: node.clone(), services, caller: None })
    }

    /// The same, for a call of this session.
    pub(super) fn for_caller(mut self, caller: SessionView) -> Self {
        self.caller = Some(caller);
        self
    }

    /// The service at a path. Fails with `NotFound` where there is none.
    pub fn service(&self, path: &str) -> Result<ServiceHandle, ServiceError> {
        match self.services.at(path) {
            Some((entry, route)) => Ok(ServiceHandle::new(self.clone(), entry.clone(), route)),
            None => Err(ServiceError::not_found(format!("Service '{path}' not found"))),
        }
    }

    /// The service that the segments of a URL name, and the id that stands behind its path; none where there is none.
    pub(crate) fn resolve<S: AsRef<str>>(&self, segments: &[S]) -> Option<(ServiceHandle, Option<Id>)> {
        let ((entry, route), id) = self.services.resolve(segments)?;
        Some((ServiceHandle::new(self.clone(), entry.clone(), route), id))
    }

    /// The paths of all services, as they are registered.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.services.all().iter().map(|entry| entry.definition.path.as_str())
    }

    /// A channel of connections, to join and to leave.
    pub fn channel(&self, name: &str) -> AppChannel<'_> {
        AppChannel::new(self, name)
    }

    /// The broker that it runs on.
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// The channel through which the events of services go.
    pub(super) fn home(&self) -> &ChannelName {
        &self.services.home
    }

    /// What logs users in; none where there is no authentication service.
    pub(super) fn desk(&self) -> Option<&Desk> {
        self.services.desk.as_deref()
    }

    /// The connection's session stands for this identity from now on; none is nobody in particular.
    pub(super) fn identify(&self, connection: &Connection, identity: Option<Identity>) {
        let target = Target { session: Some(connection.session()), ..Target::default() };
        let order = SessionOrder::Identify(identity.map(Arc::new));
        self.node.sessions().directory().order(&target, &order);
    }

    /// The connection is in no channel any more.
    pub(super) async fn leave_channels(&self, connection: &Connection) {
        let groups = self.node.homes().groups(&self.services.home, connection.session()).await;
        let channels: Vec<Group> = groups.into_iter().filter(Group::is_of_connections).collect();
        if !channels.is_empty() {
            self.regroup(connection.session(), vec![], channels);
        }
    }

    pub(super) fn regroup(&self, session: SessionId, join: Vec<Group>, leave: Vec<Group>) {
        let audience = Audience::of([session.to_string().into()]);
        self.node.homes().instruct(&self.services.home, audience, Instruct::Regroup { join, leave });
        self.note_emitted();
    }

    /// Tells one connection that a filter has failed for it: past the channel, since one event may fail for all connections, and each
    /// would be told by an event more there.
    pub(super) fn tell_error(&self, session: SessionId, path: &str, error: &ServiceError) {
        if let Ok(error) = Json::write(error) {
            self.node.homes().bring(&self.services.home, session, format!("{path} error"), error);
        }
    }

    /// After it is on its way: an acknowledgement that goes out in between waits for what was noted, and not for what will be.
    pub(super) fn note_emitted(&self) {
        if let Some(home) = self.caller.as_ref().and_then(|caller| caller.home.as_ref()) {
            home.has_emitted.store(true, Ordering::Relaxed);
        }
    }
}
