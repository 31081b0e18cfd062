//! The handlers of clients' own events, by the home of the session and the event's name.
use super::call::SessionView;
use super::hosted::{Call, FAILED, Handle, HandlerAddr, Subject};
use super::table::{Bounds, Handlers, Port};
use crate::delivery::Acknowledgement;
use crate::types::{BoxFuture, ChannelName, Fault, Json};
use bytes::Bytes;
use std::collections::HashMap;
use tokio::sync::oneshot;

/// The name under which handlers are told of a session that was let in. A client cannot take it for an event of its own.
pub const CONNECTION: &str = "connection";
/// The name under which handlers are told of a session that ended; its argument says why.
pub const DISCONNECT: &str = "disconnect";

/// A client emits an event of its own.
#[derive(Clone)]
pub struct EmitCall {
    /// Who.
    pub session: SessionView,
    /// What the session belongs to.
    pub home: ChannelName,
    /// The event's name.
    pub event: String,
    /// Its arguments as sent, without the name: an array.
    pub args: Json,
    /// The binary parts that placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
    /// The client waits for an acknowledgement.
    pub wants_ack: bool,
}

impl Call for EmitCall {
    /// The acknowledgement; none leaves that to the handlers after this one.
    type Answer = Option<Acknowledgement>;

    fn subject(&self) -> Subject {
        Subject { kind: "event", name: self.event.as_str().into(), session: Some(self.session.id) }
    }
}

/// An event on its way through its handlers.
pub struct Emitting {
    /// Ends when the first handler has begun, or has let its time pass: the next event of the client may then begin, and comes
    /// after it.
    pub begun: BoxFuture<()>,
    /// What they answer.
    pub answer: BoxFuture<Result<Option<Acknowledgement>, Fault>>,
}

/// Takes the events of a home that no handler takes by their names. Asked on the session's thread, so it only decides where an
/// event goes.
pub trait EmitRoute: Send + Sync {
    /// Has the event taken; none where it is nobody's.
    fn route(&self, call: &EmitCall) -> Option<Emitting>;
}

/// Which handlers take which events.
#[derive(Default)]
pub(super) struct EmitHandlers {
    by_name: HashMap<String, Vec<(HomePattern, Port<EmitCall>)>>,
    routes: Vec<(ChannelName, Box<dyn EmitRoute>)>,
}

/// Some homes: one by its name, or all whose names begin alike.
#[derive(Debug, PartialEq, Eq)]
enum HomePattern {
    Named(String),
    Prefix(String),
}

impl HomePattern {
    fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(prefix) => HomePattern::Prefix(prefix.to_owned()),
            None => HomePattern::Named(text.to_owned()),
        }
    }

    fn matches(&self, home: &ChannelName) -> bool {
        match self {
            HomePattern::Named(name) => home.as_str() == name,
            HomePattern::Prefix(prefix) => home.as_str().starts_with(prefix),
        }
    }
}

impl EmitHandlers {
    fn of<'a>(&'a self, home: &'a ChannelName, event: &str) -> impl Iterator<Item = &'a Port<EmitCall>> {
        let all = self.by_name.get(event).map_or(&[][..], Vec::as_slice);
        all.iter().filter(|(pattern, _)| pattern.matches(home)).map(|(_, port)| port)
    }

    /// What is left to routes: never what a session itself tells its handlers.
    fn route(&self, call: &EmitCall) -> Option<Emitting> {
        if call.event == CONNECTION || call.event == DISCONNECT {
            return None;
        }
        self.routes.iter().filter(|(home, _)| *home == call.home).find_map(|(_, route)| route.route(call))
    }
}

impl Handlers {
    /// Sends this event of the clients of a home to this handler; `home` may end in `*`. Several handlers of one event all
    /// run, one after the other, in the order in which they were added.
    pub fn on_emit<H: Handle<EmitCall>>(&mut self, home: &str, event: &str, handler: &HandlerAddr<H>) {
        self.emits.by_name.entry(event.to_owned()).or_default().push((HomePattern::new(home), Port::new(handler)));
    }

    /// Has `route` take the events of this home that no handler takes by their names. The home is there because of it.
    pub fn route_emits(&mut self, home: ChannelName, route: impl EmitRoute + 'static) {
        self.emits.routes.push((home, Box::new(route)));
    }

    /// Whether any handler may ask for the request with which a connection began.
    pub fn sees_handshakes(&self) -> bool {
        self.connects() || !self.emits.by_name.is_empty() || !self.emits.routes.is_empty()
    }

    /// Whether any handler takes this event.
    pub fn takes(&self, home: &ChannelName, event: &str) -> bool {
        self.emits.of(home, event).next().is_some()
    }

    /// Whether any handler takes any event of this home: the home is there because of it.
    pub fn serves(&self, home: &ChannelName) -> bool {
        self.emits.by_name.values().flatten().any(|(pattern, _)| pattern.matches(home))
            || self.emits.routes.iter().any(|(routed, _)| routed == home)
    }

    /// Runs the handlers of an event; none where it has none. The acknowledgement is the first that a handler gives. Where
    /// one fails the others run all the same, and the failure is the answer if nobody acknowledges.
    pub fn emit(&self, call: EmitCall) -> Option<Emitting> {
        let ports: Vec<Port<EmitCall>> = self.emits.of(&call.home, &call.event).cloned().collect();
        if ports.is_empty() {
            return self.emits.route(&call);
        }
        let bounds = self.bounds.clone();
        let (see, begun) = oneshot::channel();
        let first = bounds.ask_and_see(&ports[0], call.clone(), Some(see));
        let is_alone = ports.len() == 1;
        let chain = async move {
            let mut answer = first.await;
            for port in &ports[1..] {
                answer = first_of(answer, bounds.ask_and_see(port, call.clone(), None).await);
            }
            answer.inspect_err(|fault| bounds.complain(&call, fault))
        };
        let answer: BoxFuture<_> = match is_alone {
            true => Box::pin(chain),
            // By itself, so that those behind the first run, also where the session ends meanwhile.
            false => {
                let chain = actix_rt::spawn(chain);
                Box::pin(async move { chain.await.unwrap_or(Err(FAILED)) })
            }
        };
        // A handler that blocks its thread has not begun, and must not stop the client for longer than its time.
        let begun = tokio::time::timeout(self.bounds.timeout, begun);
        Some(Emitting { begun: Box::pin(async move { drop(begun.await) }), answer })
    }
}

impl Bounds {
    fn complain(&self, call: &EmitCall, fault: &Fault) {
        let (session, home, event) = (call.session.id, &call.home, &call.event);
        let line = format_args!("a handler of {event:?} failed for the session {session} of {home}: {fault}");
        // Whoever may emit can make it fail.
        self.metrics.log_some(log::Level::Warn, "handler", line);
    }
}

fn first_of(
    one: Result<Option<Acknowledgement>, Fault>,
    other: Result<Option<Acknowledgement>, Fault>,
) -> Result<Option<Acknowledgement>, Fault> {
    match (one, other) {
        (Ok(Some(given)), _) | (Err(_), Ok(Some(given))) => Ok(Some(given)),
        (Ok(None), other) => other,
        (Err(fault), _) => Err(fault),
    }
}
