//! All services of an application, by their paths.
use super::authentication::{AuthenticationConfig, Desk, Guard, Listeners, Login, Occasion};
use super::concealed::{Keeping, PasswordField, is_field};
use super::emitter::EventEmitter;
use super::entry::Entry;
use super::filters::{Filter, Filters, can_be_carried};
use super::finder::Finder;
use super::hooks::{Chain, Hooks};
use super::host::ServiceHost;
use super::method::{Method, STANDARD_EVENTS};
use super::path::{ServicePath, stripped};
use super::publication::{Publication, Publishers};
use super::registration::Registration;
use super::{App, EventOrigin, HookContext, ServiceError};
use crate::broker::handler::{HandlerThreads, Handlers, KeptThread, SessionView};
use crate::store::{Id, Outbox};
use crate::types::{ChannelName, NameError, Space};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The namespace of Socket.IO that clients of services join.
pub const NAMESPACE: &str = "/";

/// Why services cannot be registered as they are.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A path without anything in it, or with an empty segment.
    #[error("{0:?} is no path of a service: name it, such as \"messages\" or \"users/:userId/todos\"")]
    Path(String),
    /// Two services cannot be at one path.
    #[error("two services at {path:?} and {other:?}, which are one path: take another for one of them")]
    SamePath {
        /// The second that was registered.
        path: String,
        /// The first.
        other: String,
    },
    /// A handler of clients' own events would take the calls.
    #[error(
        "a handler takes the event {event:?} of the namespace \"/\", and so all calls of that method of the service {path:?}: give \
         one of them another name"
    )]
    Handled {
        /// The event, which is the method.
        event: String,
        /// The service.
        path: String,
    },
    /// Feathers has a member of this name on each service.
    #[error("{}", .0.message)]
    Method(Box<ServiceError>),
    /// The service does not list the event.
    #[error("'{event}' is not a valid service event of {path:?}: list it with Registration::event")]
    Event {
        /// The service.
        path: String,
        /// The event.
        event: String,
    },
    /// The field is none of a call that may go to other nodes.
    #[error(
        "{field:?} of {path:?} cannot be carried: name `id`, or what stands in `params.`, such as `params.user.id`; neither a header \
         nor a whole document"
    )]
    Carried {
        /// The service.
        path: String,
        /// The field.
        field: String,
    },
    /// Each node would have documents of its own.
    #[error(
        "the service {0:?} stores its documents on this node alone, and engine = \"redis\" is for several nodes: take a store \
         that they share, or say Registration::single_node()"
    )]
    OnOneNode(String),
    /// The field of a password is none that a document has.
    #[error("{field:?} of {path:?} cannot have a password: name a field of its documents, without dots")]
    Password {
        /// The service.
        path: String,
        /// The field.
        field: String,
    },
    /// Nobody could log in.
    #[error(
        "authentication.service names the service {0:?}, which is not registered: write its path as it is registered"
    )]
    NoUsers(String),
    /// The section `[strapi]` makes no sense.
    #[error(transparent)]
    Strapi(#[from] super::strapi::SetupError),
    /// The namespace cannot be addressed.
    #[error("the namespace of services cannot be named: {0}")]
    Namespace(#[from] NameError),
}

/// What is registered of an application before it starts.
#[derive(Default)]
pub(crate) struct Setup {
    pub services: Vec<(String, Registration)>,
    pub hooks: Hooks,
    /// The paths of the Socket.IO endpoints whose clients have no services.
    pub without: Vec<String>,
    /// The threads that the services need for as long as they run.
    pub threads: Vec<KeptThread>,
    /// How users log in.
    pub authentication: AuthenticationConfig,
    pub(super) listeners: Listeners,
    /// The section `[strapi]` of the config.
    pub strapi: Option<super::strapi::Config>,
    pub(super) publishers: Publishers,
}

impl Setup {
    /// Publishes the events of all services that have no publisher of their own; this event, or all.
    pub fn publish<P: Into<Publication>>(
        &mut self,
        event: Option<&str>,
        publisher: impl Fn(&Value, Option<&HookContext>) -> P + Send + Sync + 'static,
    ) {
        self.publishers.set(event, publisher);
    }

    /// Tells a function of the logins of clients.
    pub fn on_login(&mut self, listener: impl Fn(&App, &Login) + Send + Sync + 'static) {
        self.listeners.add(Occasion::Login, listener);
    }

    /// Tells a function of the logouts of clients.
    pub fn on_logout(&mut self, listener: impl Fn(&App, &Login) + Send + Sync + 'static) {
        self.listeners.add(Occasion::Logout, listener);
    }
}

/// What is known of a service on every thread.
pub(super) struct Definition {
    pub path: ServicePath,
    pub methods: Vec<Method>,
    /// Those of its own.
    pub events: Vec<String>,
    pub chains: HashMap<Method, Chain>,
    pub filters: Filters,
    pub publishers: Publishers,
    pub carried: Vec<String>,
    pub outbox: Option<Arc<dyn Outbox>>,
    /// Finds for clients on any thread; none where a hook, a password or the service itself has to look.
    pub finder: Option<Finder>,
    /// A note that is older belongs to a process that has died, or that does not get on.
    pub overdue: Duration,
    /// The methods whose results go out as the store has them.
    pub plain: Vec<Method>,
    /// The field of its documents that has a password.
    pub password: Option<PasswordField>,
    pub emitter: EventEmitter,
    /// Held while the events of one call are sent, so that those of the next one follow them.
    pub turn: tokio::sync::Mutex<()>,
}

impl Definition {
    /// Whether clients get this event.
    pub fn reaches_clients(&self, event: &str) -> bool {
        STANDARD_EVENTS.contains(&event) || self.emits_itself(event)
    }

    /// Whether the service emits this event itself.
    pub fn emits_itself(&self, event: &str) -> bool {
        self.events.iter().any(|own| own == event)
    }
}

/// A service, and what the placeholders of its path stand for.
type Found<'a> = (&'a Arc<Entry>, Map<String, Value>);

