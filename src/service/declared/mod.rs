//! Services that a config declares: the table `[[service]]`.
//!
//! | file | what lives there |
//! |---|---|
//! | `access` | who may call a method, as it is written |
//! | `gate` | the same, asked of a call |
//! | `narrowing` | queries that keep callers to what is theirs |
//! | `filter` | rules that events pass |
//! | `paging` | pages, or none |
mod access;
mod filter;
mod gate;
mod narrowing;
mod paging;

pub use access::{Access, Allow};
pub use filter::EventRule;
pub use narrowing::Narrowing;

use super::hooks::{HookContext, Hooks};
use super::method::{Method, STANDARD_EVENTS};
use super::path::ServicePath;
use super::registration::Registration;
use super::stored::Stored;
use crate::store::query::Path;
use crate::store::{Multi, Paginate, Store, StoreAddress, StoreOptions};
pub(in crate::service) use gate::Gate;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Stands for all methods, and for all events.
pub const ALL: &str = "all";

/// How many documents a page has where the config does not say.
const PAGES: Paginate = Paginate { default: 10, max: Some(50) };

/// A table `[[service]]` of the config: a service of the documents in a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// Where clients call it, such as `messages`.
    pub path: String,
    /// Where its documents live. Default: `sqlite:callboard.db`.
    pub store: StoreAddress,
    /// The table of that store; services with the same table share its documents. Default: the path.
    pub table: Option<String>,
    /// The field that holds the id. Default `id`.
    pub id: String,
    /// The fields that queries ask for most.
    pub indexes: Vec<Path>,
    /// How many documents `find` answers at once; false: all.
    #[serde(with = "paging")]
    pub paginate: Option<Paginate>,
    /// Which writes may be of many documents. Default: none.
    pub multi: Multi,
    /// The events of the service's own that clients may listen to.
    pub events: Vec<String>,
    /// Who may call which method. Unset: everybody who is let in.
    pub allow: Option<Allow>,
    /// Which connections get which event, by its name or `all`. Default: all connections get all.
    pub filter: BTreeMap<String, EventRule>,
    /// Whether an event whose document was stored is delivered after a crash, too.
    pub outbox: bool,
    /// Accepts that the documents are on one node alone, though several nodes share an engine.
    pub single_node: bool,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        ServiceConfig {
            path: String::new(),
            store: StoreAddress::default(),
            table: None,
            id: "id".into(),
            indexes: vec![],
            paginate: Some(PAGES),
            multi: Multi::NONE,
            events: vec![],
            allow: None,
            filter: BTreeMap::new(),
            outbox: true,
            single_node: false,
        }
    }
}

impl ServiceConfig {
    /// The table of its store.
    pub fn table(&self) -> &str {
        self.table.as_deref().unwrap_or_else(|| self.path.trim_matches('/'))
    }

    /// Whether both may have the same documents: tables of one name in stores of one kind. Two files may be one, and so may two
    /// addresses of a server.
    pub fn may_share_documents(&self, other: &Self) -> bool {
        self.store.is_like(&other.store) && self.table().eq_ignore_ascii_case(other.table())
    }

    /// Whether its path is one.
    pub fn has_path(&self) -> bool {
        ServicePath::new(&self.path).is_some()
    }

    /// Whether clients would call both by the same path.
    pub fn is_at(&self, path: &str) -> bool {
        let paths = ServicePath::new(&self.path).zip(ServicePath::new(path));
        paths.is_some_and(|(one, other)| one.is_like(&other))
    }

    /// The names of the events that clients may get.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        STANDARD_EVENTS.into_iter().chain(self.events.iter().map(String::as_str))
    }

    /// What its store is opened with.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            id: self.id.as_str().into(),
            paginate: self.paginate,
            multi: self.multi,
            events: self.events.iter().map(SmolStr::new).collect(),
            ..StoreOptions::default()
        }
    }

    /// The service of this store, with the rules around it.
    pub(crate) fn registration(&self, store: Arc<dyn Store>) -> Registration {
        let mut registration = Registration::of(Stored::new(store)).hooks(self.gates()).outbox(self.outbox);
        registration.are_hooks_gates = true;
        for (event, rule) in &self.filter {
            let events = [event.as_str()];
            let events = (event != ALL).then_some(&events[..]);
            registration = registration.filter_rule(events, rule);
        }
        registration.is_gated = self.allow.is_some();
        registration.find_gate = self.gate(&Method::Find);
        match self.single_node {
            true => registration.single_node(),
            false => registration,
        }
    }

    /// One for each method that not everybody may call.
    fn gates(&self) -> Hooks {
        Method::STANDARD.into_iter().fold(Hooks::new(), |hooks, method| match self.gate(&method) {
            Some(gate) => hooks.before(method, async move |context: &mut HookContext| gate.admit(context)),
            None => hooks,
        })
    }

    fn gate(&self, method: &Method) -> Option<Arc<Gate>> {
        Gate::of(self.allow.as_ref()?, method).map(Arc::new)
    }
}
