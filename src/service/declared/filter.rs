//! Rules that events pass, as the config writes them: `filter = { all = "connection.user != null" }`.
use crate::filter::expression::{Invalid, Rule};
use crate::service::filters::can_be_carried;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

/// The fields of `hook` that every event tells.
const TOLD: [&str; 3] = ["path", "method", "event"];

/// A rule that decides for each connection whether it gets an event. What it asks of the call goes with the event to all nodes, so
/// it names each field that it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRule {
    rule: Rule,
    fields: Vec<String>,
}

impl EventRule {
    /// Compiles a text. Fails where it is no rule, and where it asks for something of the call that no event carries: headers, whole
    /// documents, the call as a whole.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let rule = Rule::new(text)?;
        let fields = rule.expression().hook_fields()?.iter().filter(|field| !TOLD.contains(&field.as_str()));
        let fields: Vec<String> = fields.cloned().collect();
        match fields.iter().find(|field| !can_be_carried(field)) {
            Some(field) => Err(Invalid {
                line: 1,
                column: 1,
                message: format!(
                    "no event carries `hook.{field}`: name the id, or a member of the params such as `hook.params.user.id`; \
                     neither a header nor a whole document"
                ),
            }),
            None => Ok(EventRule { rule, fields }),
        }
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The fields of the call that its events carry.
    pub(in crate::service) fn fields(&self) -> &[String] {
        &self.fields
    }
}

impl Serialize for EventRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rule.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        EventRule::new(&String::deserialize(deserializer)?).map_err(Error::custom)
    }
}
