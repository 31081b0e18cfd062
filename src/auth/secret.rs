//! Config values that must not be shown, and values that may be one or several.
use super::Error;
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

/// What stands in place of a secret wherever a config is shown.
const REDACTED: &str = "[redacted]";

/// A secret text. `Debug` and `Serialize` show `[redacted]`; only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Refuses the placeholder: a printed config that is loaded again would otherwise have a secret that all know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text == REDACTED {
            true => Err(de::Error::custom("\"[redacted]\" only stands in place of a secret; put the secret itself")),
            false => Ok(Secret(text)),
        }
    }
}

/// A config value that is written as one string or as a list of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(Vec<T>);

impl<T> OneOrMany<T> {
    /// The values, in the order they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany(Vec::new())
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(values: Vec<T>) -> Self {
        OneOrMany(values)
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let one: StrDeserializer<'_, E> = de::IntoDeserializer::into_deserializer(text);
        Ok(OneOrMany(vec![T::deserialize(one)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(OneOrMany(values))
    }

    // An environment variable made of digits arrives as a number; serde's own message would show it, secret or not.
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom("a number where a string or a list of strings belongs; put it in quotes"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        self.visit_u64(0)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        self.visit_u64(0)
    }
}

/// Gathers the secrets of a key and of the key that names files; `key` and `file_key` are named in errors. A file's
/// surrounding white space is not part of the secret.
pub(super) fn gather(
    (key, secrets): (&'static str, &OneOrMany<Secret>),
    (file_key, files): (&'static str, &OneOrMany<PathBuf>),
) -> Result<Vec<Secret>, Error> {
    let mut all = Vec::new();
    for secret in secrets.iter() {
        all.push(not_empty(key, secret.clone())?);
    }
    for path in files.iter() {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            key: file_key,
            path: path.clone(),
            source,
        })?;
        all.push(not_empty(file_key, Secret::new(text.trim()))?);
    }
    Ok(all)
}

fn not_empty(key: &'static str, secret: Secret) -> Result<Secret, Error> {
    match secret.expose().is_empty() {
        true => Err(Error::value(key, "a secret must not be empty; leave the key out for none")),
        false => Ok(secret),
    }
}
