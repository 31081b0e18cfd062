//! Clients whose token is verified before they have a session.
use super::connect::Granted;
use super::{Pace, Phase, Session, Step};
use crate::auth::{ConnectionGrant, TokenError};
use crate::broker::Node;
use crate::broker::revocations::TokenStatus;
use crate::delivery::Ticket;
use crate::protocol::Connect;
use crate::types::Answer;
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

impl Node {
    /// Verifies a connection token with the authenticator of this name, before there is a session: what it grants, unless that has
    /// been revoked. `Ready` unless the authenticator's key set must be fetched for it.
    pub fn verify(&self, authenticator: Option<&str>, token: &str) -> Answer<ConnectionGrant, TokenError> {
        let authenticator = self.settings().authenticators.of(authenticator).clone();
        let (node, leeway) = (self.clone(), authenticator.leeway());
        authenticator.verify_connection_at(token, self.now()).then(move |grant| {
            let grant = grant?;
            match node.revocations().status(&grant.identity, leeway) {
                // What is left of it is for its session to see, which looks again.
                TokenStatus::Good | TokenStatus::Without(_) => Ok(grant),
                TokenStatus::Revoked => Err(TokenError::Invalid("it has been revoked")),
                TokenStatus::Unknown => Err(TokenError::Unavailable),
            }
        })
    }
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
