//! The paths of services.
use serde_json::{Map, Value};

/// Begins a segment that stands for any text.
const PLACEHOLDER: char = ':';

/// The path of a service, without slashes at its ends; a segment that begins with a colon stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServicePath(String);

impl ServicePath {
    /// The path as it is registered; none where nothing is left of it.
    pub fn new(text: &str) -> Option<Self> {
        let path = stripped(text);
        (!path.is_empty() && path.split('/').all(|segment| !segment.is_empty() && segment != ":"))
            .then(|| ServicePath(path.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no placeholder.
    pub fn is_plain(&self) -> bool {
        !self.0.split('/').any(|segment| segment.starts_with(PLACEHOLDER))
    }

    /// Whether both match the same texts: they differ in the names of their placeholders at most.
    pub fn is_like(&self, other: &Self) -> bool {
        let shape = |path: &Self| -> Vec<Option<String>> {
            let plain = |segment: &str| (!segment.starts_with(PLACEHOLDER)).then(|| segment.to_owned());
            path.0.split('/').map(plain).collect()
        };
        shape(self) == shape(other)
    }

    /// Of several paths that match a text, the one that is tried first: plain segments go before placeholders, from the left.
    pub fn rank(&self) -> Vec<bool> {
        self.0.split('/').map(|segment| segment.starts_with(PLACEHOLDER)).collect()
    }

    /// What the placeholders stand for in segments that the path matches.
    pub fn matched<'a>(&self, mut given: impl Iterator<Item = &'a str>) -> Option<Map<String, Value>> {
        let mut mine = self.0.split('/');
        let mut route = Map::new();
        loop {
            match (mine.next(), given.next()) {
                (None, None) => return Some(route),
                (Some(mine), Some(given)) => match mine.strip_prefix(PLACEHOLDER) {
                    Some(name) if !given.is_empty() => drop(route.insert(name.to_owned(), given.into())),
                    Some(_) => return None,
                    None if mine == given => {}
                    None => return None,
                },
                (Some(_), None) | (None, Some(_)) => return None,
            }
        }
    }
}

/// A path without slashes at its ends, as clients may write it.
pub(super) fn stripped(text: &str) -> &str {
    text.trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ServicePath {
        ServicePath::new(text).expect("a path")
    }

    fn matched(registered: &str, text: &str) -> Option<Map<String, Value>> {
        path(registered).matched(stripped(text).split('/'))
    }

    #[test]
    fn slashes_at_the_ends_do_not_count() {
        assert_eq!(path("/my/messages/").as_str(), "my/messages");
        assert!(matched("my/messages", "/my/messages/").is_some_and(|route| route.is_empty()));
        assert!(ServicePath::new("/").is_none() && ServicePath::new("a//b").is_none());
    }

    #[test]
    fn a_placeholder_stands_for_one_segment() {
        let route = matched("users/:userId/todos", "users/7/todos").expect("it matches");
        assert_eq!(route["userId"], "7");
        assert!(matched("users/:userId/todos", "users//todos").is_none());
        assert!(matched("users/:userId/todos", "users/7/todos/1").is_none());
        assert!(matched("users", "Users").is_none());
    }
}
