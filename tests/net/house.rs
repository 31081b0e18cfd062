//! A whole broker on the thread of its story: handlers and listeners in Rust, too.
use super::toy_wire::{PATH, ToyWire};
use actix_http::{Payload, Request};
use actix_web::App;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::init_service;
use callboard::broker::handler::Placement;
use callboard::filter::{Look, Shown, View};
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::events::Socket;
use callboard::types::{Clock, Event};
use futures_util::future::LocalBoxFuture;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

/// The config of a house with clients of all wires.
const CONFIG: &str = r#"
[auth]
anonymous = true
[server]
allow_insecure = true
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 30
history_ttl = "1h"
force_recovery = true
[[namespace]]
name = "plain"
subscribe = "anyone"
publish = "anyone"
[[socketio]]
builtin_events = true
"#;

/// The bounds that a story plays with.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub hub_queue: usize,
    pub join_buffer: usize,
    pub outbox: usize,
    /// What may wait for a view; none where clients see everything at once.
    pub view_queue: Option<usize>,
}

impl Bounds {
    /// Whether no queue between a channel and its listeners can be full in a story.
    pub fn are_roomy(&self) -> bool {
        self.hub_queue >= 1000 && self.view_queue.is_none_or(|queue| queue >= 1000)
    }
}

/// A running broker.
#[derive(Clone)]
pub struct House {
    pub broker: Broker,
    app: Rc<dyn Fn(Request) -> Answering>,
}

/// An answer under way.
pub type Answering = LocalBoxFuture<'static, ServiceResponse<BoxBody>>;

impl House {
    pub async fn start(bounds: Bounds) -> Self {
        let mut broker = builder(bounds, CONFIG);
        if bounds.view_queue.is_some() {
            for namespace in ["kept", "plain"] {
                broker = broker.view(namespace, |_, _| Some(Rc::new(Dawdling)));
            }
        }
        let broker = broker
            .wire(PATH, vec![&ToyWire])
            .wire("/both", vec![&ToyWire, &CentrifugeJson])
            .on("/", "shout", |socket: Socket, (from, number): (usize, u64)| async move {
                socket.everyone().emit("shouted", (from, number)).await
            })
            .on("/", "shout-in", |socket: Socket, (room, from, number): (String, usize, u64)| async move {
                socket.everyone().to(room).emit("shouted", (from, number)).await
            })
            .on("/", "enter", |socket: Socket, (room,): (String,)| async move { socket.join(room) })
            .on("/", "exit", |socket: Socket, (room,): (String,)| async move { socket.leave(room) });
        House::of(broker).await
    }

    /// Starts and mounts a broker that was planned with [`builder`].
    pub async fn of(broker: BrokerBuilder) -> Self {
        let broker = broker.start().expect("a good config");
        let app = Rc::new(init_service(App::new().configure(broker.routes())).await);
        let app = Rc::new(move |request: Request| -> Answering {
            let app = app.clone();
            Box::pin(async move { app.call(request).await.expect("the app answers").map_into_boxed_body() })
        });
        House { broker, app }
    }

    /// Sends a request with this body.
    pub fn ask(&self, request: Request, body: Payload) -> Answering {
        (self.app)(request.replace_payload(body).0)
    }

    /// How many events of a channel were accepted; each is the only one of its namespace.
    pub fn accepted(&self, channel: &str) -> u64 {
        let namespace = channel.split(':').next().unwrap_or_default();
        self.gauge(&format!("callboard_publishes_total{{namespace=\"{namespace}\"}}")) as u64
    }

    /// A gauge or counter of the metrics, all labels together where none are named.
    pub fn gauge(&self, name: &str) -> f64 {
        let text = self.broker.node().metrics().text().expect("text");
        let is_it = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        text.lines().filter(is_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// The plan of a broker on one thread, with this config and these bounds.
pub fn builder(bounds: Bounds, config: &str) -> BrokerBuilder {
    let mut config: Config = toml::from_str(config).expect("a config");
    let Bounds { hub_queue, join_buffer, outbox, view_queue } = bounds;
    (config.limits.hub_queue, config.limits.join_buffer, config.limits.outbox) = (hub_queue, join_buffer, outbox);
    config.limits.view_queue = view_queue.unwrap_or(config.limits.view_queue);
    Broker::builder(config).placement(Placement::Here).clock(Clock::of_timers())
}

/// Shows everything, but not at once.
struct Dawdling;

impl View for Dawdling {
    fn look(&self, event: &Event) -> Look {
        match event.data.as_str().bytes().map(usize::from).sum::<usize>() % 9 {
            long @ 1..5 => Look::Later(Box::pin(async move {
                turns(long).await;
                Shown::Pass
            })),
            _ => Look::Now(Shown::Pass),
        }
    }
}

/// Runs a story on a thread of its own clock.
pub fn run<T>(story: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true);
    actix::System::with_tokio_rt(|| builder.build().expect("a runtime")).block_on(story)
}

/// Lets everything that is ready have some turns.
pub async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass.
pub async fn pass(time: Duration) {
    turns(20).await;
    tokio::time::advance(time).await;
    turns(20).await;
}
