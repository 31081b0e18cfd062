//! Clients whose tokens are verified before they have a session.
use super::connect::Granted;
use super::{Pace, Phase, Session, Step};
use crate::auth::ConnectionGrant;
use crate::delivery::Ticket;
use crate::protocol::Connect;
use actix::prelude::*;

/// Lets in a client that has shown its token already. The first thing that its session is told, as it is in from the start.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Admit {
    /// Its place in the order of answers.
    pub ticket: Ticket,
    /// What its token grants.
    pub grant: ConnectionGrant,
    /// What it would have said.
    pub connect: Connect,
}

impl Handler<Admit> for Session {
    type Result = ();

    fn handle(&mut self, admit: Admit, ctx: &mut Self::Context) {
        if self.phase != Phase::New {
            return;
        }
        let Admit { ticket, grant, connect } = admit;
        self.phase = Phase::Connecting;
        self.pace = Pace::Working;
        let step: Step = self.granted(ticket, connect, Ok(Granted::from(grant)), ctx);
        self.settle_connect(ticket, step, ctx);
    }
}
