//! A connected client as hooks and filters see it: a set of fields.
use crate::broker::SessionExtension;
use crate::broker::handler::SessionView;
use crate::filter::expression::ConnectionFacts;
use crate::types::{Handshake, Identity, SessionId};
use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

/// The member of a connection that has its user's document.
pub const USER: &str = "user";
/// The member of a connection that has the access token with which its user has logged in.
pub(super) const AUTHENTICATION: &str = "authentication";
/// Services that one connection may name the events of.
const CHOSEN: usize = 1000;

/// A connected client. What is set here is seen by the filters of events, and by hooks in the params of the client's calls. Lives
/// as long as its session, and comes back with it. What its token and its request say is replaced when they are; what was set
/// stays, and goes before that. Cheap to clone.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    session: SessionId,
    /// Whether it is a client of Socket.IO; else it is a guest of what is exposed.
    has_home: bool,
    fields: ArcSwap<Fields>,
    chosen: ArcSwapOption<Chosen>,
}

struct Fields {
    /// All of them: an object.
    all: Arc<Value>,
    /// Those that the application has set.
    set: BTreeSet<String>,
    /// The same for rules: made once for all events, until a field changes.
    facts: ConnectionFacts,
}

impl Fields {
    fn new(all: Map<String, Value>, set: BTreeSet<String>) -> Self {
        let all = Arc::new(Value::Object(all));
        Fields { facts: ConnectionFacts::new(all.clone()), all, set }
    }

    fn members(&self) -> Map<String, Value> {
        self.all.as_object().cloned().unwrap_or_default()
    }
}

/// The fields of a connection as they were when somebody looked.
pub(super) struct FieldsNow(Guard<Arc<Fields>>);

impl FieldsNow {
    /// The same for rules.
    pub fn facts(&self) -> &ConnectionFacts {
        &self.0.facts
    }
}

impl Deref for FieldsNow {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.all
    }
}

/// The events that a client has asked for, by the paths of their services.
type Chosen = BTreeMap<String, BTreeSet<String>>;

impl Connection {
    /// The connection of a session: the same for each look at a session of a namespace.
    pub fn of(session: &SessionView) -> Self {
        let new = || Self::new(session);
        match session.data() {
            Some(data) => data.extension(new),
            None => new(),
        }
    }

    fn new(session: &SessionView) -> Self {
        let handshake = session.home.as_ref().and_then(|home| home.handshake.as_deref());
        let mut all = told(&session.identity, handshake, session.home.is_some());
        let given = session.data().and_then(|data| data.fields());
        let set = given.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        all.extend(given.cloned().into_iter().flatten());
        let fields = ArcSwap::from_pointee(Fields::new(all, set));
        let has_home = session.home.is_some();
        Connection(Arc::new(Inner { session: session.id, has_home, fields, chosen: ArcSwapOption::empty() }))
    }

    /// The session that it is.
    pub fn session(&self) -> SessionId {
        self.0.session
    }

    /// All its fields as they are now: an object.
    pub fn fields(&self) -> Arc<Value> {
        self.0.fields.load().all.clone()
    }

    /// The same for a look at them on the way of an event.
    pub(super) fn fields_now(&self) -> FieldsNow {
        FieldsNow(self.0.fields.load())
    }

    /// A field; null where it was not set.
    pub fn get(&self, name: &str) -> Value {
        self.0.fields.load().all[name].clone()
    }

    /// Sets a field, such as `user`. Events that are delivered from now on are filtered by it.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        self.set_all(Map::from_iter([(name.to_owned(), value.into())]));
    }

    /// Sets several fields at once: no event is filtered by some of them alone.
    pub(super) fn set_all(&self, values: Map<String, Value>) {
        self.0.fields.rcu(|fields| {
            let (mut all, mut set) = (fields.members(), fields.set.clone());
            for (name, value) in &values {
                all.insert(name.clone(), value.clone());
                set.insert(name.clone());
            }
            Fields::new(all, set)
        });
    }

    /// Takes back what was set of these fields, and what a token has told of them.
    pub(super) fn forget(&self, names: &[&str]) {
        self.0.fields.rcu(|fields| {
            let (mut all, mut set) = (fields.members(), fields.set.clone());
            for name in names {
                all.shift_remove(*name);
                set.remove(*name);
            }
            Fields::new(all, set)
        });
    }

    /// From now on the client gets of all events those alone that it has asked for, these of the service at `path` among them; with
    /// none of them it gets no event of that service. Whether the client may ask for more services.
    pub(super) fn choose(&self, path: &str, events: BTreeSet<String>) -> bool {
        let chosen = self.0.chosen.load_full();
        if chosen.as_ref().is_some_and(|chosen| chosen.len() >= CHOSEN && !chosen.contains_key(path)) {
            return false;
        }
        self.0.chosen.rcu(|chosen| {
            let mut chosen = chosen.as_deref().cloned().unwrap_or_default();
            chosen.insert(path.to_owned(), events.clone());
            Some(Arc::new(chosen))
        });
        true
    }

    /// Whether the client wants this event: all where it has never asked for some.
    pub(super) fn wants(&self, path: &str, event: &str) -> bool {
        match &*self.0.chosen.load() {
            Some(chosen) => chosen.get(path).is_some_and(|events| events.contains(event)),
            None => true,
        }
    }
}

impl SessionExtension for Connection {
    fn renewed(&self, identity: &Identity, handshake: Option<&Handshake>) {
        let told = told(identity, handshake, self.0.has_home);
        self.0.fields.rcu(|fields| {
            let mut all = told.clone();
            all.extend(fields.set.iter().map(|name| (name.clone(), fields.all[name].clone())));
            Fields::new(all, fields.set.clone())
        });
    }
}

/// What a session's token and its request tell.
fn told(identity: &Identity, handshake: Option<&Handshake>, has_home: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(user) = document(identity) {
        fields.insert(USER.into(), user);
    }
    if has_home {
        fields.insert("provider".into(), "socketio".into());
        let headers = handshake.map(|handshake| handshake.headers()).unwrap_or_default();
        let headers = headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        fields.insert("headers".into(), Value::Object(headers.collect()));
    }
    fields
}

/// The document of a user as a token tells of it: the members of the claims `info` and `meta`, and the id.
pub(super) fn document(identity: &Identity) -> Option<Value> {
    if identity.user.is_empty() {
        return None;
    }
    let said = [&identity.info, &identity.meta].into_iter().flatten();
    let mut user: Map<String, Value> =
        said.filter_map(|claim| claim.read::<Map<String, Value>>().ok()).flatten().collect();
    user.insert("id".into(), identity.user.as_ref().into());
    Some(Value::Object(user))
}
