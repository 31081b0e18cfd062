//! Sessions that may publish into one channel only, on a wire where publishers register first.
use super::{Session, Step};
use crate::protocol::Reply;
use crate::types::ReplyError;

impl Session {
    /// Makes the session the publisher of a channel, for its whole life: the first registration counts, and another one to the same
    /// channel changes nothing. Refused with 103 where the wire's names do not let the identity register, or the session publishes
    /// elsewhere already.
    pub(super) fn register(&mut self, name: &str) -> Step {
        let (channel, _) = match self.known_channel(name) {
            Ok(known) => known,
            Err(fault) => return fault.into(),
        };
        let refused = |why: &'static str| ReplyError { message: why.into(), ..ReplyError::PERMISSION_DENIED };
        if let Err(why) = self.terms.names.may_register(&self.identity, &channel) {
            return refused(why).into();
        }
        match &self.registered {
            Some(registered) if **registered != channel => refused("registered already, under another name").into(),
            Some(_) => Step::Done(Ok(Reply::Registered)),
            None => {
                self.registered = Some(Box::new(channel));
                Step::Done(Ok(Reply::Registered))
            }
        }
    }
}
