//! The client's own events, and its answers to events of the server.
use super::{Session, Step};
use crate::broker::handler::{CONNECTION, DISCONNECT};
use crate::delivery::{Acknowledgement, Ticket};
use crate::metrics::Metrics;
use crate::protocol::{Acknowledge, Emit, Reply};
use crate::types::{Disconnect, Json};
use actix::prelude::*;

/// What a client reads that wanted an acknowledgement from handlers who had none to give.
const NO_ARGUMENTS: &[u8] = b"[]";

impl Session {
    pub(super) fn emit(&mut self, ticket: Ticket, emit: Emit, ctx: &mut Context<Self>) -> Step {
        // What the session itself tells its handlers, a client cannot pretend.
        let is_ours = emit.event == CONNECTION || emit.event == DISCONNECT;
        let call = self.call(&emit.event, String::new()).filter(|_| !is_ours);
        let call = call.map(|call| crate::broker::handler::EmitCall {
            args: emit.args,
            attachments: emit.attachments,
            wants_ack: emit.wants_ack,
            ..call
        });
        let Some(handled) = call.and_then(|call| self.node().handlers().emit(call)) else {
            return self.unhandled(ticket, &emit.event);
        };
        // Handlers have threads of their own: without this, what two events of the client do could change places.
        self.later(ctx, handled.begun, |session, (), ctx| session.proceed(ctx));
        self.later(ctx, handled.answer, move |session, result, ctx| {
            if !emit.wants_ack {
                return session.outlet.done(ticket);
            }
            let given = result
                .map(|given| given.unwrap_or_else(|| Acknowledgement { args: no_arguments(), attachments: vec![] }));
            let reply = given.map(|Acknowledgement { args, attachments }| Reply::Acknowledged { args, attachments });
            session.after_emitted(ctx, move |session, ctx| session.conclude(ticket, reply, ctx));
        });
        Step::Waits
    }

    /// Nobody handles the event: silence, also where an acknowledgement was asked for, so that the client's timeouts and
    /// repetitions work (decision 38).
    fn unhandled(&self, ticket: Ticket, event: &str) -> Step {
        let metrics = self.node().metrics();
        Metrics::count(&metrics.drops, "unhandled");
        metrics.log_some(log::Level::Warn, "unhandled", format_args!("nobody handles the event {event:?}"));
        self.outlet.done(ticket);
        Step::Handed
    }

    pub(super) fn acknowledge(&mut self, ticket: Ticket, answer: Acknowledge) -> Step {
        let Acknowledge { round, args, attachments } = answer;
        self.node().homes().rounds().answer(round, self.id, Acknowledgement { args, attachments });
        self.outlet.done(ticket);
        Step::Handed
    }

    /// The client leaves its home, and its connection goes on.
    pub(super) fn leave(&mut self, ticket: Ticket, ctx: &mut Context<Self>) -> Step {
        self.outlet.done(ticket);
        if let Some(state) = &mut self.home {
            state.is_left = true;
        }
        self.finish(Disconnect { reason: "client namespace disconnect".into(), ..Disconnect::CONNECTION_CLOSED });
        ctx.stop();
        Step::Handed
    }
}

fn no_arguments() -> Json {
    Json::parse(NO_ARGUMENTS.into()).unwrap_or_else(|_| Json::null())
}
