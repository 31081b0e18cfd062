//! Which handler takes which call.
use super::call::{ConnectCall, LifecycleEvent, MessageCall, PublishCall, RpcCall, SessionView, Verdict, Welcome};
use super::emit::EmitHandlers;
use super::hosted::{Call, Deliver, FAILED, Failure, Handle, HandlerAddr, Place, Subject};
use super::threads::Thread;
use crate::broker::{Node, fault};
use crate::filter::View;
use crate::metrics::Metrics;
use crate::types::{Audience, BoxFuture, ChannelName, Envelope, Event, Fault, Json, ReplyError, Space};
use actix::Recipient;
use log::Level;
use serde_json::{Map, Value};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// The handlers of a broker, by what they take.
pub struct Handlers {
    pub(super) bounds: Arc<Bounds>,
    pub(super) emits: EmitHandlers,
    connect: Option<Port<ConnectCall>>,
    recognize: Option<Box<Recognize>>,
    rpc: HashMap<String, Port<RpcCall>>,
    any_rpc: Option<Port<RpcCall>>,
    message: Option<Port<MessageCall>>,
    publish: HashMap<String, Vec<Port<PublishCall>>>,
    lifecycle: Vec<Port<LifecycleEvent>>,
    views: HashMap<String, Box<MakeView>>,
    home_views: HashMap<ChannelName, Box<MakeView>>,
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// Makes the view of a session in a channel; none where it sees all as it is.
type MakeView = dyn Fn(&SessionView, &ChannelName) -> Option<Rc<dyn View>> + Send + Sync;

/// Says what is known of a session that shows this token, as fields of its connection; none where nothing is. An error refuses it.
type Recognize =
    dyn Fn(&Node, &ConnectCall, &str) -> Option<BoxFuture<Result<Map<String, Value>, Fault>>> + Send + Sync;

/// What holds for all calls of handlers.
pub(super) struct Bounds {
    pub(super) timeout: Duration,
    queue: usize,
    pub(super) metrics: Metrics,
}

/// The way to one handler for one kind of call.
pub(super) struct Port<C: Call> {
    recipient: Recipient<Deliver<C>>,
    /// The type of the handler, for the log.
    pub(super) handler: &'static str,
    /// Calls that the handler is not done with.
    waiting: Arc<AtomicUsize>,
    /// Keeps the handler's thread.
    _thread: Arc<Thread>,
}

impl<C: Call> Clone for Port<C> {
    fn clone(&self) -> Self {
        Port {
            recipient: self.recipient.clone(),
            handler: self.handler,
            waiting: self.waiting.clone(),
            _thread: self._thread.clone(),
        }
    }
}

impl<C: Call> Port<C> {
    pub(super) fn new<H: Handle<C>>(handler: &HandlerAddr<H>) -> Self {
        let recipient = handler.addr.clone().recipient();
        let thread = handler.thread.clone();
        Port { recipient, handler: std::any::type_name::<H>(), waiting: Arc::default(), _thread: thread }
    }
}

impl Handlers {
    /// No handlers. A call may take `timeout`; `queue` calls may wait for one handler.
    pub fn new(timeout: Duration, queue: usize, metrics: Metrics) -> Self {
        Handlers {
            bounds: Arc::new(Bounds { timeout, queue, metrics }),
            emits: EmitHandlers::default(),
            connect: None,
            recognize: None,
            rpc: HashMap::new(),
            any_rpc: None,
            message: None,
            publish: HashMap::new(),
            lifecycle: vec![],
            views: HashMap::new(),
            home_views: HashMap::new(),
            extensions: HashMap::new(),
        }
    }

    /// What counts the calls.
    pub fn metrics(&self) -> &Metrics {
        &self.bounds.metrics
    }

    /// Asks this handler whether a session is let in.
    pub fn on_connect<H: Handle<ConnectCall>>(&mut self, handler: &HandlerAddr<H>) {
        self.connect = Some(Port::new(handler));
    }

    /// Has the connections of sessions begin with the fields that `recognize` knows of them. It is asked after the session's token was
    /// verified, and before the handler of connects, whose fields go before those.
    pub fn recognize<F>(&mut self, recognize: F)
    where
        F: Fn(&Node, &ConnectCall, &str) -> Option<BoxFuture<Result<Map<String, Value>, Fault>>>
            + Send
            + Sync
            + 'static,
    {
        self.recognize = Some(Box::new(recognize));
    }

    /// Sends rpc calls of this method to this handler; `*` stands for every method that has none of its own.
    pub fn on_rpc<H: Handle<RpcCall>>(&mut self, method: &str, handler: &HandlerAddr<H>) {
        match method {
            "*" => self.any_rpc = Some(Port::new(handler)),
            _ => drop(self.rpc.insert(method.to_owned(), Port::new(handler))),
        }
    }

