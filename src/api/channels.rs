//! `channels`: which channels have listeners.
use super::method::Method;
use crate::broker::Node;
use crate::types::ReplyError;
use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The longest pattern in bytes: a name is no longer by default, and a pattern is compiled.
const MAX_PATTERN: usize = 255;
/// The most channels that one answer lists.
const MAX_LISTED: usize = 100_000;

/// Asks for the channels that have listeners.
#[derive(Deserialize, ToSchema)]
pub struct Channels {
    /// Only those whose name matches: `*` stands for any characters, `?` for one, `[a-z]` for one of them, `{a,b}` for
    /// either; at most 255 bytes. Left out or empty: all.
    pattern: Option<String>,
}

/// The channels that have listeners.
#[derive(Serialize, ToSchema)]
pub struct Listened {
    /// By name; error 106 instead where there are more than 100,000.
    channels: BTreeMap<String, ChannelNumbers>,
    /// The ids of nodes that did not answer; left out where all did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// The numbers of a channel.
#[derive(Serialize, ToSchema)]
pub struct ChannelNumbers {
    /// Sessions that listen.
    num_clients: usize,
}

impl Method for Channels {
    type Result = Listened;
    const NAME: &'static str = "channels";
    const SUMMARY: &'static str = "Lists the channels that have listeners";
    const REQUEST: &'static str = r#"{"pattern":"chat:*"}"#;
    const RESULT: &'static str = r#"{"channels":{"chat:1":{"num_clients":2}}}"#;

    async fn answer(self, node: &Node) -> Result<Listened, ReplyError> {
        let pattern = self.pattern.filter(|pattern| !pattern.is_empty());
        let matcher = pattern.as_deref().map(matcher).transpose()?;
        let occupied = node.everywhere().channels().await?;
        let missing = occupied.missing;
        let meant = occupied
            .value
            .into_iter()
            .filter(|(name, _)| matcher.as_ref().is_none_or(|matcher| matcher.is_match(name)))
            .take(MAX_LISTED + 1)
            .map(|(name, num_clients)| (name, ChannelNumbers { num_clients }));
        let channels: BTreeMap<_, _> = meant.collect();
        // Part of a list looks like the whole of it, so none is given.
        (channels.len() <= MAX_LISTED).then_some(Listened { channels, missing }).ok_or(ReplyError::LIMIT_EXCEEDED)
    }
}

/// Fails with 107 where the pattern is none.
fn matcher(pattern: &str) -> Result<GlobMatcher, ReplyError> {
    if pattern.len() > MAX_PATTERN {
        return Err(ReplyError::bad_field("pattern", format_args!("is longer than {MAX_PATTERN} bytes")));
    }
    let glob = GlobBuilder::new(pattern).literal_separator(false).backslash_escape(true).build();
    let wrong =
        |error: globset::Error| ReplyError::bad_field("pattern", format_args!("is not valid: {}", error.kind()));
    Ok(glob.map_err(wrong)?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, matches) in [
            ("chat:*", "chat:1", true),
            ("chat:*", "chat:a/b:c", true),
            ("chat:*", "a chat:1", false),
            ("*", "anything.at/all", true),
            ("room-?", "room-1", true),
            ("room-?", "room-12", false),
            ("room-[!1]", "room-2", true),
            ("{a,b}*", "b1", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
        ] {
            assert_eq!(matcher(pattern).unwrap().is_match(name), matches, "{pattern} for {name}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_a_bad_request() {
        for wrong in ["[", "{a", "a\\", &"*".repeat(256)] {
            let error = matcher(wrong).expect_err(wrong);
            assert!(error.code == 107 && error.message.starts_with("bad request: field \"pattern\" is "), "{error}");
        }
    }
}
