//! How large a document is, told in one walk and without writing it.
use super::Document;
use serde_json::Value;
use std::fmt::{self, Write};

/// What a field costs beside the letters of its name and its value, and what a document costs beside its fields: the places in the
/// tables, roughly.
const OF_FIELD: usize = 48;
const OF_DOCUMENT: usize = 256;

/// How large a document is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// As JSON text.
    pub text: usize,
    /// In memory, about.
    pub memory: usize,
}

/// How large this document is. It is nested no deeper than is [allowed](super::MAX_DOCUMENT_DEPTH).
pub(super) fn size(document: &Document) -> Size {
    let mut size = Size { text: 0, memory: OF_DOCUMENT };
    size.add_fields(document);
    size
}

impl Size {
    /// The same with one field more, which has a whole number of any length.
    pub fn with_number(mut self, name: &str) -> Self {
        let (comma, colon, longest) = (1, 1, 20);
        self.text += comma + written(name) + colon + longest;
        self.memory += OF_FIELD + name.len() + size_of::<Value>();
        self
    }

    fn add_fields(&mut self, fields: &Document) {
        self.text += 2 + fields.len().saturating_sub(1);
        for (name, value) in fields {
            self.text += written(name) + 1;
            self.memory += OF_FIELD + name.len();
            self.add(value);
        }
    }

    fn add(&mut self, value: &Value) {
        self.memory += size_of::<Value>();
        match value {
            Value::Null | Value::Bool(true) => self.text += 4,
            Value::Bool(false) => self.text += 5,
            Value::Number(number) => {
                let mut letters = Letters(0);
                // Counting never fails.
                let _ = write!(letters, "{number}");
                self.text += letters.0;
            }
            Value::String(text) => {
                self.text += written(text);
                self.memory += text.len();
            }
            Value::Array(items) => {
                self.text += 2 + items.len().saturating_sub(1);
                items.iter().for_each(|item| self.add(item));
            }
            Value::Object(fields) => self.add_fields(fields),
        }
    }
}

/// The bytes of a text in quotes, with what must be escaped.
fn written(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escaped).sum::<usize>()
}

struct Letters(usize);

impl Write for Letters {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_as_large_as_its_text() {
        let all: String = (0..200u8).map(char::from).collect();
        for document in [
            json!({}),
            json!({"a": null}),
            json!({"a": true, "b": false, "\"\n\u{1}": []}),
            json!({"a": [1, -1, 0.5, 1e300, u64::MAX, i64::MIN, {}, {"b": [[]]}], "😀": "\u{2028}😀"}),
            json!({"all": all}),
        ] {
            let size = size(document.as_object().expect("a document"));
            assert_eq!(size.text, document.to_string().len(), "{document}");
            assert!(size.memory > size.text, "{document}");
        }
    }

    #[test]
    fn many_small_values_are_larger_in_memory_than_their_text() {
        let document = json!({"a": vec![1; 1_000]});
        assert!(size(document.as_object().expect("a document")).memory >= 1_000 * size_of::<Value>());
    }
}
