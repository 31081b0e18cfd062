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

/// The door of the home that has one. Kept as an extension, as the next one is: the table of handlers knows neither.
struct HomeDoor {
    home: ChannelName,
    door: Arc<dyn Door>,
}

/// What heeds what other nodes tell under a name.
struct Heeding {
    name: &'static str,
    told: Arc<Told>,
}

impl Handlers {
    /// Has `door` let in the clients of this home, in the place of a door that was set before. Their tokens are its matter alone.
    pub(crate) fn door(&mut self, home: ChannelName, door: Arc<dyn Door>) {
        self.extend(Arc::new(HomeDoor { home, door }));
    }

    /// What lets in the clients of a home; none where the section `[auth]` does.
    pub(crate) fn door_of(&self, home: &ChannelName) -> Option<Arc<dyn Door>> {
        let kept = self.extension::<HomeDoor>()?;
        (kept.home == *home).then(|| kept.door.clone())
    }

    /// Has `told` do what other nodes tell this one under a name, in the place of what was set before. See
    /// [`crate::broker::Everywhere::tell`].
    pub(crate) fn on_told(&mut self, name: &'static str, told: Arc<Told>) {
        self.extend(Arc::new(Heeding { name, told }));
    }

    /// Does what another node tells under a name; none where nobody here heeds it.
    pub(crate) fn heed(&self, name: &str, data: Json) -> Option<BoxFuture<()>> {
        let kept = self.extension::<Heeding>()?;
        (kept.name == name).then(|| (kept.told)(data))
    }
}
