//! A channel's port: the address of its actor.
use super::message::{Announce, ChannelPort, ChannelRef, Forgotten, Join, Leave, Retired, Unsent};
use super::{Channel, Publish};
use crate::broker::hub::HubId;
use crate::delivery::Instruction;
use crate::types::ClientInfo;
use actix::dev::SendError;
use actix::prelude::*;
use std::sync::Arc;

struct Port {
    addr: Addr<Channel>,
    life: u64,
}

/// The port of the channel at this address, the `life`th that there is.
pub fn port(addr: Addr<Channel>, life: u64) -> ChannelRef {
    Arc::new(Port { addr, life })
}

impl ChannelPort for Port {
    fn life(&self) -> u64 {
        self.life
    }

    fn is_there(&self) -> bool {
        self.addr.connected()
    }

    fn publish(&self, publish: Publish) -> Result<(), Unsent> {
        self.addr.try_send(publish).map_err(|unsent| match unsent {
            SendError::Full(publish) => Unsent::Full(Box::new(publish)),
            SendError::Closed(publish) => Unsent::Ended(Box::new(publish)),
        })
    }

    fn instruct(&self, instruction: Instruction) -> bool {
        !matches!(self.addr.try_send(instruction), Err(SendError::Full(_)))
    }

    fn join(&self, join: Join) {
        self.addr.do_send(join);
    }

    fn announce(&self, info: Arc<ClientInfo>) {
        self.addr.do_send(Announce(info));
    }

    fn leave(&self, leave: Leave) {
        self.addr.do_send(leave);
    }

    fn retired(&self, retired: Retired) {
        self.addr.do_send(retired);
    }

    fn forgotten(&self, hub: HubId) {
        self.addr.do_send(Forgotten(hub));
    }
}
