//! A session: one client identity with its listeners. When it ends, its listeners end.
mod account;
mod admission;
mod connect;
mod control;
mod describe;
mod emit;
mod expiry;
mod home;
mod join;
mod kept;
mod last_words;
mod login;
mod message;
mod permission;
mod publish;
mod query;
mod register;
mod renewed;
mod revoked;
mod subscribe;
mod terms;
mod topics;
mod viewing;

pub use admission::Admit;
pub use message::{Ask, Gone};
pub use terms::ClientTerms;

use super::channel::{Member, Membership};
use super::handler::{Door, LifecycleEvent, SessionView};
use super::{Node, SessionData, SessionRef, Worker};
use crate::auth::{Overrides, SubscriptionOptions};
use crate::delivery::{ListenerKey, Outlet, Since, Ticket};
use crate::filter::Topics;
use crate::protocol::{Command, Reply};
use crate::types::{ChannelName, ClientInfo, Disconnect, Fault, Identity, SessionId};
use actix::prelude::*;
use foldhash::quality::RandomState;
use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

/// The actor of one session. Lives on the thread of its connection.
pub struct Session {
    id: SessionId,
    worker: Rc<Worker>,
    outlet: Rc<dyn Outlet>,
    /// Its own address, made once.
    me: Option<SessionRef>,
    pings: PingSettings,
    terms: ClientTerms,
    phase: Phase,
    identity: Arc<Identity>,
    /// The subscriptions that its token made.
    granted: Box<[(String, SubscriptionOptions)]>,
    /// The session as others see it where no subscription says more.
    info: Arc<ClientInfo>,
    /// Boxed: the table of a session with one subscription has places for more.
    subs: HashMap<ChannelName, Box<Subscription>, RandomState>,
    /// Commands that came while an earlier one waits; the connection bounds them.
    queue: VecDeque<Ask>,
    pace: Pace,
    /// Joins so far.
    joins: u64,
    /// Publishes without an outcome.
    publishing: usize,
    ends: Option<expiry::Ends>,
    /// Listeners that go live as soon as the reply that tells of them is in the outbox.
    after_reply: Vec<(ChannelName, Since)>,
    /// What it belongs to, on a wire whose sessions belong to something.
    home: Option<Box<home::HomeState>>,
    /// The channel that it publishes into, on a wire whose publishers register.
    registered: Option<Box<ChannelName>>,
    /// What is noted of it where it belongs to nothing, and somebody asks for that.
    data: OnceCell<SessionData>,
    last_words: last_words::LastWords,
    reason: Disconnect,
    is_ended_by_us: bool,
}

/// What the wire tells a new session about heartbeats.
#[derive(Debug, Clone, Copy)]
pub struct PingSettings {
    /// Seconds between heartbeats; 0 where the transport's own are used.
    pub ping: u32,
    /// Whether the client must answer them.
    pub pong: bool,
}

#[derive(PartialEq, Clone, Copy)]
enum Phase {
    /// The first command has not come.
    New,
    /// It is being looked at.
    Connecting,
    /// The session is in.
    In,
    /// It was refused with an error reply; nothing more is answered.
    Refused,
    /// It is over.
    Ended,
}

/// Whether the next command may begin.
#[derive(PartialEq, Clone, Copy)]
enum Pace {
    Free,
    /// An earlier command is not done.
    Working,
    /// The first in the queue wants to see the outcome of the publishes before it.
    Barred,
}

/// A listener of this session.
struct Subscription {
    key: ListenerKey,
    /// Where its events come from, if not from the channel of its own name.
    source: Option<Box<ChannelName>>,
    /// Which of the session's joins it comes from.
    turn: u64,
    /// None while the join is under way.
    membership: Option<Membership>,
    member: Member,
    /// Made by the server, not by a command.
    server_side: bool,
    right: revoked::Right,
    /// How its token has it differ from what the namespace says.
    overrides: Overrides,
    /// Joins and leaves are told because the client asked, and may see who is there.
    asked_notices: bool,
    ends: Option<expiry::Ends>,
    /// The topics that it wants, on a wire with topics.
    topics: Option<Rc<Topics>>,
    /// The server has ended it while its join was under way.
    ended: Option<crate::types::Unsubscribed>,
}

impl Subscription {
    /// Where the events of this subscription, to `channel`, come from.
    fn source<'a>(&'a self, channel: &'a ChannelName) -> &'a ChannelName {
        self.source.as_deref().unwrap_or(channel)
    }
}

