//! What a client sends when it connects to a namespace.
use crate::protocol::Resume;
use crate::protocol::socketio::read_offset;
use crate::types::Json;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The payload of a CONNECT, as far as it is the broker's matter. A value of another type than a string is the
/// application's own.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ConnectAuth<'a> {
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    pid: Option<&'a RawValue>,
    #[serde(borrow)]
    offset: Option<&'a RawValue>,
}

impl<'a> ConnectAuth<'a> {
    /// Reads the payload; what cannot be read, such as an object with the same key twice, says nothing.
    pub(super) fn read(auth: Option<&'a Json>) -> Self {
        auth.and_then(|auth| auth.read().ok()).unwrap_or_default()
    }

    /// A connection token; none where the client brings none here.
    pub(super) fn token(&self) -> Option<String> {
        text(self.token)
    }

    /// The session that the client wants back. It says no place where it got no event yet; one that makes no sense is no
    /// wish to come back.
    pub(super) fn resume(&self) -> Option<Resume> {
        let key = text(self.pid)?;
        let since = match self.offset.filter(|raw| raw.get() != "null") {
            Some(_) => Some(read_offset(&text(self.offset)?)?),
            None => None,
        };
        Some(Resume { key, since })
    }
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &'static str) -> Json {
        Json::parse(text.into()).expect("valid JSON")
    }

    #[test]
    fn a_token_is_a_string_and_nothing_else() {
        let (said, odd) = (json(r#"{"token":"a\u0062","x":[1]}"#), json(r#"{"token":5}"#));
        assert_eq!(ConnectAuth::read(Some(&said)).token().as_deref(), Some("ab"));
        assert_eq!(ConnectAuth::read(Some(&odd)).token(), None);
        assert_eq!(ConnectAuth::read(None).token(), None);
    }

    #[test]
    fn a_client_comes_back_with_a_place_that_makes_sense_or_without_one() {
        let resume = |text: &'static str| ConnectAuth::read(Some(&json(text))).resume();
        assert_eq!(resume(r#"{"pid":"p","offset":"7-e"}"#).unwrap().since.unwrap().position.offset, 7);
        assert!(resume(r#"{"pid":"p"}"#).unwrap().since.is_none());
        assert!(resume(r#"{"pid":"p","offset":"x"}"#).is_none());
        assert!(resume(r#"{"pid":5,"offset":"7-e"}"#).is_none());
        assert!(resume(r#"{"offset":"7-e"}"#).is_none());
    }
}
