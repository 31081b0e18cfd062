//! Letting a session in: token, handler, server-side subscriptions, in this order.
use super::join::{Plan, Wanted};
use super::{Phase, Session, Step};
use crate::auth::{ConnectionGrant, SubscriptionOptions, TokenError};
use crate::broker::channel::Joined;
use crate::broker::handler::{ConnectCall, Welcome};
use crate::broker::{Due, Node};
use crate::delivery::{SubscribeOptions, Ticket};
use crate::protocol::{Connect, Connected, Reply};
use crate::types::{Answer, ChannelName, ClientInfo, Disconnect, Event, Fault, Identity, Place, ReplyError};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A client whose connect was refused with an error may look at it for this long.
const REFUSED_LINGER: Duration = Duration::from_secs(5);

/// Who the session is from now on. Those without a token share one identity.
pub(super) struct Granted {
    identity: Arc<Identity>,
    subs: Vec<(String, SubscriptionOptions)>,
}

/// A session on its way in.
struct Entrance {
    ticket: Ticket,
    connect: Connect,
    /// The server-side subscriptions of its token.
    granted: Vec<(String, SubscriptionOptions)>,
    /// What its handler said.
    welcome: Welcome,
}

impl From<ConnectionGrant> for Granted {
    fn from(grant: ConnectionGrant) -> Self {
        Granted { identity: Arc::new(grant.identity), subs: grant.subs }
    }
}

type Joins = Vec<(Plan, Result<Joined, Fault>)>;

impl Session {
    pub(super) fn connect(&mut self, ticket: Ticket, connect: Connect, ctx: &mut Context<Self>) -> Step {
        self.phase = Phase::Connecting;
        if let Some(door) = connect.home.as_ref().and_then(|home| self.node().handlers().door_of(&home.channel)) {
            let admitted = door.admit(self.node(), connect.data.as_ref());
            self.later(ctx, admitted, move |session, admitted, ctx| {
                let granted = admitted.map(|identity| Granted { identity: Arc::new(identity), subs: vec![] });
                let step = session.granted(ticket, connect, granted, ctx);
                session.settle_connect(ticket, step, ctx);
            });
            return Step::Waits;
        }
        let authenticator = self.authenticator();
        if connect.token.is_empty() {
            return match authenticator.guest() {
                Some(identity) => self.granted(ticket, connect, Ok(Granted { identity, subs: vec![] }), ctx),
                // On a wire whose connection goes on without this session, its client may come back with a token.
                None if connect.shares_connection => {
                    self.node().log_missing_token();
                    self.refuse(ReplyError::UNAUTHORIZED.into(), ctx)
                }
                None => {
                    self.node().log_missing_token();
                    Fault::Close(Disconnect::BAD_REQUEST).into()
                }
            };
        }
        match authenticator.verify_connection_at(&connect.token, self.node().now()) {
            Answer::Ready(grant) => {
                let granted = grant.map(Granted::from).map_err(|error| connect_fault(error, self.node()));
                self.granted(ticket, connect, granted, ctx)
            }
            Answer::Later(grant) => {
                self.later(ctx, grant, move |session, grant, ctx| {
                    let granted = grant.map(Granted::from).map_err(|error| connect_fault(error, session.node()));
                    let step = session.granted(ticket, connect, granted, ctx);
                    session.settle_connect(ticket, step, ctx);
                });
                Step::Waits
            }
        }
    }

    pub(super) fn granted(
        &mut self,
        ticket: Ticket,
        connect: Connect,
        grant: Result<Granted, Fault>,
        ctx: &mut Context<Self>,
    ) -> Step {
        let grant = match grant {
            Ok(grant) => grant,
            Err(fault) => return self.refuse(fault, ctx),
        };
        let identity = match self.unrevoked(grant.identity) {
            Ok(identity) => identity,
            Err(fault) => return self.refuse(fault, ctx),
        };
        self.identify(identity);
        self.granted = grant.subs.clone().into();
        self.move_in(&connect);
        self.ask_in(Entrance { ticket, connect, granted: grant.subs, welcome: Welcome::default() }, ctx)
    }

