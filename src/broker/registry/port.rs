//! The registry's port: the address of its actor.
use super::Registry;
use super::message::{Count, Ended, Listeners, Occupied, RegistryPort, Retire, Route, Run};
use crate::types::{BoxFuture, ChannelName, ReplyError};
use actix::prelude::*;
use std::sync::Arc;

struct Port(Addr<Registry>);

/// The port of the registry at this address.
pub fn port(addr: Addr<Registry>) -> Arc<dyn RegistryPort> {
    Arc::new(Port(addr))
}

impl RegistryPort for Port {
    fn is_there(&self) -> bool {
        self.0.connected()
    }

    fn route(&self, route: Route) {
        self.0.do_send(route);
    }

    fn retire(&self, retire: Retire) {
        self.0.do_send(retire);
    }

    fn ended(&self, ended: Ended) {
        self.0.do_send(ended);
    }

    fn occupied(&self) -> BoxFuture<Result<Vec<(ChannelName, usize)>, ReplyError>> {
        let asked = self.0.send(Occupied);
        Box::pin(async move { asked.await.map_err(|_| ReplyError::INTERNAL) })
    }

    fn listeners(&self, channel: &ChannelName) -> BoxFuture<Result<usize, ReplyError>> {
        let asked = self.0.send(Listeners(channel.clone()));
        Box::pin(async move { asked.await.map_err(|_| ReplyError::INTERNAL) })
    }

    fn count(&self) -> BoxFuture<Result<(usize, usize), ReplyError>> {
        let asked = self.0.send(Count);
        Box::pin(async move { asked.await.map_err(|_| ReplyError::INTERNAL) })
    }

    fn run(&self, what: Box<dyn FnOnce() + Send>) {
        self.0.do_send(Run(what));
    }
}
