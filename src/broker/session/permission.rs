//! Whether a session may do something: a decision with its reason, for the caller and for the log.
use super::Session;
use crate::broker::{Namespace, Rule};
use crate::types::{ChannelName, Fault, IdentityKind, ReplyError};
use std::fmt;

/// Whether something is allowed, and on what ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    Allowed(Ground<'a>),
    Refused(Ground<'a>),
}

/// What a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground<'a> {
    /// The rule of the namespace.
    Rule(&'a Rule),
    /// The channel's name begins with `$`.
    Private,
    /// The channel's name lists users.
    Users,
}

impl Decision<'_> {
    pub fn is_allowed(self) -> bool {
        matches!(self, Decision::Allowed(_))
    }
}

impl<'a> Decision<'a> {
    fn of(is_allowed: bool, ground: Ground<'a>) -> Self {
        if is_allowed { Decision::Allowed(ground) } else { Decision::Refused(ground) }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, ground) = match self {
            Decision::Allowed(ground) => ("allowed", ground),
            Decision::Refused(ground) => ("refused", ground),
        };
        match ground {
            Ground::Rule(rule) => write!(f, "{word} by the rule `{rule}` of its namespace"),
            Ground::Private => write!(f, "{word}: a name with `$` asks for a subscription token"),
            Ground::Users => write!(f, "{word} by the users that its name lists"),
        }
    }
}

impl Session {
    /// What a rule says of this session, tokens aside.
    pub(super) fn under_rule<'a>(&self, rule: &'a Rule, channel: &ChannelName) -> Decision<'a> {
        let is_allowed = match rule {
            Rule::Nobody | Rule::Token => false,
            Rule::Scope(scope) => self.identity.scopes.contains(scope),
            // A guest may have a name, and is still nobody in particular.
            Rule::User => !self.identity.user.is_empty() && self.identity.kind != IdentityKind::Anonymous,
            Rule::Subscriber => self.subs.get(channel).is_some_and(|sub| sub.membership.is_some()),
            Rule::Anyone => true,
            Rule::Registered => self.registered.as_deref() == Some(channel),
        };
        Decision::of(is_allowed, Ground::Rule(rule))
    }

    /// The same for a session that listens, or is about to.
    pub(super) fn under_rule_as_listener<'a>(&self, rule: &'a Rule, channel: &ChannelName) -> Decision<'a> {
        match rule {
            Rule::Subscriber => Decision::Allowed(Ground::Rule(rule)),
            _ => self.under_rule(rule, channel),
        }
    }

    /// Whether it may subscribe without a token.
    pub(super) fn may_subscribe<'a>(&self, channel: &ChannelName, namespace: &'a Namespace) -> Decision<'a> {
        if channel.is_private() {
            return Decision::Refused(Ground::Private);
        }
        match channel.admitted_users() {
            Some(mut users) => {
                let is_named = !self.identity.user.is_empty() && users.any(|user| user == &*self.identity.user);
                Decision::of(is_named, Ground::Users)
            }
            None => self.under_rule(&namespace.subscribe, channel),
        }
    }

    /// Refuses where that was decided, and says why where somebody reads such lines.
    pub(super) fn hold_to(&self, decision: Decision<'_>, what: &str, channel: &ChannelName) -> Result<(), Fault> {
        if decision.is_allowed() {
            return Ok(());
        }
        if log::log_enabled!(log::Level::Debug) {
            let line = format_args!("{what} {channel} by session {} was {decision}", self.id);
            self.node().metrics().log_some(log::Level::Debug, "permission", line);
        }
        Err(ReplyError::PERMISSION_DENIED.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_says_what_it_rests_on() {
        let rule = Rule::Scope("editor".into());
        let refused = Decision::of(false, Ground::Rule(&rule));
        assert_eq!(refused.to_string(), "refused by the rule `scope:editor` of its namespace");
        assert_eq!(Decision::of(true, Ground::Users).to_string(), "allowed by the users that its name lists");
        assert!(!refused.is_allowed());
    }
}
