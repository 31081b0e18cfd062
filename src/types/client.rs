//! What others may see of a session.
use super::Json;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// A session's id, unique across nodes; the centrifuge wire calls it the client id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new random id.
    pub fn random() -> Self {
        SessionId(Uuid::new_v4())
    }

    /// Parses the text form (a UUID); none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(SessionId)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        SessionId::parse(&text).ok_or_else(|| D::Error::custom("a session's id is a UUID"))
    }
}

/// Who published, joined, left or is present: what the centrifuge protocol calls ClientInfo.
#[derive(Clone, Debug, Serialize)]
pub struct ClientInfo {
    /// The user; empty for an anonymous session.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user: Arc<str>,
    /// The session.
    pub client: SessionId,
    /// What the connection token said about the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conn_info: Option<Json>,
    /// What the subscription token said about the user in this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chan_info: Option<Json>,
}

impl ClientInfo {
    /// The bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let infos = self.conn_info.iter().chain(&self.chan_info).map(|info| info.bytes().len());
        self.user.len() + infos.sum::<usize>()
    }
}