    /// Sends what clients `send` to this handler.
    pub fn on_message<H: Handle<MessageCall>>(&mut self, handler: &HandlerAddr<H>) {
        self.message = Some(Port::new(handler));
    }

    /// Shows this handler the publishes of clients in this namespace; several look one after the other.
    pub fn on_publish<H: Handle<PublishCall>>(&mut self, namespace: &str, handler: &HandlerAddr<H>) {
        self.publish.entry(namespace.to_owned()).or_default().push(Port::new(handler));
    }

    /// Tells this handler what happens.
    pub fn on_lifecycle<H: Handle<LifecycleEvent>>(&mut self, handler: &HandlerAddr<H>) {
        self.lifecycle.push(Port::new(handler));
    }

    /// Shows the sessions in this namespace the events as `make` says.
    pub fn view<F>(&mut self, namespace: &str, make: F)
    where
        F: Fn(&SessionView, &ChannelName) -> Option<Rc<dyn View>> + Send + Sync + 'static,
    {
        self.views.insert(namespace.to_owned(), Box::new(make));
    }

    /// Shows the sessions of a home, and the guests to whom it is exposed, its events as `make` says.
    pub fn home_view<F>(&mut self, home: ChannelName, make: F)
    where
        F: Fn(&SessionView, &ChannelName) -> Option<Rc<dyn View>> + Send + Sync + 'static,
    {
        self.home_views.insert(home, Box::new(make));
    }

    /// How a session sees a channel; none for all as it is. Channels of other spaces have no namespace.
    pub fn view_of(&self, channel: &ChannelName, session: impl FnOnce() -> SessionView) -> Option<Rc<dyn View>> {
        let make = match channel.space() {
            Space::User => self.views.get(channel.namespace()),
            _ => self.home_views.get(channel),
        };
        make.and_then(|make| make(&session(), channel))
    }

    /// The event as this node may show it: one with tags for views is nobody's where no view of its home would look at them, as on a node
    /// that does not have the service which emitted it. It still counts for those who count.
    pub fn guarded(&self, event: Arc<Event>) -> Arc<Event> {
        let is_for_views = event.envelope.as_ref().is_some_and(|envelope| envelope.view_tags.is_some());
        if !is_for_views || self.home_views.contains_key(&event.channel) {
            return event;
        }
        Metrics::count(&self.bounds.metrics.drops, "no_view");
        let account = event.envelope.as_ref().and_then(|envelope| envelope.account.clone());
        let nobody = Envelope { audience: Audience::of([]), account, ..Envelope::PLAIN };
        Arc::new(Event { data: Json::null(), envelope: Some(Arc::new(nobody)), ..(*event).clone() })
    }

    /// Keeps what a layer above needs wherever the broker is at hand; one of each type.
    pub fn extend<T: Any + Send + Sync>(&mut self, extension: Arc<T>) {
        self.extensions.insert(TypeId::of::<T>(), extension);
    }

    /// What [`Handlers::extend`] was given of this type.
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.extensions.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }

    /// Whether connects are asked about.
    pub fn connects(&self) -> bool {
        self.connect.is_some() || self.recognize.is_some()
    }

    /// Asks whether a session that shows this token, or none, is let in.
    pub fn connect(&self, node: &Node, call: ConnectCall, token: &str) -> BoxFuture<Result<Welcome, Fault>> {
        let known = self.recognize.as_ref().and_then(|recognize| recognize(node, &call, token));
        let (bounds, port) = (self.bounds.clone(), self.connect.clone());
        Box::pin(async move {
            let known = match known {
                Some(known) => known.await?,
                None => Map::new(),
            };
            let mut welcome = match port {
                Some(port) => bounds.ask(&port, call).await?,
                None => Welcome::default(),
            };
            for (name, value) in known {
                welcome.fields.entry(name).or_insert(value);
            }
            Ok(welcome)
        })
    }

    /// Asks a method's handler; none where the method has none.
    pub fn rpc(&self, call: RpcCall) -> Option<BoxFuture<Result<Option<Json>, Fault>>> {
        let port = self.rpc.get(&call.method).or(self.any_rpc.as_ref())?;
        Some(self.bounds.ask(port, call))
    }

    /// Asks the rpc handler of a method for nobody's session; error 104 where the method has none.
    pub async fn ask(&self, method: String, data: Option<Json>) -> Result<Option<Json>, ReplyError> {
        let not_found = || ReplyError { message: "not found".into(), ..ReplyError::METHOD_NOT_FOUND };
        let asked = self.rpc(RpcCall { session: None, method, data }).ok_or_else(not_found)?;
        asked.await.map_err(fault::without_connection)
    }