/// How far a command has come.
enum Step {
    /// It is answered.
    Done(Result<Reply, Fault>),
    /// It waits, and so do the commands after it.
    Waits,
    /// It is on its way; the next command may begin.
    Handed,
}

impl From<Fault> for Step {
    fn from(fault: Fault) -> Self {
        Step::Done(Err(fault))
    }
}

impl From<crate::types::ReplyError> for Step {
    fn from(error: crate::types::ReplyError) -> Self {
        Step::Done(Err(error.into()))
    }
}

impl Session {
    /// A session that nobody has let in yet. What it says goes to `outlet`.
    pub fn new(worker: Rc<Worker>, outlet: Rc<dyn Outlet>, pings: PingSettings) -> Self {
        let id = SessionId::random();
        let info = ClientInfo { user: "".into(), client: id, conn_info: None, chan_info: None };
        Session {
            id,
            worker,
            outlet,
            me: None,
            pings,
            terms: ClientTerms::default(),
            phase: Phase::New,
            identity: Identity::nobody(),
            granted: Box::default(),
            info: Arc::new(info),
            subs: HashMap::default(),
            queue: VecDeque::new(),
            pace: Pace::Free,
            joins: 0,
            publishing: 0,
            ends: None,
            after_reply: vec![],
            home: None,
            registered: None,
            data: OnceCell::new(),
            last_words: last_words::LastWords::default(),
            reason: Disconnect::CONNECTION_CLOSED,
            is_ended_by_us: false,
        }
    }

    fn node(&self) -> &Node {
        self.worker.node()
    }

    fn me(&mut self, ctx: &Context<Self>) -> SessionRef {
        self.me.get_or_insert_with(|| Arc::new(ctx.address())).clone()
    }

    fn view(&self) -> SessionView {
        let home = self.home.as_ref().map(|state| state.membership.clone());
        let (identity, data) = (self.identity.clone(), self.data.get().cloned());
        SessionView { id: self.id, identity, home, data, node: self.node().clone() }
    }

    fn start(&mut self, ticket: Ticket, command: Command, ctx: &mut Context<Self>) -> Step {
        match (self.phase, command) {
            (Phase::New, Command::Connect(connect)) => self.connect(ticket, *connect, ctx),
            (Phase::In, command) => self.command(ticket, command, ctx),
            (Phase::Refused | Phase::Ended, _) => Step::Handed,
            (Phase::New | Phase::Connecting, _) => Fault::Close(Disconnect::BAD_REQUEST).into(),
        }
    }

    fn command(&mut self, ticket: Ticket, command: Command, ctx: &mut Context<Self>) -> Step {
        match command {
            Command::Subscribe(subscribe) => self.subscribe(ticket, *subscribe, ctx),
            Command::Unsubscribe(unsubscribe) => self.unsubscribe(&unsubscribe),
            Command::Register(channel) => self.register(&channel),
            Command::Publish(publish) => self.publish(ticket, publish, ctx),
            Command::Presence(channel) => self.presence(ticket, &channel, ctx),
            Command::PresenceStats(channel) => self.presence_stats(ticket, &channel, ctx),
            Command::History(history) => self.history(ticket, history, ctx),
            Command::Rpc(rpc) => self.rpc(ticket, rpc, ctx),
            Command::Send(data) => self.message(ticket, data, ctx),
            Command::Emit(emit) => self.emit(ticket, *emit, ctx),
            Command::Acknowledge(answer) => self.acknowledge(ticket, *answer),
            Command::Leave => self.leave(ticket, ctx),
            Command::Refresh(refresh) => self.refresh(ticket, &refresh.token, ctx),
            Command::SubRefresh(refresh) => self.sub_refresh(ticket, refresh, ctx),
            Command::Refused(error) => error.into(),
            Command::Connect(_) | Command::Pong => Fault::Close(Disconnect::BAD_REQUEST).into(),
        }
    }

    fn run(&mut self, ask: Ask, ctx: &mut Context<Self>) {
        if self.publishing > 0 && matches!(ask.command, Command::History(_) | Command::Subscribe(_)) {
            // Who publishes and then reads the history finds the event there. The reply to a subscribe would wait for those to
            // the publishes before it, and the events that follow it would not.
            self.queue.push_front(ask);
            self.pace = Pace::Barred;
            return;
        }
        match self.start(ask.ticket, ask.command, ctx) {
            Step::Done(result) => {
                self.conclude(ask.ticket, result, ctx);
                if self.phase == Phase::In && self.welcome_home(ctx) {
                    self.pace = Pace::Working;
                }
            }
            Step::Waits => self.pace = Pace::Working,
            Step::Handed => {}
        }
    }