/// The services of an application.
pub(super) struct Services {
    entries: Vec<Arc<Entry>>,
    plain: HashMap<String, usize>,
    /// The paths of the Socket.IO endpoints whose clients have none of them.
    without: Vec<String>,
    _kept: Vec<KeptThread>,
    pub publishers: Publishers,
    /// What logs users in; none where there is no authentication service.
    pub desk: Option<Arc<Desk>>,
    /// The channel through which their events go to the clients.
    pub home: ChannelName,
}

impl Services {
    /// Starts the services on the threads of handlers. `is_shared` where several nodes share an engine, and `is_open` where more than
    /// this machine reaches the broker.
    pub fn start(
        setup: Setup,
        threads: &HandlerThreads,
        handlers: &Handlers,
        desk: Option<Arc<Desk>>,
        (is_shared, is_open): (bool, bool),
    ) -> Result<Self, SetupError> {
        let Setup { services, hooks, without, threads: kept, authentication: _, listeners: _, publishers, strapi: _ } =
            setup;
        check_events(&publishers, &services)?;
        let guard = match &desk {
            Some(desk) => desk.guard.clone(),
            None => Arc::new(Guard::new(&AuthenticationConfig::default())),
        };
        let mut entries: Vec<Arc<Entry>> = vec![];
        for (path, registration) in services {
            let path = ServicePath::new(&path).ok_or(SetupError::Path(path))?;
            if let Some(other) = entries.iter().find(|other| other.definition.path.is_like(&path)) {
                let other = other.definition.path.as_str().to_owned();
                return Err(SetupError::SamePath { path: path.as_str().to_owned(), other });
            }
            if is_shared && registration.is_on_one_node && !registration.is_accepted_on_one_node {
                return Err(SetupError::OnOneNode(path.as_str().to_owned()));
            }
            let open: Vec<&str> = registration.open_in_silence(&publishers).collect();
            if is_open && !open.is_empty() {
                log::warn!(
                    "every connection gets these events of the service {:?}: {}; add a filter (in a config `filter = {{ all = \"true\" }}` \
                     says that this is meant) or a publisher, or say \
                     Registration::for_everyone()",
                    path.as_str(),
                    open.join(", ")
                );
            }
            let home = home()?;
            let handled = registration.methods.iter().find(|method| handlers.takes(&home, method.name()));
            if let Some(method) = handled {
                let (event, path) = (method.name().to_owned(), path.as_str().to_owned());
                return Err(SetupError::Handled { event, path });
            }
            let (definition, make) = define(path, registration, &hooks, &guard)?;
            let definition = Arc::new(definition);
            let (hosted, metrics) = (definition.clone(), handlers.metrics().clone());
            let address = threads.host(move || {
                let service = make();
                service.watch(&metrics);
                ServiceHost::new(service, hosted)
            });
            entries.push(Arc::new(Entry::new(definition, handlers.caller(&address))));
        }
        entries.sort_by_key(|entry| entry.definition.path.rank());
        let paths = entries.iter().map(|entry| &entry.definition.path).enumerate();
        let plain =
            paths.filter(|(_, path)| path.is_plain()).map(|(at, path)| (path.as_str().to_owned(), at)).collect();
        let home = home()?;
        Ok(Services { entries, plain, without, _kept: kept, publishers, desk, home })
    }

