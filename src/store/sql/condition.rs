//! Conditions as SQL. What stands in a facet is compared as a key, so a database answers as [`Condition::matches`] does, but where a
//! path or a value has no whole key: there more rows are let through than match, and the documents are looked at afterwards.
use super::connection::{Argument, Dialect};
use super::facets::{VOID, id_key};
use super::key::{BOOLEANS, Key, NULL, NUMBERS, TEXTS, key};
use super::label::Label;
use crate::store::Id;
use crate::store::query::{Condition, Direction, Path, Query, Sort, Test};
use serde_json::Value;

/// Letters of a facet that an index has: PostgreSQL takes no more than some 2,700 bytes.
pub(super) const INDEXED: usize = 200;

/// Whole numbers below are written one way only, so that they have one id.
const EXACT: u64 = 1 << 53;

/// Whether a row matches, in SQL.
#[derive(Debug, Clone, PartialEq)]
struct Clause {
    /// Null is as good as false; none lets every row through.
    sql: Option<String>,
    /// No row is let through that does not match.
    is_exact: bool,
}

/// What is asked of the keys that a facet has.
enum Want {
    Nothing,
    Equal(Key),
    OneOf(Vec<Key>),
    /// From the first to the second one, each with its comparison.
    Between((&'static str, String), (&'static str, String)),
}

/// Writes the conditions of one statement.
pub(super) struct Writer<'a> {
    dialect: &'a dyn Dialect,
    /// The labels that have an index.
    indexes: &'a [Label],
    /// The field of the id, whose key is a column.
    id: &'a str,
    pub arguments: Vec<Argument>,
}

impl<'a> Writer<'a> {
    pub fn new(dialect: &'a dyn Dialect, indexes: &'a [Label], id: &'a str) -> Self {
        Writer { dialect, indexes, id, arguments: vec![] }
    }

    /// What follows `WHERE`, and whether it lets through nothing that does not match.
    pub fn conditions(&mut self, query: &Query) -> (String, bool) {
        let clause = self.all(query.conditions());
        (clause.sql.unwrap_or_else(|| "TRUE".to_owned()), clause.is_exact)
    }

    /// Binds an argument and tells its number.
    pub fn bind(&mut self, argument: Argument) -> usize {
        self.arguments.push(argument);
        self.arguments.len()
    }

    fn condition(&mut self, condition: &Condition) -> Clause {
        match condition {
            Condition::All(conditions) => self.all(conditions),
            Condition::Any(conditions) => self.any(conditions),
            Condition::Field { path, test } => self.field(path, test),
        }
    }

    fn all(&mut self, conditions: &[Condition]) -> Clause {
        let clauses: Vec<Clause> = conditions.iter().map(|condition| self.condition(condition)).collect();
        let is_exact = clauses.iter().all(|clause| clause.is_exact);
        let parts: Vec<String> = clauses.into_iter().filter_map(|clause| clause.sql).collect();
        let sql = (!parts.is_empty()).then(|| format!("({})", parts.join(" AND ")));
        Clause { sql, is_exact }
    }

    fn any(&mut self, conditions: &[Condition]) -> Clause {
        let bound = self.arguments.len();
        let clauses: Vec<Clause> = conditions.iter().map(|condition| self.condition(condition)).collect();
        let is_exact = clauses.iter().all(|clause| clause.is_exact);
        let parts: Option<Vec<String>> = clauses.into_iter().map(|clause| clause.sql).collect();
        if parts.is_none() {
            // PostgreSQL takes no argument that the statement does not name.
            self.arguments.truncate(bound);
        }
        let sql = parts.map(|parts| match parts.is_empty() {
            true => "FALSE".to_owned(),
            false => format!("({})", parts.join(" OR ")),
        });
        Clause { sql, is_exact }
    }

