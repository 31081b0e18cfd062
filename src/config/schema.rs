//! Which keys exist and what each may hold, derived from the config's types.
use super::problem::{Place, Problem};
use super::words::reason;
use crate::broker::{Expose, Namespace};
use crate::server::Config;
use crate::service::ServiceConfig;
use crate::transport::engineio::EngineConfig;
use figment::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Keys whose values must not show up in a message.
const SECRETS: [&str; 6] = [
    "api.key",
    "auth.hmac_secret",
    "backstage.auth.legacy_secret",
    "redis.url",
    "strapi.jwt_secret",
    "strapi.api_token_salt",
];

/// The known keys.
pub(super) struct Schema {
    sections: Json,
    lists: Vec<List>,
}

/// A section of which there may be several: an array of tables.
struct List {
    name: &'static str,
    /// The keys of each table.
    keys: Json,
    /// Whether a table may hold these values.
    accepts: fn(Value) -> Result<(), Box<figment::Error>>,
}

impl List {
    fn of<T: Default + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        let accepts = |value: Value| value.deserialize::<T>().map(drop).map_err(Box::new);
        List { name, keys: json(&T::default()), accepts }
    }

    /// Whether this key of a table may hold this value.
    fn accepts(&self, key: &str, value: Value) -> Result<(), Box<figment::Error>> {
        (self.accepts)(Value::from(Dict::from([(key.to_owned(), value)])))
    }
}

fn json(defaults: &impl Serialize) -> Json {
    serde_json::to_value(defaults).expect("the built-in config has text keys only")
}

impl Schema {
    /// The keys of the config as it is built in.
    pub(super) fn new() -> Self {
        Schema {
            sections: json(&Config::default()),
            lists: vec![
                List::of::<Namespace>("namespace"),
                List::of::<EngineConfig>("socketio"),
                List::of::<Expose>("expose"),
                List::of::<ServiceConfig>("service"),
            ],
        }
    }

    /// Checks every key of a layer by itself and takes out what is wrong. `place` says where a key stands.
    pub(super) fn check(&self, layer: &mut Dict, place: &dyn Fn(&str) -> Place) -> Vec<Problem> {
        let mut check = Check { schema: self, place, problems: Vec::new() };
        layer.retain(|key, value| check.top(key, value));
        check.problems
    }

    /// The list that a path of two keys is in: its own name, and a key of its tables.
    fn list_of<'a>(&self, path: &[&'a str]) -> Option<(&List, &'a str)> {
        let [name, key] = path else { return None };
        self.lists.iter().find(|list| list.name == *name).map(|list| (list, *key))
    }

    /// Whether a path of keys may hold this value; the reason why not. A list and a key stand for that key of any of its tables.
    pub(super) fn accepts(&self, path: &[&str], value: Value) -> Result<(), String> {
        if let Some((list, key)) = self.list_of(path) {
            return list.accepts(key, value).map_err(|error| reason(&error.kind, false));
        }
        let mut nested = value;
        for key in path.iter().rev() {
            nested = Value::from(Dict::from([((*key).to_owned(), nested)]));
        }
        let is_secret = SECRETS.contains(&path.join(".").as_str());
        nested.deserialize::<Config>().map(drop).map_err(|error| reason(&error.kind, is_secret))
    }

    /// Whether this is a key without a section.
    pub(super) fn stands_alone(&self, key: &str) -> bool {
        self.sections.get(key).is_some_and(|known| !known.is_object() && !known.is_array())
    }

    /// Whether this is a section of which there may be several.
    pub(super) fn is_list(&self, key: &str) -> bool {
        self.lists.iter().any(|list| list.name == key)
    }

    /// The variable that was probably meant by one without two underscores; `name` without what all begin with, in lower case.
    pub(super) fn near_variable(&self, name: &str) -> Option<String> {
        let sections = self.sections.as_object().into_iter().flatten();
        let keys: Vec<(String, &str)> = sections
            .flat_map(|(section, inner)| {
                let keys = inner.as_object().into_iter().flat_map(|keys| keys.keys());
                keys.map(move |key| (format!("{section}__{key}"), key.as_str()))
            })
            .collect();
        let flat = |key: &str| key.replace("__", "_");
        let same = keys.iter().find(|(full, key)| flat(full) == name || *key == name);
        let meant = same.map(|(full, _)| full.as_str()).or_else(|| {
            let names: Vec<&str> = keys.iter().map(|(full, _)| full.as_str()).collect();
            nearest(name, names.into_iter().chain(self.sections.as_object()?.keys().map(String::as_str)))
        })?;
        Some(format!("CALLBOARD_{}", meant.to_uppercase()))
    }

    /// Whether these keys are known; the reason why not.
    pub(super) fn knows(&self, path: &[&str]) -> Result<(), String> {
        if let Some((list, key)) = self.list_of(path) {
            return match list.keys.get(key) {
                Some(_) => Ok(()),
                None => Err(self.unknown(&[list.name], key, &list.keys)),
            };
        }
        let mut here = &self.sections;
        for (depth, key) in path.iter().enumerate() {
            match here.get(key) {
                Some(inner) => here = inner,
                None => return Err(self.unknown(&path[..depth], key, here)),
            }
        }
        Ok(())
    }

    /// What to say of an unknown key between those that are known there.
    fn unknown(&self, around: &[&str], key: &str, known: &Json) -> String {
        let names = known.as_object().into_iter().flat_map(|o| o.keys());
        if let Some(near) = nearest(key, names.map(String::as_str)) {
            return format!("unknown key; did you mean `{near}`?");
        }
        let elsewhere = self.homes(key).into_iter().find(|home| !around.contains(&home.trim_matches(['[', ']'])));
        match elsewhere {
            Some(home) => format!("unknown key here; it belongs to `{home}`"),
            None => "unknown key".to_owned(),
        }
    }

    /// The sections that have this key.
    fn homes(&self, key: &str) -> Vec<String> {
        let sections = self.sections.as_object().into_iter().flatten();
        let mut homes: Vec<String> =
            sections.filter(|(_, inner)| inner.get(key).is_some()).map(|(name, _)| format!("[{name}]")).collect();
        let lists = self.lists.iter().filter(|list| list.keys.get(key).is_some());
        homes.extend(lists.map(|list| format!("[[{}]]", list.name)));
        homes
    }
}

