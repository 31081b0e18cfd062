//! Error 102 in words, for Rust programs: the namespace of a channel, and the name that was probably meant.
use super::Channels;
use crate::types::{ChannelName, ReplyError};

impl Channels<'_> {
    /// The same error, but for 102, which says what to change. Clients are told the error's own words alone.
    pub(crate) fn explained(self, channel: &str, error: ReplyError) -> ReplyError {
        match error == ReplyError::UNKNOWN_CHANNEL {
            true => ReplyError { message: self.unknown(channel).into(), ..error },
            false => error,
        }
    }

    fn unknown(self, channel: &str) -> String {
        if let Some((namespace, _)) = channel.split_once(':') {
            return format!("unknown channel: the config has no [[namespace]] with name = {namespace:?}");
        }
        let nameless = "a channel without a colon is in the namespace \"\", which the config does not have";
        let named = ChannelName::user(&format!("{channel}:"), usize::MAX).ok().and_then(|name| self.namespace(&name));
        match named {
            Some(_) => {
                format!("unknown channel: {nameless}; those of the namespace {channel:?} are called `{channel}:…`")
            }
            None => format!("unknown channel: {nameless}; add a [[namespace]] with name = \"\""),
        }
    }
}
