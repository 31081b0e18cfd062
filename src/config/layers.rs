//! The layers above the file: environment variables, then command line options.
use super::file;
use super::named::{self, NamedKey};
use super::problem::{Place, Problem};
use super::schema::Schema;
use super::variables;
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use serde_json::Value as Json;
use std::net::IpAddr;

/// Begins the name of every variable.
const PREFIX: &str = "CALLBOARD_";
/// Stands between a section and its key. A variable without it sets a key that has no section, all tables of a list, or nothing.
const NEST: &str = "__";

/// The options of the command line that set config keys; the last layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `server.host`.
    pub host: Option<IpAddr>,
    /// `server.port`.
    pub port: Option<u16>,
    /// `server.workers`.
    pub workers: Option<usize>,
}

/// Values with the place of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    name: &'static str,
    /// Its values.
    pub(super) values: Dict,
    places: Vec<(String, Place)>,
    /// What is wrong with them.
    pub(super) problems: Vec<Problem>,
    /// What may be a mistake.
    pub(super) warnings: Vec<Problem>,
    /// Single keys of tables, which are set when the tables are known.
    named: Vec<NamedKey>,
}

impl Layer {
    /// The environment's. Whatever has the prefix and two underscores must be a known key.
    pub(super) fn of_variables(schema: &Schema, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut layer = Layer { name: "environment", ..Layer::default() };
        for (variable, text) in variables {
            let Some(rest) = variable.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
            if schema.is_list(&rest) {
                layer.tables(schema, &variable, &rest, &text);
            } else if rest.contains(NEST) || schema.stands_alone(&rest) {
                layer.variable(schema, &variable, &rest, &text);
            } else {
                layer.warnings.extend(variables::unknown(schema, &variable, &rest, &text));
            }
        }
        layer
    }

    /// The command line's.
    pub(super) fn of_options(overrides: &Overrides) -> Self {
        let mut layer = Layer { name: "command line", ..Layer::default() };
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                layer.set(&["server", key], value, Place::Flag(format!("--{key}")));
            }
        };
        set("host", overrides.host.map(|host| host.to_string().into()));
        set("port", overrides.port.map(Value::from));
        set("workers", overrides.workers.map(Value::from));
        layer
    }

    fn variable(&mut self, schema: &Schema, variable: &str, rest: &str, text: &str) {
        let path: Vec<&str> = rest.split(NEST).collect();
        let place = Place::Variable(variable.to_owned());
        let (first, list) = (path[0], path[0].to_uppercase());
        if first == named::LIST {
            return self.key_of_table(schema, &path[1..], text, place);
        }
        if schema.is_list(first) {
            let message = format!("tables are set all at once: {PREFIX}{list}='{}'", example(first));
            return self.problems.push(Problem { place, key: first.to_owned(), message });
        }
        let accepted = schema.knows(&path).and_then(|()| read(schema, &path, text));
        match accepted {
            Ok(value) => self.set(&path, value, place),
            Err(message) => self.problems.push(Problem { place, key: path.join("."), message }),
        }
    }

    fn key_of_table(&mut self, schema: &Schema, path: &[&str], text: &str, place: Place) {
        let read = named::split(path).and_then(|(name, key)| {
            let path = [named::LIST, key];
            schema.knows(&path)?;
            Ok((name.to_owned(), key.to_owned(), read(schema, &path, text)?))
        });
        match read {
            Ok((name, key, value)) => self.named.push(NamedKey { name, key, value, place }),
            Err(message) => {
                let key = [&[named::LIST], path].concat().join(".");
                self.problems.push(Problem { place, key, message });
            }
        }
    }

    /// Sets single keys of tables: in its own, where it has all of them, else in those of the layer below, which it then has.
    pub(super) fn settle(&mut self, below: &Dict) {
        if self.named.is_empty() {
            return;
        }
        let known = self.values.get(named::LIST).or_else(|| below.get(named::LIST));
        let mut tables = known.and_then(Value::as_array).map(<[Value]>::to_vec).unwrap_or_default();
        let mut places = named::set(&mut tables, &std::mem::take(&mut self.named));
        // In front: one of all tables covers each key of theirs.
        places.append(&mut self.places);
        self.places = places;
        self.values.insert(named::LIST.to_owned(), Value::from(tables));
    }

    /// All tables of a list: as JSON or as TOML, in the place of the file's.
    fn tables(&mut self, schema: &Schema, variable: &str, list: &str, text: &str) {
        let place = Place::Variable(variable.to_owned());
        let json = serde_json::from_str::<Vec<Json>>(text).ok().and_then(|tables| Value::serialize(tables).ok());
        let Some(Value::Array(tag, tables)) = json.or_else(|| file::value(text)) else {
            let message = format!("a list of tables is wanted, in JSON or TOML: {}", example(list));
            return self.problems.push(Problem { place, key: list.to_owned(), message });
        };
        let mut values = Dict::from([(list.to_owned(), Value::Array(tag, tables))]);
        self.problems.extend(schema.check(&mut values, &|_| place.clone()));
        values.into_iter().for_each(|(_, tables)| self.set(&[list], tables, place.clone()));
    }

    fn set(&mut self, path: &[&str], value: Value, place: Place) {
        self.places.push((path.join("."), place));
        let (last, around) = path.split_last().expect("split yields one part at least");
        let mut dict = &mut self.values;
        for key in around {
            let inner = dict.entry((*key).to_owned()).or_insert_with(|| Value::from(Dict::new()));
            // Of a variable for a table and one for a key in it, the former stands.
            let Value::Dict(_, next) = inner else { return };
            dict = next;
        }
        dict.insert((*last).to_owned(), value);
    }

    /// Where this layer sets a key or something around it.
    pub(super) fn place(&self, key: &str) -> Option<Place> {
        let covers =
            |path: &str| key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.places.iter().find(|(path, _)| covers(path)).map(|(_, place)| place.clone())
    }
}

/// What the variable of a list may hold.
fn example(list: &str) -> &'static str {
    match list {
        "socketio" => r#"[{"path": "/socket.io/", "namespaces": ["/"]}]"#,
        "expose" => r#"[{"space": "socketio:/", "as": "rooms:", "subscribe": "user"}]"#,
        "service" => r#"[{"path": "messages", "store": "sqlite:callboard.db"}]"#,
        _ => r#"[{"name": "chat", "subscribe": "user", "publish": "subscriber"}]"#,
    }
}

/// Reads a variable's text as the key wants it: as it stands, as a TOML value, or as a list with commas. A text that begins
/// like a list is tried as TOML first, or a list of secrets would become one long secret.
fn read(schema: &Schema, path: &[&str], text: &str) -> Result<Value, String> {
    let plain = Value::from(text);
    let parsed = file::value(text).unwrap_or_else(|| plain.clone());
    let list = Value::from(text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>());
    let tries = match text.trim_start().starts_with('[') {
        true => [parsed, plain, list],
        false => [plain, parsed, list],
    };
    let [first, second, third] = tries.map(|value| schema.accepts(path, value.clone()).map(|()| value));
    first.or(second.or_else(|reason| third.map_err(|_| reason)))
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

impl Provider for file::File {
    fn metadata(&self) -> Metadata {
        Metadata::named("file")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