struct Check<'a> {
    schema: &'a Schema,
    place: &'a dyn Fn(&str) -> Place,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, key: &str, message: String) -> bool {
        self.problems.push(Problem { place: (self.place)(key), key: key.to_owned(), message });
        false
    }

    /// Whether to keep a key of the top level.
    fn top(&mut self, section: &str, value: &mut Value) -> bool {
        let Some(known) = self.schema.sections.get(section) else {
            return self.report(section, self.schema.unknown(&[], section, &self.schema.sections));
        };
        let schema = self.schema;
        match (schema.lists.iter().find(|list| list.name == section), value) {
            (Some(list), Value::Array(_, items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.table(list, index, item);
                }
                true
            }
            (Some(_), _) => self.report(section, format!("a list of tables is wanted: [[{section}]]")),
            // A key that stands by itself.
            (None, value) if !known.is_object() => match self.schema.accepts(&[section], value.clone()) {
                Ok(()) => true,
                Err(reason) => self.report(section, reason),
            },
            (None, Value::Dict(_, keys)) => {
                keys.retain(|key, value| self.leaf(section, key, value, known));
                true
            }
            (None, _) => self.report(section, format!("a table is wanted: [{section}]")),
        }
    }

    fn leaf(&mut self, section: &str, key: &str, value: &mut Value, known: &Json) -> bool {
        let path = format!("{section}.{key}");
        let around: Vec<&str> = section.split('.').collect();
        let Some(known_key) = known.get(key) else {
            return self.report(&path, self.schema.unknown(&around, key, known));
        };
        // A table in a section.
        if let (true, Value::Dict(_, keys)) = (known_key.is_object(), &mut *value) {
            keys.retain(|key, value| self.leaf(&path, key, value, known_key));
            return true;
        }
        let whole: Vec<&str> = path.split('.').collect();
        match self.schema.accepts(&whole, value.clone()) {
            Ok(()) => true,
            Err(reason) => self.report(&path, reason),
        }
    }

    fn table(&mut self, list: &List, index: usize, item: &mut Value) {
        let around = format!("{}[{index}]", list.name);
        let Value::Dict(_, keys) = item else {
            self.report(&around, "a table is wanted".into());
            *item = Value::from(Dict::new());
            return;
        };
        let schema = self.schema;
        keys.retain(|key, value| {
            if list.keys.get(key).is_none() {
                return self.report(&format!("{around}.{key}"), schema.unknown(&[list.name], key, &list.keys));
            }
            self.key_of_table(list, &around, key, value)
        });
    }

    /// Whether to keep a key of a table of a list; a table of its own without what is wrong in it.
    fn key_of_table(&mut self, list: &List, around: &str, key: &str, value: &mut Value) -> bool {
        let path = format!("{around}.{key}");
        let mut checked = list.accepts(key, value.clone());
        while let Err(error) = checked {
            let at = deeper(around, &error.path).filter(|deeper| deeper.starts_with(&path));
            self.report(at.as_deref().unwrap_or(&path), reason(&error.kind, false));
            // A table tells its first mistake only: without that, it tells the next.
            let (Value::Dict(_, inner), Some(name)) = (&mut *value, error.path.get(1)) else { return false };
            if inner.remove(name).is_none() {
                return false;
            }
            checked = list.accepts(key, value.clone());
            // What is wrong with the table as a whole may be that something was taken out.
            if checked.as_ref().is_err_and(|error| error.path.len() < 2) {
                return false;
            }
        }
        true
    }
}

/// The key that is wrong inside of a table's: in a table or a list of its own; none where the key itself is.
fn deeper(around: &str, path: &[String]) -> Option<String> {
    (path.len() > 1).then(|| {
        path.iter().fold(around.to_owned(), |key, name| match name.parse::<usize>() {
            Ok(index) => format!("{key}[{index}]"),
            Err(_) => format!("{key}.{name}"),
        })
    })
}

/// The name that was probably meant: at most a third of the letters apart.
fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = (key.len() / 3).max(1);
    let near =
        names.map(|name| (strsim::damerau_levenshtein(key, name), name)).filter(|(distance, _)| *distance <= far);
    near.min().map(|(_, name)| name)
}
