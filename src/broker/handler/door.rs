//! Who lets in the clients of a home, where that is not the section `[auth]`.
use super::call::SessionView;
use super::table::Handlers;
use crate::broker::Node;
use crate::types::{BoxFuture, ChannelName, Fault, Identity, Json};
use std::sync::Arc;

/// Lets in the clients of one home, in the place of the tokens of `[auth]`.
pub trait Door: Send + Sync {
    /// Who a client is that has said this when it connected. Its session begins in the groups of that identity. An error refuses it.
    fn admit(&self, node: &Node, said: Option<&Json>) -> BoxFuture<Result<Identity, Fault>>;

    /// A session is in, and its listener stands: what changes from now on must reach it. Called on the session's thread.
    fn entered(&self, session: &SessionView);

    /// A session has ended that [`Door::entered`] was told of.
    fn left(&self, session: &SessionView);
}

/// What another node has told this one to heed; done when it does.
pub(crate) type Told = dyn Fn(Json) -> BoxFuture<()> + Send + Sync;

impl Handlers {
    /// Has `door` let in the clients of this home. Their tokens are its matter alone.
    pub(crate) fn door(&mut self, home: ChannelName, door: Arc<dyn Door>) {
        self.doors.push((home, door));
    }

    /// What lets in the clients of a home; none where the section `[auth]` does.
    pub(crate) fn door_of(&self, home: &ChannelName) -> Option<&Arc<dyn Door>> {
        self.doors.iter().find(|(of, _)| of == home).map(|(_, door)| door)
    }

    /// Has `told` do what other nodes tell this one under a name. See [`crate::broker::Everywhere::tell`].
    pub(crate) fn on_told(&mut self, name: &'static str, told: Arc<Told>) {
        self.told.push((name, told));
    }

    /// Does what another node tells under a name; none where nobody here heeds it.
    pub(crate) fn heed(&self, name: &str, data: Json) -> Option<BoxFuture<()>> {
        self.told.iter().find(|(of, _)| *of == name).map(|(_, told)| told(data))
    }
}