    fn field(&mut self, path: &Path, test: &Test) -> Clause {
        let Some(label) = Label::of_path(path) else { return Clause { sql: None, is_exact: false } };
        let (want, takes_null, is_exact) = wanted(test);
        let is_negative = matches!(test, Test::NotEqual(_) | Test::NotIn(_));
        if is_negative && !is_exact {
            return Clause { sql: None, is_exact };
        }
        let hit = self.hit(&label, &want, takes_null);
        let sql = match is_negative {
            true => format!("NOT COALESCE({hit}, FALSE)"),
            false => match self.by_id(path, test) {
                Some(by_id) => format!("({by_id} AND {hit})"),
                None => hit,
            },
        };
        Clause { sql: Some(sql), is_exact }
    }

    /// Whether one of the keys at a label is what is wanted.
    fn hit(&mut self, label: &Label, want: &Want, takes_null: bool) -> String {
        let facet = self.dialect.facet(label.as_str());
        let is_indexed = self.indexes.contains(label);
        let head = if is_indexed { self.dialect.head(&facet, INDEXED) } else { facet.clone() };
        let mut ways = vec![];
        if !matches!(want, Want::Nothing) {
            ways.push(self.compared(&head, &facet, is_indexed, want));
            let (items, item) = (self.dialect.items_of(label.as_str()), self.dialect.item());
            let inside = self.compared(item, item, false, want);
            ways.push(format!("({head} >= '[' AND {head} < '\\' AND EXISTS (SELECT 1 FROM {items} WHERE {inside}))"));
        }
        if takes_null {
            let voids = label.ways().map(|way| format!(" AND {} IS NULL", self.dialect.facet(&format!("{way}{VOID}"))));
            ways.push(format!("({head} IS NULL{})", voids.collect::<String>()));
        }
        match ways.is_empty() {
            true => "FALSE".to_owned(),
            false => format!("({})", ways.join(" OR ")),
        }
    }

    fn compared(&mut self, head: &str, whole: &str, is_cut: bool, want: &Want) -> String {
        match want {
            Want::Nothing => "FALSE".to_owned(),
            Want::Equal(key) => self.compare(head, whole, is_cut, "=", &key.text),
            Want::Between((from, low), (to, high)) => {
                let low = self.compare(head, whole, is_cut, from, low);
                let high = self.compare(head, whole, is_cut, to, high);
                format!("({low} AND {high})")
            }
            Want::OneOf(keys) => {
                let texts: Vec<String> = keys.iter().map(|key| key.text.clone()).collect();
                if !is_cut || texts.iter().all(|text| is_short(text)) {
                    let number = self.bind(Argument::List(texts));
                    return self.dialect.is_one_of(head, number);
                }
                let heads = self.bind(Argument::List(texts.iter().map(|text| beginning(text)).collect()));
                let texts = self.bind(Argument::List(texts));
                let (heads, texts) = (self.dialect.is_one_of(head, heads), self.dialect.is_one_of(whole, texts));
                format!("({heads} AND {texts})")
            }
        }
    }

    /// Compares with a text. Where there is only the beginning of the other side, one that is as long decides nothing.
    fn compare(&mut self, head: &str, whole: &str, is_cut: bool, operator: &str, text: &str) -> String {
        if !is_cut || is_short(text) {
            let number = self.bind(Argument::Text(text.to_owned()));
            return format!("{head} {operator} ${number}");
        }
        let beginning = self.bind(Argument::Text(beginning(text)));
        let number = self.bind(Argument::Text(text.to_owned()));
        let weak = match operator {
            "<" | "<=" => "<=",
            ">" | ">=" => ">=",
            other => other,
        };
        format!("({head} {weak} ${beginning} AND {whole} {operator} ${number})")
    }

