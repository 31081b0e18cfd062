//! Sessions that server code opens: an identity with listeners, and no client.
use super::opened::{Hook, Opened, State};
use super::{ListenerIndex, MessageError, Messages, engage};
use crate::broker::handler::SessionView;
use crate::broker::{Node, Sessions};
use crate::metrics::Metrics;
use crate::types::{Identity, ReplyError, Revocation, SessionId};
use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::watch;

/// A session that server code opened. It ends with [`ServerSession::close`], when this is dropped, and when its identity is
/// revoked; its listeners and streams end with it.
pub struct ServerSession {
    node: Node,
    id: SessionId,
    state: watch::Receiver<State>,
}

impl<'a> Sessions<'a> {
    /// Which have Rust listeners.
    pub(in crate::broker) fn listener_index(self) -> &'a Arc<ListenerIndex> {
        &self.0.tables().listener_index
    }

    /// Opens a session for server code, which stands above the rules of channels. Fails with error 106 where there are as many
    /// as `limits.server_sessions`.
    pub fn open(self, identity: Identity) -> Result<ServerSession, ReplyError> {
        let (state, watched) = watch::channel(State { identity: Arc::new(identity), is_ended: false });
        let id = SessionId::random();
        let mut table = self.listener_index().table();
        if table.opened >= self.0.limits().server_sessions {
            Metrics::count(&self.0.metrics().refusals, "server_sessions");
            return Err(ReplyError::LIMIT_EXCEEDED);
        }
        table.opened += 1;
        self.0.metrics().store("server_sessions", table.opened);
        let of_session = table.sessions.entry(id).or_default();
        of_session.opened = Some(Opened { state, hooks: vec![], is_closing: false });
        Ok(ServerSession { node: self.0.clone(), id, state: watched })
    }

    /// Begins to end a session that was opened in Rust: what was to be done before is done, one thing after the other, then
    /// its listeners end.
    pub(in crate::broker) fn close(self, id: SessionId) {
        let mut table = self.listener_index().table();
        let Some(opened) = table.sessions.get_mut(&id).and_then(|of_session| of_session.opened.as_mut()) else {
            return;
        };
        if std::mem::replace(&mut opened.is_closing, true) {
            return;
        }
        let hooks = std::mem::take(&mut opened.hooks);
        drop(table);
        if hooks.is_empty() {
            return self.end(id);
        }
        let node = self.0.clone();
        let farewell = async move {
            for hook in hooks {
                node.sessions().run_hook(hook).await;
            }
            node.sessions().end(id);
        };
        let node = self.0.clone();
        // On the threads of listeners, which it may block, and they may have to be started.
        self.0.registry().run(Box::new(move || {
            drop(actix_rt::spawn(async move {
                if let Ok(threads) = engage::threads(&node).await {
                    threads.run(farewell);
                }
            }));
        }));
    }

    /// Takes back what the sessions that were opened in Rust have: they end, or lose scopes.
    pub(in crate::broker) fn apply_revocation(self, revocation: &Revocation, upto: i64) {
        let mut ended = vec![];
        for (id, of_session) in &self.listener_index().table().sessions {
            let touched = |opened: &&Opened| revocation.touches(&opened.state.borrow().identity, upto);
            let Some(opened) = of_session.opened.as_ref().filter(touched) else { continue };
            if revocation.scopes.is_empty() {
                of_session.silence();
                ended.push(*id);
            } else {
                opened.state.send_modify(|state| state.identity = state.identity.without(&revocation.scopes));
            }
        }
        ended.into_iter().for_each(|id| self.close(id));
    }

    async fn run_hook(self, hook: Hook) {
        let done = AssertUnwindSafe(async move { hook().await }).catch_unwind();
        let failure = match tokio::time::timeout(self.0.limits().handler_timeout, done).await {
            Ok(Ok(())) => return,
            Ok(Err(_panic)) => "panic",
            Err(_late) => "timeout",
        };
        log::error!("the cleanup before the end of a session failed: {failure}");
        Metrics::count(&self.0.metrics().handler_failures, failure);
    }

    fn end(self, id: SessionId) {
        self.listener_index().leave(id);
        let opened = self.listener_index().table().opened;
        self.0.metrics().store("server_sessions", opened);
    }
}

impl ServerSession {
    /// Its id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Who it is; what has been revoked of it is not there any more.
    pub fn identity(&self) -> Arc<Identity> {
        self.state.borrow().identity.clone()
    }

    /// Its messages.
    pub fn messages(&self) -> Messages {
        let (identity, node) = (self.identity(), self.node.clone());
        Messages::new(SessionView { id: self.id, identity, home: None, data: None, node })
    }

    /// Has something done before the session's listeners end, after what was asked for before. It may take as long as a call
    /// of a handler (`limits.handler_timeout`). Fails where the session is about to end.
    pub fn on_close<F, Fut>(&self, hook: F) -> Result<(), MessageError>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut table = self.node.sessions().listener_index().table();
        let opened = table.sessions.get_mut(&self.id).and_then(|of_session| of_session.opened.as_mut());
        let opened = opened.filter(|opened| !opened.is_closing).ok_or(MessageError::Closed)?;
        opened.hooks.push(Box::new(move || Box::pin(hook())));
        Ok(())
    }

    /// Ends the session, and waits until it has ended. Once more does nothing.
    pub async fn close(&self) {
        self.node.sessions().close(self.id);
        self.closed().await;
    }

    /// Waits until the session has ended, whoever ended it.
    pub async fn closed(&self) {
        // The sender goes with the end at the latest.
        let _ = self.state.clone().wait_for(|state| state.is_ended).await;
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().is_ended
    }
}

impl Drop for ServerSession {
    fn drop(&mut self) {
        self.node.sessions().close(self.id);
    }
}
