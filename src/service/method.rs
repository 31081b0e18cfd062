//! The methods of services, and the events that follow them.
use super::error::ServiceError;
use smol_str::SmolStr;
use std::fmt;

/// A method of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Method {
    /// Some documents.
    Find,
    /// One document.
    Get,
    /// New documents.
    Create,
    /// Another document in the place of one.
    Update,
    /// Changes to one document or to several.
    Patch,
    /// The end of one document or of several.
    Remove,
    /// One of the application's own.
    Custom(SmolStr),
}

/// The events that clients may listen to without the service naming them.
pub const STANDARD_EVENTS: [&str; 4] = ["created", "updated", "patched", "removed"];

/// Names that no custom method may have: Feathers has members of these names on every service, and the last two are events that a client
/// cannot emit. Source: `protectedMethods` of `@feathersjs/feathers` 5.
const PROTECTED: [&str; 26] = [
    "all",
    "around",
    "before",
    "after",
    "error",
    "hooks",
    "setup",
    "teardown",
    "publish",
    "addListener",
    "on",
    "once",
    "off",
    "prependListener",
    "prependOnceListener",
    "removeListener",
    "removeAllListeners",
    "setMaxListeners",
    "getMaxListeners",
    "emit",
    "eventNames",
    "listeners",
    "rawListeners",
    "listenerCount",
    "connection",
    "disconnect",
];

impl Method {
    /// Those that every service may have.
    pub const STANDARD: [Method; 6] =
        [Method::Find, Method::Get, Method::Create, Method::Update, Method::Patch, Method::Remove];

    /// The method of this name.
    pub fn named(name: &str) -> Self {
        let standard = Self::STANDARD.into_iter().find(|method| method.name() == name);
        standard.unwrap_or_else(|| Method::Custom(name.into()))
    }

    /// A custom method of this name for the service at `path`. Fails where Feathers has a member of that name on each service.
    pub(super) fn custom(name: &str, path: &str) -> Result<Self, ServiceError> {
        match Self::named(name) {
            Method::Custom(name) if !PROTECTED.contains(&name.as_str()) => Ok(Method::Custom(name)),
            _ => Err(ServiceError::general_error(format!(
                "'{name}' on service '{path}' is not allowed as a custom method name"
            ))),
        }
    }

    /// Its name, as clients call it.
    pub fn name(&self) -> &str {
        match self {
            Method::Find => "find",
            Method::Get => "get",
            Method::Create => "create",
            Method::Update => "update",
            Method::Patch => "patch",
            Method::Remove => "remove",
            Method::Custom(name) => name,
        }
    }

    /// The event that follows its success; none where none does.
    pub fn event(&self) -> Option<&'static str> {
        match self {
            Method::Create => Some("created"),
            Method::Update => Some("updated"),
            Method::Patch => Some("patched"),
            Method::Remove => Some("removed"),
            Method::Find | Method::Get | Method::Custom(_) => None,
        }
    }

    /// How many arguments it has before its query.
    pub(super) fn arguments(&self) -> usize {
        match self {
            Method::Find => 0,
            Method::Get | Method::Create | Method::Remove | Method::Custom(_) => 1,
            Method::Update | Method::Patch => 2,
        }
    }

    /// Whether its first argument is an id.
    pub(crate) fn has_id(&self) -> bool {
        matches!(self, Method::Get | Method::Update | Method::Patch | Method::Remove)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The methods that something is for: one, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Every method.
    All,
    /// This one.
    One(Method),
}

impl Selector {
    /// Whether it selects this method by name.
    pub(super) fn is(&self, method: &Method) -> bool {
        matches!(self, Selector::One(one) if one == method)
    }
}

impl From<&str> for Selector {
    /// `all`, or the name of a method.
    fn from(name: &str) -> Self {
        match name {
            "all" => Selector::All,
            name => Selector::One(Method::named(name)),
        }
    }
}

impl From<Method> for Selector {
    fn from(method: Method) -> Self {
        Selector::One(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_method_cannot_take_a_name_that_feathers_needs() {
        let refused = Method::custom("hooks", "messages").expect_err("the name is taken");
        assert_eq!(refused.message, "'hooks' on service 'messages' is not allowed as a custom method name");
        assert!(Method::custom("find", "messages").is_err());
        assert_eq!(Method::custom("archive", "messages"), Ok(Method::Custom("archive".into())));
    }
}
