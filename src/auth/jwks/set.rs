//! The keys of a key set.
use crate::auth::keys::Key;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most keys taken from a set; more are ignored. A token without `kid` is tried with each.
const MAX_KEYS: usize = 64;

/// The keys of a set that verify tokens.
pub(in crate::auth) struct KeySet(Vec<Key>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a set. Keys of kinds unknown here are ignored, as RFC 7517, section 5, asks. Fails where it is no set.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(body)?;
        let known = document.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(KeySet(known.filter_map(|jwk| Key::from_jwk(&jwk)).take(MAX_KEYS).collect()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Verifies a token's signature. None: the set lacks the key that the token names. `Some(None)`: the signature does
    /// not match.
    pub fn open(&self, token: &str, algorithm: Algorithm, key_id: Option<&str>) -> Option<Option<Box<RawValue>>> {
        let open_with = |mut keys: Box<dyn Iterator<Item = &Key> + '_>| keys.find_map(|key| key.open(token, algorithm));
        let Some(key_id) = key_id else {
            return Some(open_with(Box::new(self.0.iter())));
        };
        let named = || self.0.iter().filter(move |key| key.id() == Some(key_id));
        if named().next().is_some() {
            return Some(open_with(Box::new(named())));
        }
        open_with(Box::new(self.0.iter().filter(|key| key.id().is_none()))).map(Some)
    }
}
