//! Paths as names that need no quoting anywhere: letters and digits of ASCII, `_`, `.` between the names and `~` before what was
//! none of these.
use crate::store::query::Path;
use std::fmt::Write;

/// Longer ones have no facet.
const MOST: usize = 255;

/// The name of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label(String);

impl Label {
    /// The label of a path; none where no facet can tell what stands there: where a name asks for an element of an array, and of
    /// very long ones.
    pub fn of_path(path: &Path) -> Option<Self> {
        let names: Vec<&str> = path.names().collect();
        Label::of(&names)
    }

    pub fn of(names: &[&str]) -> Option<Self> {
        let (first, rest) = names.split_first()?;
        let first = Label(encoded(first)?);
        let is_short = first.0.len() <= MOST;
        rest.iter().try_fold(first, |label, name| label.below(name)).filter(|_| is_short)
    }

    /// The label of a field of what stands here.
    pub fn below(&self, name: &str) -> Option<Self> {
        let label = is_reachable(name).then(|| encoded(name)).flatten().map(|name| format!("{}.{name}", self.0));
        label.filter(|label| label.len() <= MOST).map(Label)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels of the ways that lead here.
    pub fn ways(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('.').map(|(at, _)| &self.0[..at])
    }
}

/// Whether a name behind the first one is looked up as a field, never as an index.
pub(super) fn is_reachable(name: &str) -> bool {
    !Path::looks_like_an_index(name)
}

/// None for a name with a dot, which no path has.
fn encoded(name: &str) -> Option<String> {
    if name.contains('.') || name.len() > MOST {
        return None;
    }
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' => out.push(char::from(byte)),
            // Writing to a text never fails.
            other => write!(out, "~{other:02x}").unwrap_or_default(),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_plain_letters_that_no_other_name_becomes() {
        let label = |names: &[&str]| Label::of(names).map(|label| label.0);
        assert_eq!(label(&["author", "id"]), Some("author.id".into()));
        assert_eq!(label(&["a\"'\\\0"]), Some("a~22~27~5c~00".into()));
        assert_eq!(label(&["é", "~"]), Some("~c3~a9.~7e".into()));
        assert_eq!([label(&["a.b"]), label(&["a", "0"]), label(&["a", ""])], [None, None, None]);
        assert_eq!(label(&["0", "b"]), Some("0.b".into()));
        assert_eq!(label(&["x".repeat(300).as_str()]), None);
    }

    #[test]
    fn the_ways_to_a_label_are_its_beginnings() {
        let label = Label::of(&["a", "b", "c"]).expect("a label");
        assert_eq!(label.ways().collect::<Vec<_>>(), ["a", "a.b"]);
    }
}
