//! The parts of a token as text: its header before it is verified, its claims as they were signed.
use super::authenticator::{MAX_TOKEN, TokenError};
use super::keys;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a token says about its own signature, before it is verified: it picks among the keys, never their kind.
pub(super) struct Header {
    /// How it says it is signed: one of those that are verified here.
    pub algorithm: Algorithm,
    /// The name of its key (`kid`).
    pub key_id: Option<String>,
    /// What kind of token it says it is (`typ`).
    pub kind: Option<String>,
}

impl Header {
    /// Reads the header. Fails where the token is longer than [`MAX_TOKEN`], is no JWT, or is one that is never verified here.
    pub fn of(token: &str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Invalid("longer than 16 KiB"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| {
            TokenError::Invalid(match part(token, 0).is_some_and(|header| header.starts_with(MARK)) {
                true => "its header begins with a byte order mark, which is not valid JSON",
                false => "not a JWT, or of an unknown algorithm",
            })
        })?;
        // What `crit` lists must be understood or the token refused (RFC 7515, section 4.1.11); we understand none.
        if header.crit.is_some() {
            return Err(TokenError::Invalid("it asks for extensions (crit)"));
        }
        let algorithm =
            keys::accepted(header.alg).ok_or(TokenError::Invalid("its algorithm is not one that is verified here"))?;
        Ok(Header { algorithm, key_id: header.kid, kind: header.typ })
    }
}

/// The claims of a token whose signature was verified. Fails where one is of a wrong type or stands in it twice.
pub(super) fn claims<C: DeserializeOwned>(opened: &RawValue) -> Result<C, TokenError> {
    serde_json::from_str(opened.get()).map_err(|error| wrong_claim(&error))
}

/// Claims that nothing vouches for, since the signature was not verified: good for choosing among keys, and for nothing else.
pub(super) fn unverified<C: DeserializeOwned>(token: &str) -> Result<C, TokenError> {
    let claims = part(token, 1).ok_or(TokenError::Invalid("not a JWT"))?;
    serde_json::from_slice::<C>(&claims).map_err(|error| match serde_json::from_slice::<IgnoredAny>(&claims) {
        Err(_) if claims.starts_with(MARK) => {
            TokenError::Invalid("its claims begin with a byte order mark, which is not valid JSON")
        }
        Err(_) => TokenError::Invalid("its claims are not valid JSON"),
        Ok(_) => wrong_claim(&error),
    })
}

/// Why no key opens a token with claims of this kind: they cannot be read, or else its signature does not match.
pub(super) fn bad_signature<C: DeserializeOwned>(token: &str) -> TokenError {
    unverified::<C>(token).err().unwrap_or(TokenError::Invalid("the signature does not match"))
}

/// A part of a token as it is before base64: 0 the header, 1 the claims. None where it is no base64.
fn part(token: &str, number: usize) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(number)?).ok()
}

/// Why claims cannot be read.
fn wrong_claim(error: &serde_json::Error) -> TokenError {
    TokenError::Invalid(match error.to_string().starts_with("duplicate field") {
        true => "a claim stands in it twice",
        false => "a claim is of the wrong type",
    })
}