    /// Answers a command that waited, and goes on with those behind it.
    fn resume(&mut self, ticket: Ticket, result: Result<Reply, Fault>, ctx: &mut Context<Self>) {
        self.conclude(ticket, result, ctx);
        // Its handlers see that a client came before they see what it does.
        if self.phase != Phase::In || !self.welcome_home(ctx) {
            self.proceed(ctx);
        }
    }

    fn proceed(&mut self, ctx: &mut Context<Self>) {
        self.pace = Pace::Free;
        while self.pace == Pace::Free && self.phase != Phase::Ended {
            match self.queue.pop_front() {
                Some(ask) => self.run(ask, ctx),
                None if self.last_words.is_gone => return ctx.stop(),
                None => return,
            }
        }
    }

    fn conclude(&mut self, ticket: Ticket, result: Result<Reply, Fault>, ctx: &mut Context<Self>) {
        match result {
            Ok(reply) => {
                self.outlet.answer(ticket, reply);
                let begin = std::mem::take(&mut self.after_reply);
                begin.into_iter().for_each(|(channel, since)| self.begin(&channel, since));
            }
            Err(Fault::Reply(error)) => self.outlet.answer(ticket, Reply::Error(error)),
            Err(Fault::Close(reason)) => self.end(reason, ctx),
        }
    }

    /// Runs a future and comes back to the session with its result, unless the session has ended by then.
    fn later<T: 'static>(
        &self,
        ctx: &mut Context<Self>,
        future: impl Future<Output = T> + 'static,
        then: impl FnOnce(&mut Self, T, &mut Context<Self>) + 'static,
    ) {
        ctx.spawn(future.into_actor(self).map(move |result, session, ctx| {
            if session.phase != Phase::Ended {
                then(session, result, ctx);
            }
        }));
    }

    fn end(&mut self, reason: Disconnect, ctx: &mut Context<Self>) {
        if self.phase == Phase::Ended {
            return;
        }
        self.outlet.close(reason.clone());
        self.is_ended_by_us = true;
        self.finish(reason);
        ctx.stop();
    }

    /// Drops the listeners and leaves the registry. Runs once, whichever way the session ends.
    fn finish(&mut self, reason: Disconnect) {
        let was_in = self.phase == Phase::In;
        self.phase = Phase::Ended;
        let view = was_in.then(|| self.view());
        if let Some(view) = &view {
            self.pass_door(|door| door.left(view));
            self.move_out(&reason);
        }
        let channels: Vec<ChannelName> = self.subs.keys().cloned().collect();
        channels.iter().for_each(|channel| self.drop_subscription(channel));
        let ends = self.ends.take();
        self.goes_on(ends);
        if let Some(view) = view {
            let node = self.node();
            if let Some(me) = &self.me {
                node.sessions().directory().exit(self.id, &self.info.user, me);
            }
            node.sessions().listener_index().leave(self.id);
            node.metrics().sessions.dec();
            node.handlers().tell(LifecycleEvent::Disconnected(view, reason));
        }
    }

    fn enter(&mut self, me: SessionRef) {
        self.phase = Phase::In;
        let node = self.node();
        node.sessions().directory().enter(self.id, self.info.user.clone(), me);
        node.metrics().sessions.inc();
        node.handlers().tell(LifecycleEvent::Connected(self.view()));
        let view = self.view();
        self.pass_door(|door| door.entered(&view));
    }

    /// Tells what lets in the clients of the session's home, where that is not the section `[auth]`.
    fn pass_door(&self, tell: impl FnOnce(&dyn Door)) {
        let home = self.home.as_ref().map(|state| &state.membership.channel);
        if let Some(door) = home.and_then(|home| self.node().handlers().door_of(home)) {
            tell(&*door);
        }
    }
}

impl Actor for Session {
    type Context = Context<Self>;
}

impl Handler<Ask> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask, ctx: &mut Self::Context) {
        match self.pace {
            Pace::Free => self.run(ask, ctx),
            Pace::Working | Pace::Barred => self.queue.push_back(ask),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // After a panic too: the actor is dropped, and with it everything it held in hub, channels and registry.
        if self.phase != Phase::Ended {
            let reason = if std::thread::panicking() { Disconnect::INTERNAL } else { self.reason.clone() };
            self.outlet.close(reason.clone());
            self.finish(reason);
        }
    }
}