    /// The service at a path as a client writes it, and what the placeholders of its own path stand for.
    pub fn at(&self, path: &str) -> Option<Found<'_>> {
        if let Some(at) = self.plain.get(stripped(path)) {
            return Some((&self.entries[*at], Map::new()));
        }
        self.matching(|| stripped(path).split('/'))
    }

    /// The service that the segments of a URL name, what the placeholders of its own path stand for, and the id that stands behind
    /// that path. Where several services would do, plain segments go before placeholders, from the left, and a placeholder before an
    /// id.
    pub fn resolve<S: AsRef<str>>(&self, segments: &[S]) -> Option<(Found<'_>, Option<Id>)> {
        let (last, before) = segments.split_last()?;
        let whole = self.matching(|| segments.iter().map(AsRef::as_ref));
        let with_id = self.matching(|| before.iter().map(AsRef::as_ref));
        let rank = |entry: &Entry| entry.definition.path.rank();
        match (whole, with_id) {
            (Some((entry, route)), Some((other, _))) if rank(entry) <= [rank(other), vec![true]].concat() => {
                Some(((entry, route), None))
            }
            (_, Some(found)) => Some((found, Some(Id::from(last.as_ref())))),
            (whole, None) => whole.map(|found| (found, None)),
        }
    }

    /// The first service by rank whose path matches these segments.
    fn matching<'a, I: Iterator<Item = &'a str>>(&self, segments: impl Fn() -> I) -> Option<Found<'_>> {
        self.entries.iter().find_map(|entry| Some((entry, entry.definition.path.matched(segments())?)))
    }

    /// The service that is registered at exactly this path.
    pub fn registered(&self, path: &str) -> Option<&Arc<Entry>> {
        match self.plain.get(path) {
            Some(at) => self.entries.get(*at),
            None => self.entries.iter().find(|entry| entry.definition.path.as_str() == path),
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// The filters that an event passes; none where no service is registered at the path: nobody may see it then.
    pub fn filters_of(&self, path: &str, event: &str) -> Option<Vec<Filter>> {
        self.registered(path).map(|entry| entry.definition.filters.of(event))
    }

    /// Whether the client of this session may call them and gets their events: not where its endpoint has no services.
    pub fn are_for(&self, session: &SessionView) -> bool {
        let handshake = session.home.as_ref().and_then(|home| home.handshake.as_deref());
        handshake.is_none_or(|handshake| !self.without.contains(&handshake.endpoint))
    }

    /// Whether any service has a method of this name.
    pub fn have(&self, method: &Method) -> bool {
        self.entries.iter().any(|entry| entry.definition.methods.contains(method))
    }
}

/// The channel through which the events of services go.
fn home() -> Result<ChannelName, NameError> {
    ChannelName::in_space(Space::SocketIo, NAMESPACE, usize::MAX)
}

type Make = Box<dyn FnOnce() -> std::rc::Rc<dyn super::definition::AnyService> + Send>;

fn define(
    path: ServicePath,
    registration: Registration,
    app: &Hooks,
    guard: &Arc<Guard>,
) -> Result<(Definition, Make), SetupError> {
    let name = path.as_str();
    for method in &registration.methods {
        if let Method::Custom(custom) = method {
            Method::custom(custom, name).map_err(|error| SetupError::Method(Box::new(error)))?;
        }
    }
    if let Some(field) = registration.carried.iter().find(|field| !can_be_carried(field)) {
        return Err(SetupError::Carried { path: name.to_owned(), field: field.clone() });
    }
    if let Some(field) = registration.password.as_ref().map(Keeping::name).filter(|field| !is_field(field)) {
        return Err(SetupError::Password { path: name.to_owned(), field: field.to_owned() });
    }
    let chain = |method: &Method| (method.clone(), Chain::new(app, &registration.hooks, method));
    let of_application = |method: &&Method| Chain::new(app, &Hooks::new(), method).is_empty();
    let is_plain = |method: &&Method| match registration.are_hooks_gates {
        true => of_application(method),
        false => Chain::new(app, &registration.hooks, method).is_empty(),
    };
    let finds_plainly = is_plain(&&Method::Find) && registration.password.is_none();
    let definition = Definition {
        finder: registration.anywhere.filter(|_| finds_plainly).map(|store| Finder::new(store, registration.find_gate)),
        plain: registration.methods.iter().filter(is_plain).cloned().collect(),
        outbox: registration.outbox,
        overdue: registration.overdue,
        chains: registration.methods.iter().map(chain).collect(),
        methods: registration.methods,
        events: registration.events,
        filters: registration.filters,
        publishers: registration.publishers,
        carried: registration.carried,
        password: registration.password.map(|field| PasswordField::new(field, guard.clone())),
        emitter: EventEmitter::default(),
        turn: tokio::sync::Mutex::default(),
        path,
    };
    let unknown = definition.publishers.of_events.keys().find(|event| !definition.reaches_clients(event)).cloned();
    match unknown {
        Some(event) => Err(SetupError::Event { path: definition.path.as_str().to_owned(), event }),
        None => Ok((definition, registration.make)),
    }
}

/// A publisher of the application is for an event that some service may emit.
fn check_events(publishers: &Publishers, services: &[(String, Registration)]) -> Result<(), SetupError> {
    let is_known = |event: &String| {
        STANDARD_EVENTS.contains(&event.as_str()) || services.iter().any(|(_, service)| service.events.contains(event))
    };
    match publishers.of_events.keys().find(|event| !is_known(event)) {
        Some(event) => Err(SetupError::Event { path: "*".to_owned(), event: event.clone() }),
        None => Ok(()),
    }
}

/// What an event of a service says beside its data.
pub(super) fn tags(definition: &Definition, event: &str, call: Option<&HookContext>) -> crate::types::Tags {
    EventOrigin::tags(definition.path.as_str(), event, &definition.carried, call)
}
