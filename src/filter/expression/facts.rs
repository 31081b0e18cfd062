//! What an expression is about: `data`, `connection` and `hook`.
use super::check::Reads;
use super::values::{self, Owned};
use cel::common::types::CelNull;
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The member of a connection that has its user's document.
const USER: &str = "user";

static NULL: CelNull = CelNull;

/// A JSON value, ready for expressions. To make one costs about what it costs to read the JSON, so keep it for several.
pub struct Fact {
    value: Owned,
    weight: usize,
}

impl Fact {
    /// Makes a JSON value ready.
    pub fn of(value: &Value) -> Self {
        let (value, weight) = values::of_json(value);
        Fact { value, weight }
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fact({} values)", self.weight)
    }
}

/// The fields of a connection, made ready for expressions once: the user when one asks for it, all of them when one asks for
/// something else.
#[derive(Debug)]
pub struct ConnectionFacts {
    fields: Arc<Value>,
    user: OnceLock<Fact>,
    whole: OnceLock<Fact>,
}

impl ConnectionFacts {
    /// Those of a connection with these fields, an object. Costs nothing yet.
    pub fn new(fields: Arc<Value>) -> Self {
        ConnectionFacts { fields, user: OnceLock::new(), whole: OnceLock::new() }
    }

    pub(super) fn fields(&self) -> &Value {
        &self.fields
    }

    fn user(&self) -> &Fact {
        self.user.get_or_init(|| Fact::of(&self.fields[USER]))
    }

    /// All fields. A user is always among them, null for nobody.
    fn whole(&self) -> &Fact {
        self.whole.get_or_init(|| match self.fields.as_object() {
            Some(fields) if fields.contains_key(USER) => Fact::of(&self.fields),
            fields => {
                let mut fields = fields.cloned().unwrap_or_else(Map::new);
                fields.insert(USER.to_owned(), Value::Null);
                Fact::of(&Value::Object(fields))
            }
        })
    }
}

/// What one evaluation is about. An expression that reads a variable which is not there fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// The document of an event, or what was sent with a call.
    pub data: Option<&'a Fact>,
    /// The client.
    pub connection: Option<&'a ConnectionFacts>,
    /// The call.
    pub hook: Option<&'a Fact>,
}

impl Scope<'_> {
    /// What all weighs that an expression reads.
    pub(super) fn weight(&self, reads: &Reads) -> usize {
        let of = |fact: Option<&Fact>, is_read: bool| fact.filter(|_| is_read).map_or(0, |fact| fact.weight);
        let connection = self.connection.map_or(0, |connection| {
            let user = if reads.user { connection.user().weight } else { 0 };
            let whole = if reads.connection { connection.whole().weight } else { 0 };
            user + whole
        });
        of(self.data, reads.data) + of(self.hook, reads.has("hook")) + connection
    }
}

impl VariableResolver for Scope<'_> {
    /// A name with dots is asked for whole before its beginnings are, so that `connection.user` needs no other field.
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let fact = match variable {
            "data" => self.data?,
            "hook" => self.hook?,
            "connection" => self.connection?.whole(),
            "connection.user" => match self.connection?.fields[USER] {
                Value::Null => return Some(CowVal::Borrowed(&NULL)),
                _ => self.connection?.user(),
            },
            _ => return None,
        };
        Some(CowVal::Borrowed(&*fact.value))
    }
}