    /// A document whose id field is one of some values has one of their keys.
    fn by_id(&mut self, path: &Path, test: &Test) -> Option<String> {
        if !path.names().eq([self.id]) {
            return None;
        }
        let key = |value: &Value| {
            let has_one_form = match value {
                Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() < EXACT),
                value => value.is_string(),
            };
            Id::read(value).ok().flatten().filter(|_| has_one_form).map(|id| id_key(&id.key()))
        };
        match test {
            Test::Equal(value) => {
                let number = self.arguments.len() + 1;
                key(value).map(|key| self.bind(Argument::Text(key))).map(|_| format!("key = ${number}"))
            }
            Test::In(set) => {
                let keys: Option<Vec<String>> = set.values().iter().map(key).collect();
                let number = keys.map(|keys| self.bind(Argument::List(keys)))?;
                Some(self.dialect.is_one_of("key", number))
            }
            _ => None,
        }
    }

    /// How the database sorts; none where only the documents tell.
    pub fn order(&self, sort: &Sort) -> Option<Order> {
        let keys: Option<Vec<_>> =
            sort.keys().map(|(path, direction)| Some((self.sorted_by(path)?, direction))).collect();
        let keys = keys?;
        if keys.is_empty() {
            return Some(Order { by: String::new(), is_unsure: "0".to_owned() });
        }
        let by = keys.iter().map(|(key, direction)| match direction {
            Direction::Ascending => format!("{key} ASC NULLS FIRST, "),
            Direction::Descending => format!("{key} DESC NULLS LAST, "),
        });
        let cuts = keys.iter().map(|(key, _)| self.dialect.is_cut(key));
        let cuts = cuts.collect::<Vec<_>>().join(" OR ");
        Some(Order { by: by.collect(), is_unsure: format!("CASE WHEN {cuts} THEN 1 ELSE 0 END") })
    }

    /// What stands at a path, with arrays entered by index only.
    fn sorted_by(&self, path: &Path) -> Option<String> {
        let label = Label::of_path(path)?;
        let (facet, first) = (self.dialect.facet(label.as_str()), self.dialect.first_of(label.as_str()));
        Some(format!("CASE WHEN {facet} >= '[' AND {facet} < '\\' THEN {first} ELSE {facet} END"))
    }
}

/// How a database sorts.
#[derive(Debug)]
pub(super) struct Order {
    /// What follows `ORDER BY`, without the order that documents have by themselves: nothing, or with a comma at the end.
    pub by: String,
    /// Whether a row may stand at the place of another one, for it is sorted by a key that both may have.
    pub is_unsure: String,
}

fn is_short(text: &str) -> bool {
    text.chars().nth(INDEXED - 1).is_none()
}

fn beginning(text: &str) -> String {
    text.chars().take(INDEXED).collect()
}

/// What a test wants of a key, whether null is wanted too, and whether nothing else has such a key.
fn wanted(test: &Test) -> (Want, bool, bool) {
    match test {
        Test::Equal(value) | Test::NotEqual(value) => {
            let key = key(value);
            let is_exact = key.is_whole;
            (Want::Equal(key), value.is_null(), is_exact)
        }
        Test::In(set) | Test::NotIn(set) => {
            let keys: Vec<Key> = set.values().iter().map(key).collect();
            let is_exact = keys.iter().all(|key| key.is_whole);
            let want = if keys.is_empty() { Want::Nothing } else { Want::OneOf(keys) };
            (want, set.contains(&Value::Null), is_exact)
        }
        Test::Less(value) => (range(value, |key, (low, _)| ((">=", low.into()), ("<", key))), false, true),
        Test::Greater(value) => (range(value, |key, (_, high)| ((">", key), ("<", high.into()))), false, true),
        Test::AtMost(Value::Null) | Test::AtLeast(Value::Null) => {
            (Want::Equal(Key { text: NULL.into(), is_whole: true }), true, true)
        }
        Test::AtMost(value) => (range(value, |key, (low, _)| ((">=", low.into()), ("<=", key))), false, true),
        Test::AtLeast(value) => (range(value, |key, (_, high)| ((">=", key), ("<", high.into()))), false, true),
    }
}

type Bound = (&'static str, String);

/// Only numbers, texts and booleans have an order, each among themselves.
fn range(value: &Value, between: impl Fn(String, (&'static str, &'static str)) -> (Bound, Bound)) -> Want {
    let kind = match value {
        Value::Number(_) => NUMBERS,
        Value::String(_) => TEXTS,
        Value::Bool(_) => BOOLEANS,
        Value::Null | Value::Array(_) | Value::Object(_) => return Want::Nothing,
    };
    let (from, to) = between(key(value).text, kind);
    Want::Between(from, to)
}
