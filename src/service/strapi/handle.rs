//! What Rust code emits to the clients of a Strapi application: `strapi.$io` of the plugin.
use super::state::State;
use crate::broker::{Emitted, Node};
use crate::protocol::socketio::RESERVED_NAMES;
use crate::service::events::{Emitter, IntoRooms, Socket};
use crate::service::services::NAMESPACE;
use crate::types::ReplyError;
use serde::Serialize;
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The clients of a Strapi application, to emit to. Cheap to clone.
///
/// ```no_run
/// # async fn tell(io: callboard::service::strapi::Strapi) -> Result<(), callboard::types::ReplyError> {
/// use serde_json::json;
/// // strapi.$io.raw({ event: 'news', data: { a: 1 }, rooms: ['io-role-editor'] })
/// io.raw_to(["io-role-editor"], "news", json!({ "a": 1 })).await?;
/// // strapi.$io.emit({ event: 'create', schema: strapi.contentTypes['api::article.article'], data: article })
/// io.emit("create", "api::article.article", json!({ "id": 1, "title": "x" })).await
/// # }
/// ```
#[derive(Clone)]
pub struct Strapi {
    node: Node,
    state: Arc<State>,
}

impl Strapi {
    /// Those of a broker; none where its config has no `[strapi]`.
    pub fn of(node: &Node) -> Option<Self> {
        Some(Strapi { node: node.clone(), state: node.handlers().extension::<State>()? })
    }

    /// Emits an event to all clients, with `{data}`. It is on its way when this returns, and the result need not be waited for. Fails
    /// as [`Emitter::emit`] does. No permission is looked at. It overtakes events of entries that are not yet on their way.
    pub fn raw(&self, event: &str, data: impl Serialize) -> Emitted {
        self.raw_from(Emitter::new(&self.node, NAMESPACE), event, data)
    }

    /// The same to the clients in these rooms, each once: `io-role-NAME` and `io-token-NAME` in lower case, or rooms that handlers
    /// had them join. A list without a room is nobody.
    pub fn raw_to(&self, rooms: impl IntoRooms, event: &str, data: impl Serialize) -> Emitted {
        self.raw_from(Emitter::new(&self.node, NAMESPACE).map(|all| all.to(rooms)), event, data)
    }

    fn raw_from(
        &self,
        emitter: Result<Emitter, crate::types::NameError>,
        event: &str,
        data: impl Serialize,
    ) -> Emitted {
        #[derive(Serialize)]
        struct Payload<D> {
            data: D,
        }
        match emitter {
            Ok(emitter) if !event.is_empty() => emitter.emit(event, (Payload { data },)),
            _ => Emitted::refused(bad("event: there is none")),
        }
    }

    /// Emits an event of an entry, `NAME:EVENT`, to the roles and tokens that permit `UID.EVENT`: its private attributes are left out,
    /// its relations are brought along. It is on its way when this returns, behind the entries' own events. Fails with 107 where no
    /// content type has this uid or the entry is no object, with 106 where it is too large, and with 111 where too many events wait.
    pub fn emit<E: Into<Value>>(
        &self,
        event: &str,
        uid: &str,
        entry: E,
    ) -> impl Future<Output = Result<(), ReplyError>> + Send + use<E> {
        let queued = self.queued(event, uid, entry.into());
        async move { queued?.await.unwrap_or(Err(ReplyError::INTERNAL)) }
    }

    fn queued(
        &self,
        event: &str,
        uid: &str,
        entry: Value,
    ) -> Result<oneshot::Receiver<Result<(), ReplyError>>, ReplyError> {
        let of = self.state.types.of(uid).ok_or_else(|| bad(format!("schema: {uid:?} is no content type")))?;
        if event.is_empty() || RESERVED_NAMES.contains(&event) {
            return Err(bad("event: a name is wanted, such as \"create\""));
        }
        let Value::Object(entry) = entry else { return Err(bad("data: an entry is wanted, an object")) };
        let (told, outcome) = oneshot::channel();
        match self.state.queue.event(of, event, entry, Some(told)) {
            true => Ok(outcome),
            false => Err(ReplyError::TOO_MANY_REQUESTS),
        }
    }
}

impl Socket {
    /// The clients of the Strapi application, to emit to; none where the config has no `[strapi]`.
    pub fn strapi(&self) -> Option<Strapi> {
        Strapi::of(self.session().node())
    }
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> ReplyError {
    ReplyError { message: why.into(), ..ReplyError::BAD_REQUEST }
}
