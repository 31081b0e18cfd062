//! The frames of the events wire, as Backstage's events backend used them (backstage/backstage#18071).
use bytestring::ByteString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a client sends.
#[derive(Serialize)]
#[serde(tag = "command", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum Command<'a, T = ()> {
    /// A backend's first frame.
    Register { plugin_id: &'a str },
    Publish {
        plugin_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        target_entity_refs: Option<&'a [String]>,
        /// Also for users who subscribe later.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        keep: bool,
        /// Asks what became of the event, under this name.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<&'a str>,
        data: &'a T,
    },
    Subscribe {
        plugin_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<&'a str>,
    },
    Unsubscribe {
        plugin_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<&'a str>,
    },
}

impl<T: Serialize> Command<'_, T> {
    /// The text of the frame; fails where the data is nothing that JSON can write.
    pub(super) fn frame(&self) -> Result<ByteString, serde_json::Error> {
        serde_json::to_string(self).map(ByteString::from)
    }
}

/// What the broker sends, whatever its command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Received<'a> {
    /// `publish` for an event, `error` for what was refused, `account` for what became of an event.
    #[serde(borrow)]
    pub(super) command: Cow<'a, str>,
    /// Of an event: the plugin that published it.
    #[serde(borrow, default)]
    pub(super) plugin_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) topic: Option<Cow<'a, str>>,
    #[serde(borrow, default = "null")]
    pub(super) data: &'a RawValue,
    /// Of an error: the command.
    #[serde(borrow, default)]
    pub(super) refused: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) code: u32,
    #[serde(borrow, default)]
    pub(super) message: Option<Cow<'a, str>>,
    /// Of an account, and of the refusal of a publish that asked for one: its name.
    #[serde(borrow, default)]
    account: Option<&'a RawValue>,
}

impl Received<'_> {
    /// The name under which a publish asked for its account; none where it did not.
    pub(super) fn account(&self) -> Option<String> {
        serde_json::from_str(self.account?.get()).ok()
    }
}

fn null() -> &'static RawValue {
    RawValue::NULL
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_publish_says_only_what_it_has_beside_its_data() {
        let data = RawValue::from_string("1.10".into()).unwrap();
        let all = Command::Publish {
            plugin_id: "catalog",
            topic: None,
            target_entity_refs: None,
            keep: false,
            account: None,
            data: &data,
        };
        assert_eq!(&*all.frame().unwrap(), r#"{"command":"publish","pluginId":"catalog","data":1.10}"#);
        let refs = ["user:default/john.doe".to_owned()];
        let data = json!({"a": null});
        let (topic, target_entity_refs) = (Some("t"), Some(&refs[..]));
        let account = Some("1");
        let some =
            Command::Publish { plugin_id: "catalog", topic, target_entity_refs, keep: true, account, data: &data };
        let wanted = r#"{"command":"publish","pluginId":"catalog","topic":"t","targetEntityRefs":["user:default/john.doe"],"keep":true,"account":"1","data":{"a":null}}"#;
        assert_eq!(&*some.frame().unwrap(), wanted);
    }

    #[test]
    fn an_event_keeps_its_data_as_it_is_written() {
        let text =
            r#"{"command":"publish","pluginId":"cat\"alog","topic":null,"data":{ "n":12345678901234567890.10 }}"#;
        let event: Received = serde_json::from_str(text).unwrap();
        assert_eq!(
            (event.plugin_id.as_deref(), event.topic, event.data.get()),
            (Some("cat\"alog"), None, r#"{ "n":12345678901234567890.10 }"#)
        );
        let bare: Received = serde_json::from_str(r#"{"command":"publish","pluginId":"p"}"#).unwrap();
        assert_eq!(bare.data.get(), "null");
    }
}
