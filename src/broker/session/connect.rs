//! Letting a session in: token, handler, server-side subscriptions, in this order.
use super::join::{Plan, Wanted};
use super::{Phase, Session, Step};
use crate::auth::{ConnectionGrant, SubscriptionOptions, TokenError};
use crate::broker::handler::{ConnectCall, Welcome};
use crate::broker::message::Joined;
use crate::broker::{Due, SubscribeOptions, Ticket};
use crate::protocol::{Connect, Connected, Reply};
use crate::types::{Answer, ChannelName, ClientInfo, Disconnect, Fault, Identity, ReplyError};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A client whose connect was refused with an error may look at it for this long.
const REFUSED_LINGER: Duration = Duration::from_secs(5);

/// Who the session is from now on. Those without a token share one identity.
struct Granted {
    identity: Arc<Identity>,
    subs: Vec<(String, SubscriptionOptions)>,
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
        let settings = self.node().settings();
        if connect.token.is_empty() {
            return match settings.anonymous {
                true => {
                    let grant = Granted { identity: Identity::nobody(), subs: vec![] };
                    self.granted(ticket, connect, Ok(grant), ctx)
                }
                false => Fault::Close(Disconnect::BAD_REQUEST).into(),
            };
        }
        match settings.authenticator.verify_connection(&connect.token) {
            Answer::Ready(grant) => self.granted(ticket, connect, grant.map(Granted::from), ctx),
            Answer::Later(grant) => {
                self.later(ctx, grant, move |session, grant, ctx| {
                    let step = session.granted(ticket, connect, grant.map(Granted::from), ctx);
                    session.settle_connect(ticket, step, ctx);
                });
                Step::Waits
            }
        }
    }

    fn granted(
        &mut self,
        ticket: Ticket,
        connect: Connect,
        grant: Result<Granted, TokenError>,
        ctx: &mut Context<Self>,
    ) -> Step {
        let grant = match grant {
            Ok(grant) => grant,
            Err(error) => return self.refuse(connect_fault(error), ctx),
        };
        self.identify(grant.identity);
        if !self.node().handlers().connects() {
            return self.welcomed(ticket, connect, grant.subs, Ok(Welcome::default()), ctx);
        }
        let call = ConnectCall {
            session: self.id,
            identity: self.identity.clone(),
            client_name: connect.name.clone(),
            data: connect.data.clone(),
            headers: connect.headers.clone(),
        };
        let asked = self.node().handlers().connect(call);
        self.later(ctx, asked, move |session, welcome, ctx| {
            let step = session.welcomed(ticket, connect, grant.subs, welcome, ctx);
            session.settle_connect(ticket, step, ctx);
        });
        Step::Waits
    }

    fn welcomed(
        &mut self,
        ticket: Ticket,
        connect: Connect,
        granted: Vec<(String, SubscriptionOptions)>,
        welcome: Result<Welcome, Fault>,
        ctx: &mut Context<Self>,
    ) -> Step {
        let welcome = match welcome {
            Ok(welcome) => welcome,
            Err(fault) => return self.refuse(fault, ctx),
        };
        let wanted = match self.server_side(&connect, granted, &welcome) {
            Ok(wanted) => wanted,
            Err(fault) => return self.refuse(fault, ctx),
        };
        if wanted.is_empty() {
            let reply = self.let_in(&welcome, vec![], ctx);
            return Step::Done(Ok(reply));
        }
        let begun: Vec<_> = wanted.into_iter().map(|(channel, wanted)| self.begin_join(channel, wanted, ctx)).collect();
        let joins = futures_util::future::join_all(begun.into_iter().map(|(plan, joined)| async move {
            let joined = joined.await.unwrap_or(Err(ReplyError::INTERNAL.into()));
            (plan, joined)
        }));
        self.later(ctx, joins, move |session, joins, ctx| {
            let step = session.joined(&welcome, joins, ctx);
            session.settle_connect(ticket, step, ctx);
        });
        Step::Waits
    }

    /// The server-side subscriptions of the token, the handler and the personal channel, each once.
    fn server_side(
        &self,
        connect: &Connect,
        granted: Vec<(String, SubscriptionOptions)>,
        welcome: &Welcome,
    ) -> Result<Vec<(ChannelName, Wanted)>, Fault> {
        let personal = self.node().settings().personal_channel && !self.identity.user.is_empty();
        let personal = personal.then(|| format!("#{}", self.identity.user));
        let plain = welcome.channels.iter().cloned().chain(personal);
        let all = granted.into_iter().chain(plain.map(|name| (name, SubscriptionOptions::default())));
        let mut wanted: Vec<(ChannelName, Wanted)> = vec![];
        for (name, granted) in all {
            let channel = self.node().channel(&name)?;
            if wanted.iter().any(|(other, _)| other == &channel) {
                continue;
            }
            if wanted.len() >= self.node().limits().channels_per_connection {
                return Err(Disconnect::CHANNEL_LIMIT.into());
            }
            let recover = connect.subs.get(&name).cloned();
            let options = SubscribeOptions { recover, ..SubscribeOptions::from(granted) };
            let plan = self.wanted_by_server(&channel, options)?;
            wanted.push((channel, plan));
        }
        Ok(wanted)
    }

    fn joined(&mut self, welcome: &Welcome, joins: Joins, ctx: &mut Context<Self>) -> Step {
        let mut subs = vec![];
        for (plan, joined) in joins {
            let channel = plan.channel.clone();
            match self.finish_join(plan, joined, ctx) {
                Ok((subscribed, since)) => {
                    subs.push((channel.as_str().to_owned(), subscribed));
                    self.after_reply.push((channel, since));
                }
                Err(fault) => return self.refuse(fault, ctx),
            }
        }
        let reply = self.let_in(welcome, subs, ctx);
        Step::Done(Ok(reply))
    }

    fn let_in(
        &mut self,
        welcome: &Welcome,
        subs: Vec<(String, crate::protocol::Subscribed)>,
        ctx: &mut Context<Self>,
    ) -> Reply {
        let me = self.me(ctx);
        self.enter(me);
        self.schedule_identity(ctx);
        Reply::Connected(Box::new(Connected {
            client: self.id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: welcome.data.clone(),
            expiry: super::expiry::expiry(self.identity.expires_at),
            subs,
            ping: self.greeting.ping,
            pong: self.greeting.pong,
            resume_key: None,
        }))
    }

    fn settle_connect(&mut self, ticket: Ticket, step: Step, ctx: &mut Context<Self>) {
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

fn connect_fault(error: TokenError) -> Fault {
    match error {
        TokenError::Invalid(reason) => {
            log::info!("a connection token was refused: {reason}");
            Disconnect::INVALID_TOKEN.into()
        }
        TokenError::Expired => ReplyError::TOKEN_EXPIRED.into(),
        TokenError::Unavailable => ReplyError::INTERNAL.into(),
    }
}
