//! A publish as the API writes it: payloads, and the fields that publish and broadcast share.
use crate::types::{Json, ReplyError};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer};

/// The longest idempotency key and the longest version epoch in bytes: they are kept long after their publish.
pub const MAX_KEPT_TEXT: usize = 255;

/// Reads a payload that is there, `null` included; serde alone takes a null for an absent field.
pub fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// The payload out of the two fields it may stand in; `field` names the encoded one. Where both are given the plain one counts, and the other is not
/// looked at. Fails with 107 where the encoded one alone is given and is no JSON: binary stays out of user channels
/// (decision 8).
pub fn payload(plain: Option<Json>, encoded: Option<String>, field: &str) -> Result<Option<Json>, ReplyError> {
    let encoded = encoded.filter(|encoded| !encoded.is_empty());
    match (plain, encoded) {
        (None, Some(encoded)) => {
            let wrong = |why: String| ReplyError::bad_field(field, why);
            let bytes =
                BASE64_STANDARD.decode(encoded).map_err(|error| wrong(format!("is not valid base64: {error}")))?;
            Json::parse(bytes.into()).map(Some).map_err(|_| wrong("does not hold valid JSON".to_owned()))
        }
        (plain, _) => Ok(plain),
    }
}

/// As [`payload`], for what is shown of a user, where `null` says nothing.
pub fn shown(plain: Option<Json>, encoded: Option<String>, field: &str) -> Result<Option<Json>, ReplyError> {
    Ok(payload(plain, encoded, field)?.filter(|info| !info.is_null()))
}

/// Checks a text that is kept. Fails with 107 where it is too long.
pub fn kept(field: &str, text: &Option<String>) -> Result<(), ReplyError> {
    match text.as_ref().is_some_and(|text| text.len() > MAX_KEPT_TEXT) {
        true => Err(ReplyError::bad_field(field, format_args!("is longer than {MAX_KEPT_TEXT} bytes"))),
        false => Ok(()),
    }
}

/// A request that publishes: `$where` says where to, the rest is the same for one channel and for many.
macro_rules! draft {
    ($(#[$about:meta])* pub struct $name:ident { $(#[$field:meta])* $where:ident: $type:ty }) => {
        $(#[$about])*
        #[derive(serde::Deserialize, utoipa::ToSchema)]
        pub struct $name {
            $(#[$field])*
            $where: Option<$type>,
            /// The payload: any JSON, `null` included. It reaches listeners as it is written here, but for line breaks.
            #[serde(default, deserialize_with = "crate::api::draft::given")]
            #[schema(value_type = Option<serde_json::Value>)]
            data: Option<crate::types::Json>,
            /// The payload in base64, where `data` is left out; it must be JSON too.
            b64data: Option<String>,
            /// Do not keep the event in the channel's history.
            skip_history: Option<bool>,
            /// Short texts that listeners may filter by.
            #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
            tags: Option<crate::types::Tags>,
            /// Names this publish, at most 255 bytes: another one with the same key in the same channel within five
            /// minutes is answered as the first one was, and does nothing.
            idempotency_key: Option<String>,
            /// The version of the state that the event carries, from 1: one that is not greater than the channel's last is
            /// answered with the channel's position, and not delivered.
            version: Option<u64>,
            /// Names a life of the versions, at most 255 bytes; a new one begins anew.
            version_epoch: Option<String>,
            /// Answer what became of the event: how many listeners got it, and why others did not. Waits 2 s at most for other nodes and
            /// for views that decide later.
            account: Option<bool>,
        }

        impl $name {
            fn request(self) -> Result<crate::broker::PublishRequest, crate::types::ReplyError> {
                use crate::types::ReplyError;
                let key = self.idempotency_key.filter(|key| !key.is_empty());
                crate::api::draft::kept("idempotency_key", &key)?;
                crate::api::draft::kept("version_epoch", &self.version_epoch)?;
                let data = crate::api::draft::payload(self.data, self.b64data, "b64data")?;
                let data = data.ok_or_else(|| ReplyError::missing_field("data"))?;
                let version = self.version.filter(|version| *version > 0);
                Ok(crate::broker::PublishRequest {
                    tags: self.tags,
                    skip_history: self.skip_history.unwrap_or_default(),
                    idempotency_key: key,
                    version: version.map(|version| (version, self.version_epoch.unwrap_or_default())),
                    ..crate::broker::PublishRequest::new(data)
                })
            }
        }
    };
}
pub(super) use draft;