    /// Whether there is any handler for rpc.
    pub fn has_rpc(&self) -> bool {
        !self.rpc.is_empty() || self.any_rpc.is_some()
    }

    /// Tells the message handler; none where there is none.
    pub fn message(&self, call: MessageCall) -> Option<BoxFuture<Result<(), Fault>>> {
        self.message.as_ref().map(|port| self.bounds.ask(port, call))
    }

    /// Whether any handler wants to see the publishes into this channel.
    pub fn looks_at(&self, channel: &ChannelName) -> bool {
        // Channels of other spaces have no namespace, not the one without a name.
        !self.publish.is_empty() && *channel.space() == Space::User && self.publish.contains_key(channel.namespace())
    }

    /// Shows a publish to the handlers of its namespace, one after the other; the payload to go on with.
    pub fn publish(&self, mut call: PublishCall) -> BoxFuture<Result<Json, Fault>> {
        let ports = self.publish.get(call.channel.namespace()).cloned().unwrap_or_default();
        let bounds = self.bounds.clone();
        Box::pin(async move {
            for port in &ports {
                if let Verdict::Replace(data) = bounds.ask(port, call.clone()).await? {
                    call.data = data;
                }
            }
            Ok(call.data)
        })
    }

    /// Tells the lifecycle handlers, without waiting. What a full handler cannot take is counted.
    pub fn tell(&self, event: LifecycleEvent) {
        let metrics = &self.bounds.metrics;
        for port in &self.lifecycle {
            let Some(place) = self.bounds.place(port) else {
                Metrics::count(&metrics.handler_failures, "full");
                continue;
            };
            let (subject, handler) = (event.subject(), port.handler);
            let told = port.recipient.send(Deliver { call: event.clone(), place, begun: None });
            let metrics = metrics.clone();
            actix_rt::spawn(async move {
                if let Ok(Err(Failure::Panicked(words))) = told.await {
                    tell_panic(&metrics, handler, &subject, &words);
                }
            });
        }
    }
}

impl Bounds {
    fn place<C: Call>(&self, port: &Port<C>) -> Option<Place> {
        let place = Place(port.waiting.clone());
        (port.waiting.fetch_add(1, Ordering::Relaxed) < self.queue).then_some(place)
    }

    pub(super) fn ask<C: Call>(&self, port: &Port<C>, call: C) -> BoxFuture<Result<C::Answer, Fault>> {
        self.ask_and_see(port, call, None)
    }

    /// As [`Bounds::ask`]; `begun` is dropped when the handler has begun, or cannot.
    pub(super) fn ask_and_see<C: Call>(
        &self,
        port: &Port<C>,
        call: C,
        begun: Option<oneshot::Sender<()>>,
    ) -> BoxFuture<Result<C::Answer, Fault>> {
        let metrics = self.metrics.clone();
        let Some(place) = self.place(port) else {
            Metrics::count(&metrics.handler_failures, "full");
            return Box::pin(std::future::ready(Err(ReplyError::TOO_MANY_REQUESTS.into())));
        };
        let (subject, handler) = (call.subject(), port.handler);
        let answer = tokio::time::timeout(self.timeout, port.recipient.send(Deliver { call, place, begun }));
        Box::pin(async move {
            match answer.await {
                Ok(Ok(Ok(answer))) => Ok(answer),
                Ok(Ok(Err(Failure::Refused(fault)))) => Err(fault),
                Ok(Ok(Err(Failure::Panicked(words)))) => {
                    tell_panic(&metrics, handler, &subject, &words);
                    Err(FAILED)
                }
                Ok(Err(_gone)) => Err(FAILED),
                Err(_late) => {
                    Metrics::count(&metrics.handler_failures, "timeout");
                    Err(FAILED)
                }
            }
        })
    }
}

pub(super) fn tell_panic(metrics: &Metrics, handler: &str, subject: &Subject, words: &str) {
    Metrics::count(&metrics.handler_failures, "panic");
    // Whoever may call can make it panic again and again.
    metrics.log_some(Level::Error, "panic", format_args!("the handler {handler} panicked in {subject}: {words}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each type has the first; a type that can be cloned has both, and then the compiler cannot tell which is meant.
    trait Shared<Which> {
        fn is_shared() -> bool {
            true
        }
    }

    struct Cloned;

    impl<T> Shared<()> for T {}

    impl<T: Clone> Shared<Cloned> for T {}

    #[test]
    fn the_tables_of_handlers_are_shared_and_not_copied_for_each_event() {
        assert!(<Handlers as Shared<_>>::is_shared() && <EmitHandlers as Shared<_>>::is_shared());
    }
}
