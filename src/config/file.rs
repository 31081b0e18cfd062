//! The TOML file: its values, and on which line each key stands.
use super::mend::{Mistake, mend, mistakes};
use super::problem::{Place, Problem};
use figment::value::{Dict, Value};
use std::collections::HashMap;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// A file as far as it could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    name: String,
    /// Its values.
    pub(super) values: Dict,
    /// Key path to line.
    lines: HashMap<String, usize>,
    /// What is no TOML.
    pub(super) problems: Vec<Problem>,
}

impl File {
    /// Reads a text; goes on after an error, so that one mistake does not hide the others.
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mistakes = mistakes(text, &errors);
        let mended = if mistakes.is_empty() { String::new() } else { mend(text, &mistakes) };
        let mut walk = Walk { text, lines: HashMap::new() };
        let values = match mistakes.is_empty() {
            true => walk.table(table.get_ref(), ""),
            // What the parser made of broken lines is a guess. Lines are where they were.
            false => {
                walk.text = &mended;
                DeTable::parse(&mended).map(|table| walk.table(table.get_ref(), "")).unwrap_or_default()
            }
        };
        let problem = |mistake: Mistake| Problem {
            place: Place::File { file: name.to_owned(), line: mistake.line },
            key: String::new(),
            message: mistake.message,
        };
        let lines = walk.lines;
        File { name: name.to_owned(), values, lines, problems: mistakes.into_iter().map(problem).collect() }
    }

    /// Where a key stands, or the nearest table around it; none where the file says nothing of it.
    pub(super) fn place(&self, key: &str) -> Option<Place> {
        let mut path = key;
        loop {
            if let Some(&line) = self.lines.get(path) {
                return Some(Place::File { file: self.name.clone(), line });
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// Whether the file itself has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.lines.contains_key(key)
    }
}

/// Reads a text as one TOML value; none where it is no such.
pub(super) fn value(text: &str) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    Some(Walk { text, lines: HashMap::new() }.value(&value, ""))
}

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}

struct Walk<'t> {
    text: &'t str,
    lines: HashMap<String, usize>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &str) -> Dict {
        let mut dict = Dict::new();
        for (key, value) in table.iter() {
            let inner = match path.is_empty() {
                true => key.get_ref().to_string(),
                false => format!("{path}.{}", key.get_ref()),
            };
            self.lines.insert(inner.clone(), line_of(self.text, key.span().start));
            dict.insert(key.get_ref().to_string(), self.value(value, &inner));
        }
        dict
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Integer(number) => integer(number),
            DeValue::Float(number) => {
                number.as_str().parse::<f64>().map_or_else(|_| number.as_str().into(), Value::from)
            }
            DeValue::Datetime(time) => Value::from(time.to_string()),
            DeValue::Table(table) => Value::from(self.table(table, path)),
            DeValue::Array(array) => {
                let mut items = Vec::new();
                for (index, item) in array.iter().enumerate() {
                    let inner = format!("{path}[{index}]");
                    self.lines.insert(inner.clone(), line_of(self.text, item.span().start));
                    items.push(self.value(item, &inner));
                }
                Value::from(items)
            }
        }
    }
}

/// A number that no 64 bits hold stays a text, and is refused as one where a number is wanted.
fn integer(number: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_its_line() {
        let file = File::parse(
            "a.toml",
            "# one\n[server]\nport = 1\n\n[[namespace]]\nname = \"a\"\n[[namespace]]\nname = \"b\"\n",
        );
        let line = |key: &str| file.place(key).map(|p| p.to_string());
        assert_eq!(line("server.port").as_deref(), Some("a.toml:3"));
        assert_eq!(line("namespace[1].name").as_deref(), Some("a.toml:8"));
        assert_eq!(line("namespace[1].subscribe").as_deref(), Some("a.toml:7"));
        assert_eq!(line("auth.leeway"), None);
    }

    #[test]
    fn what_stands_after_a_syntax_error_is_read_too() {
        let file = File::parse("a.toml", "[server]\nport = = 1\nhost = \"::1\"\n");
        assert_eq!(file.problems.len(), 1);
        assert!(file.has("server.host"));
    }
}