    /// Asks the handler about who comes; who comes back was asked about when it came first.
    fn ask_in(&mut self, entrance: Entrance, ctx: &mut Context<Self>) -> Step {
        let is_resumed = self.home.as_ref().is_some_and(|state| state.membership.is_resumed);
        if is_resumed || !self.node().handlers().connects() {
            return self.welcomed(entrance, ctx);
        }
        let connect = &entrance.connect;
        let call = ConnectCall {
            session: self.id,
            identity: self.identity.clone(),
            client_name: connect.name.clone(),
            data: connect.data.clone(),
            headers: connect.headers.clone(),
            home: connect.home.as_ref().map(|home| home.channel.clone()),
            handshake: connect.handshake.clone(),
        };
        let asked = self.node().handlers().connect(self.node(), call, &connect.token);
        self.later(ctx, asked, move |session, welcome, ctx| {
            let ticket = entrance.ticket;
            let step = match welcome {
                Ok(welcome) => session.welcomed(Entrance { welcome, ..entrance }, ctx),
                Err(fault) => session.refuse(fault, ctx),
            };
            session.settle_connect(ticket, step, ctx);
        });
        Step::Waits
    }

    fn welcomed(&mut self, mut entrance: Entrance, ctx: &mut Context<Self>) -> Step {
        // Before there is a listener: none of its events is to be seen without them.
        let fields = std::mem::take(&mut entrance.welcome.fields);
        if !fields.is_empty() {
            self.noted().give(fields);
        }
        let wanted = match self.server_side(&entrance) {
            Ok(wanted) => wanted,
            Err(fault) => return self.refuse(fault, ctx),
        };
        if wanted.is_empty() {
            return self.let_in(&entrance.welcome, vec![], vec![], ctx);
        }
        let begun: Vec<_> = wanted.into_iter().map(|(channel, wanted)| self.begin_join(channel, wanted, ctx)).collect();
        let joins =
            futures_util::future::join_all(begun.into_iter().map(|(plan, joined)| async move { (plan, joined.await) }));
        self.later(ctx, joins, move |session, joins, ctx| {
            let ticket = entrance.ticket;
            let step = session.joined(entrance, joins, ctx);
            session.settle_connect(ticket, step, ctx);
        });
        Step::Waits
    }

    /// The server-side subscriptions of the token, the handler and the personal channel, each once.
    fn server_side(&self, entrance: &Entrance) -> Result<Vec<(ChannelName, Wanted)>, Fault> {
        let Entrance { connect, granted, welcome, .. } = entrance;
        let personal = self.node().settings().personal_channel && !self.identity.user.is_empty();
        let personal = personal.then(|| format!("#{}", self.identity.user));
        let plain = welcome.channels.iter().cloned().chain(personal);
        let all = granted.iter().cloned().chain(plain.map(|name| (name, SubscriptionOptions::default())));
        let all = all.filter(|_| self.terms.names.is_of_everybody());
        let mut wanted: Vec<(ChannelName, Wanted)> = self.wanted_by_home().into_iter().collect();
        for (name, granted) in all {
            let channel = self.node().channels().named(&name)?;
            if wanted.iter().any(|(other, _)| other == &channel) {
                continue;
            }
            if wanted.len() >= self.node().limits().channels_per_connection {
                self.node().metrics().reached("channels_per_connection");
                return Err(Disconnect::CHANNEL_LIMIT.into());
            }
            let recover = connect.subs.get(&name).cloned();
            let options = SubscribeOptions { recover, ..SubscribeOptions::from(granted) };
            let plan = self.wanted_by_server(&channel, options)?;
            wanted.push((channel, plan));
        }
        Ok(wanted)
    }

