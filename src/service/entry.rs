//! A service as it runs, and the two ways to it.
use super::call::{Outcome, Purpose, ServiceCall};
use super::error::ServiceError;
use super::finder::Finder;
use super::method::Method;
use super::services::Definition;
use crate::broker::handler::{Call, Caller};
use crate::types::{BoxFuture, Fault};
use std::future::ready;
use std::sync::Arc;

/// What a call brings; a fault where the service cannot answer.
type Answer = BoxFuture<Result<Result<Outcome, ServiceError>, Fault>>;

/// One service as it runs.
pub(super) struct Entry {
    pub definition: Arc<Definition>,
    caller: Caller<ServiceCall>,
}

impl Entry {
    pub fn new(definition: Arc<Definition>, caller: Caller<ServiceCall>) -> Self {
        Entry { definition, caller }
    }

    /// Asks the service. The calls of one thread begin in the order in which they were made.
    pub fn ask(&self, call: ServiceCall) -> Answer {
        match self.finder(&call) {
            Some(finder) => self.find(finder, call),
            None => self.caller.ask(call),
        }
    }

    /// The same; the first future ends when the call has begun, or has let its time pass.
    pub fn ask_and_see(&self, call: ServiceCall) -> (BoxFuture<()>, Answer) {
        match self.finder(&call) {
            Some(finder) => (Box::pin(ready(())), self.find(finder, call)),
            None => self.caller.ask_and_see(call),
        }
    }

    /// What finds for this call past the actor of the service, which would cost two changes of threads.
    fn finder(&self, call: &ServiceCall) -> Option<&Finder> {
        let is_for_client = call.method == Method::Find && call.purpose == Purpose::Client;
        self.definition.finder.as_ref().filter(|_| is_for_client)
    }

    fn find(&self, finder: &Finder, call: ServiceCall) -> Answer {
        self.caller.in_its_place(call.subject(), || finder.find(call, self.definition.path.as_str()))
    }
}
