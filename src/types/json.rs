//! Raw JSON: subscribers get what the publisher wrote byte for byte, except for line breaks (decision 9).
use super::{Fault, ReplyError};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// One valid JSON value as text, with no line break outside its strings. Shared, cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Bytes);

/// Payloads below this many bytes are copied: they may stand in a read buffer of about this size with others.
const SHARED_FROM: usize = 16 * 1024;

/// Why bytes are no JSON value.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8, which JSON between programs must be (RFC 8259, section 8.1).
    #[error("not valid JSON: it is not UTF-8")]
    NotUtf8,
    /// Not JSON, or not of the type that was asked for.
    #[error("not valid JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A value of ours that cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Unwritable(serde_json::Error),
}

/// For handlers, which read what a client sent and write what it is answered: `?` makes of what cannot be read error 107 with the
/// reason, and of what cannot be written, which is no fault of the client's, error 100.
impl From<JsonError> for ReplyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotUtf8 | JsonError::Syntax(_) => {
                ReplyError { message: format!("bad request: {error}").into(), ..ReplyError::BAD_REQUEST }
            }
            JsonError::Unwritable(_) => ReplyError::INTERNAL,
        }
    }
}

/// As [`ReplyError`] is made of it.
impl From<JsonError> for Fault {
    fn from(error: JsonError) -> Self {
        Fault::Reply(error.into())
    }
}

impl Json {
    /// Checks bytes that nobody has parsed yet.
    pub fn parse(bytes: Bytes) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(&bytes).map_err(|_| JsonError::NotUtf8)?;
        serde_json::from_str::<IgnoredAny>(text)?;
        Ok(Self::on_one_line(bytes))
    }

    /// Takes a value that serde has just parsed out of `frame`: shared where it is large and makes up most of the frame,
    /// copied where keeping it would keep alive the buffer that many small frames were read into.
    pub fn of(raw: &RawValue, frame: &Bytes) -> Self {
        let text = raw.get().as_bytes();
        let inside = frame.as_ptr_range().contains(&text.as_ptr());
        match inside && text.len() >= SHARED_FROM && text.len() * 2 >= frame.len() {
            true => Self::on_one_line(frame.slice_ref(text)),
            false => Self::on_one_line(Bytes::copy_from_slice(text)),
        }
    }

    /// A value that serde has parsed out of this one: shared, whatever its size.
    pub fn within(&self, raw: &RawValue) -> Self {
        let text = raw.get().as_bytes();
        match self.0.as_ptr_range().contains(&text.as_ptr()) {
            // It stands on one line already.
            true => Json(self.0.slice_ref(text)),
            false => Self::copied(raw),
        }
    }

    /// Copies a value that serde has parsed.
    pub fn copied(raw: &RawValue) -> Self {
        Self::on_one_line(Bytes::copy_from_slice(raw.get().as_bytes()))
    }

    /// Writes a value as JSON. Fails where serde cannot: a map whose keys are no strings, or a failing `Serialize`.
    pub fn write(value: &impl Serialize) -> Result<Self, JsonError> {
        serde_json::to_vec(value).map(|text| Json(text.into())).map_err(JsonError::Unwritable)
    }

    /// An array of these values.
    pub fn array(items: &[&Json]) -> Self {
        let length = items.iter().map(|item| item.0.len() + 1).sum::<usize>() + 2;
        let mut text = Vec::with_capacity(length);
        text.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&item.0);
        }
        text.push(b']');
        Json(text.into())
    }

    /// `null`.
    pub fn null() -> Self {
        Json(Bytes::from_static(b"null"))
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        &self.0[..] == b"null"
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("JSON that serde accepted is UTF-8")
    }

    /// The text's bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Reads the value as a type.
    pub fn read<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        Ok(serde_json::from_slice(&self.0)?)
    }

    /// A frame of the centrifuge wire is split at line breaks, so none may stand in a payload. In valid JSON a raw line
    /// break is always between tokens: inside a string it must be escaped (RFC 8259, section 7).
    fn on_one_line(bytes: Bytes) -> Self {
        let is_break = |b: &u8| matches!(b, b'\n' | b'\r');
        match memchr::memchr2(b'\n', b'\r', &bytes).is_some() {
            false => Json(bytes),
            true => Json(bytes.iter().filter(|b| !is_break(b)).copied().collect()),
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_slice::<&RawValue>(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Json::copied(&Box::<RawValue>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_between_tokens_are_taken_out_and_those_in_strings_stay() {
        let pretty = Json::parse(Bytes::from_static(b"{\n  \"a\": \"x\\ny\"\r\n}")).unwrap();
        assert_eq!(pretty.as_str(), "{  \"a\": \"x\\ny\"}");
    }

    #[test]
    fn a_payload_passes_byte_for_byte() {
        let text = r#"{ "n": 12345678901234567890.10,"e":"\u00e9" }"#;
        assert_eq!(Json::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap().as_str(), text);
    }

    #[test]
    fn an_array_of_values_is_json_again() {
        let (one, other) = (Json::parse(Bytes::from_static(b"{\"a\": 1}")).unwrap(), Json::null());
        assert_eq!(Json::array(&[&one, &other]).as_str(), "[{\"a\": 1},null]");
        assert_eq!(Json::array(&[]).as_str(), "[]");
    }

    #[test]
    fn bytes_that_are_no_json_are_refused() {
        assert!(Json::parse(Bytes::from_static(b"{")).is_err());
        assert!(Json::parse(Bytes::from_static(b"1 2")).is_err());
        assert!(Json::parse(Bytes::from_static(b"\"\xff\"")).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_the_clients_fault_and_what_cannot_be_written_is_ours() {
        let read = |text: &'static str| -> Result<u8, Fault> { Ok(Json::parse(text.into())?.read()?) };
        assert_eq!(read("7"), Ok(7));
        for (text, why) in [("\"seven\"", "invalid type"), ("{", "EOF")] {
            let Err(Fault::Reply(error)) = read(text) else { panic!("{text} is read") };
            assert_eq!(error.code, 107);
            assert!(error.message.starts_with("bad request: ") && error.message.contains(why), "{error:?}");
        }
        let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(Json::write(&unwritable).map_err(ReplyError::from), Err(ReplyError::INTERNAL));
    }
}