    fn joined(&mut self, entrance: Entrance, joins: Joins, ctx: &mut Context<Self>) -> Step {
        let (mut subs, mut missed) = (vec![], vec![]);
        for (plan, joined) in joins {
            let channel = plan.channel.clone();
            match self.finish_join(plan, joined, ctx) {
                Ok((mut subscribed, since)) => {
                    match self.is_home(&channel) {
                        true => missed = subscribed.recovery.take().map_or(vec![], |recovered| recovered.events),
                        false => subs.push((channel.as_str().to_owned(), subscribed)),
                    }
                    self.after_reply.push((channel, since));
                }
                Err(Fault::Reply(error)) if self.is_home(&channel) && error == ReplyError::UNRECOVERABLE_POSITION => {
                    return self.begin_anew(entrance, ctx);
                }
                Err(fault) => return self.refuse(fault, ctx),
            }
        }
        let missed = self.meant_for_me(missed);
        self.let_in(&entrance.welcome, subs, missed, ctx)
    }

    /// The client came back too late for all that it missed: it gets a session as if it came for the first time, and sees by
    /// the new id that something is missing.
    fn begin_anew(&mut self, entrance: Entrance, ctx: &mut Context<Self>) -> Step {
        self.after_reply.clear();
        let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
        channels.iter().for_each(|channel| self.drop_subscription(channel));
        self.stay_after_all(&entrance.connect);
        self.ask_in(entrance, ctx)
    }

    fn let_in(
        &mut self,
        welcome: &Welcome,
        subs: Vec<(String, crate::protocol::Subscribed)>,
        missed: Vec<(Arc<Event>, Place)>,
        ctx: &mut Context<Self>,
    ) -> Step {
        let me = self.me(ctx);
        self.enter(me);
        // A stop tells the sessions that are in, and this one may have come in behind that.
        if self.node().connections().is_draining() {
            return Fault::Close(Disconnect::SHUTDOWN).into();
        }
        // What was revoked while it was on its way in found no session to tell.
        match self.unrevoked(self.identity.clone()) {
            Ok(identity) => self.identity = identity,
            Err(fault) => return fault.into(),
        }
        self.schedule_identity(ctx);
        Step::Done(Ok(Reply::Connected(Box::new(Connected {
            client: self.id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: welcome.data.clone(),
            expiry: self.time_until(self.identity.expires_at),
            subs,
            ping: self.pings.ping,
            pong: self.pings.pong,
            resume_key: self.resume_key(),
            missed,
        }))))
    }

    pub(super) fn settle_connect(&mut self, ticket: Ticket, step: Step, ctx: &mut Context<Self>) {
        match step {
            Step::Done(result) => self.resume(ticket, result, ctx),
            Step::Waits => {}
            Step::Handed => self.proceed(ctx),
        }
    }

    fn refuse(&mut self, fault: Fault, ctx: &mut Context<Self>) -> Step {
        if let Fault::Reply(_) = fault {
            self.phase = Phase::Refused;
            let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
            channels.iter().for_each(|channel| self.drop_subscription(channel));
            let me = ctx.address().downgrade().recipient();
            self.worker.deadlines().after(REFUSED_LINGER, me, Due::Linger);
        }
        fault.into()
    }

    /// Takes on an identity. Its user stays the same for the session's life.
    fn identify(&mut self, identity: Arc<Identity>) {
        self.info = Arc::new(ClientInfo {
            user: identity.user.clone(),
            client: self.id,
            conn_info: identity.info.clone(),
            chan_info: None,
        });
        self.identity = identity;
    }
}

fn connect_fault(error: TokenError, node: &Node) -> Fault {
    match error {
        TokenError::Invalid(reason) => {
            node.log_refused_token("a connection token was refused", &reason);
            Disconnect::INVALID_TOKEN.into()
        }
        TokenError::Expired => ReplyError::TOKEN_EXPIRED.into(),
        TokenError::Unavailable => ReplyError::INTERNAL.into(),
    }
}
