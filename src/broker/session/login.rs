//! Who a session stands for after a login or a logout in the middle of its life.
use super::Session;
use crate::types::{ChannelName, ClientInfo, Identity};
use actix::prelude::*;
use std::sync::Arc;

impl Session {
    /// Takes on the identity of a token that its client has shown to the authentication service, or that of nobody in particular. From
    /// now on the session is found under that user, ends with that token, and loses what is revoked of it.
    pub(super) fn stand_for(&mut self, identity: Option<Arc<Identity>>, ctx: &mut Context<Self>) {
        // One who logs in brings no new token but by another login, and so has no time for that after its end.
        self.terms.refreshes &= identity.is_none();
        let identity = identity.unwrap_or_else(Identity::nobody);
        // What was revoked between the look at the token and now found another user here.
        let identity = match self.unrevoked(identity) {
            Ok(identity) => identity,
            Err(fault) => return self.end_for(fault, ctx),
        };
        self.move_in_directory(&identity, ctx);
        self.info = Arc::new(ClientInfo {
            user: identity.user.clone(),
            conn_info: identity.info.clone(),
            ..(*self.info).clone()
        });
        let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
        for channel in channels {
            let chan_info = self.subs.get(&channel).and_then(|sub| sub.member.info.chan_info.clone());
            self.show_in(&channel, chan_info);
        }
        self.renew(identity);
        self.schedule_identity(ctx);
    }

    fn move_in_directory(&mut self, identity: &Identity, ctx: &Context<Self>) {
        let me = self.me(ctx);
        let directory = self.node().sessions().directory();
        directory.exit(self.id, &self.info.user, &me);
        directory.enter(self.id, identity.user.clone(), me);
    }
}
