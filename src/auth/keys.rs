//! Keys that verify tokens.
use super::secret::gather;
use super::{Config, Error, OneOrMany};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde_json::value::RawValue;
use std::path::PathBuf;

/// The least RSA modulus in bytes: 2048 bits (RFC 7518, section 3.3).
const MIN_RSA_BYTES: usize = 256;
/// How a PEM text begins; a config value without it is a path.
const PEM_BEGINS: &str = "-----BEGIN";

/// A key with what limits its use.
#[derive(Clone)]
pub(super) struct Key {
    decoding: DecodingKey,
    id: Option<String>,
    only: Option<Algorithm>,
}

impl Key {
    /// Whether the token's algorithm is one of those that this kind of key verifies.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.decoding.family() == algorithm.family() && self.only.is_none_or(|only| only == algorithm)
    }

    /// The name of the key in its set (`kid`).
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The token's claims if this key verifies its signature. Nothing but the signature is checked.
    pub fn open(&self, token: &str, algorithm: Algorithm) -> Option<Box<RawValue>> {
        if !self.fits(algorithm) {
            return None;
        }
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &self.decoding, &validation).ok().map(|token| token.claims)
    }

    /// A shared secret of any bytes, for HS256 alone.
    pub fn hs256(secret: &[u8]) -> Self {
        Key { decoding: DecodingKey::from_secret(secret), id: None, only: Some(Algorithm::HS256) }
    }

    /// A key of a key set; none for keys of the symmetric kind, for other uses, and for what we do not verify.
    pub fn from_jwk(jwk: &Jwk) -> Option<Self> {
        if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_))
            || jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature)
            || !is_strong(jwk)
        {
            return None;
        }
        let only = match jwk.common.key_algorithm {
            Some(named) => Some(accepted(Algorithm::try_from(named).ok()?)?),
            None => None,
        };
        Some(Key { decoding: DecodingKey::from_jwk(jwk).ok()?, id: jwk.common.key_id.clone(), only })
    }
}

/// The algorithm, if it is one that we verify. There is no `none` among the library's algorithms.
pub(super) fn accepted(algorithm: Algorithm) -> Option<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, RS256, RS384, RS512};
    matches!(algorithm, HS256 | HS384 | HS512 | RS256 | RS384 | RS512 | ES256 | ES384 | EdDSA).then_some(algorithm)
}

/// The keys that a config holds itself. Reads the files it names.
pub(super) fn configured(config: &Config) -> Result<Vec<Key>, Error> {
    let mut keys = hmac(config)?;
    keys.extend(public("auth.rsa_public_key", &config.rsa_public_key, AlgorithmFamily::Rsa)?);
    keys.extend(public("auth.ecdsa_public_key", &config.ecdsa_public_key, AlgorithmFamily::Ec)?);
    keys.extend(public("auth.eddsa_public_key", &config.eddsa_public_key, AlgorithmFamily::Ed)?);
    Ok(keys)
}

fn hmac(config: &Config) -> Result<Vec<Key>, Error> {
    let secrets = hmac_secrets(config)?.into_iter();
    Ok(secrets
        .map(|secret| Key { decoding: DecodingKey::from_secret(secret.expose().as_bytes()), id: None, only: None })
        .collect())
}

/// The HMAC secrets of a config, in order. A PEM text among them is refused: a public key is no secret.
pub(super) fn hmac_secrets(config: &Config) -> Result<Vec<super::Secret>, Error> {
    let secrets =
        gather(("auth.hmac_secret", &config.hmac_secret), ("auth.hmac_secret_file", &config.hmac_secret_file))?;
    match secrets.iter().any(|secret| secret.expose().contains(PEM_BEGINS)) {
        true => {
            Err(Error::value("auth.hmac_secret", "a PEM key is no HMAC secret; public keys have keys of their own"))
        }
        false => Ok(secrets),
    }
}

/// The secret that signs tokens; none where there is none. Fails as the others do.
pub fn first_secret(config: &Config) -> Result<Option<super::Secret>, Error> {
    Ok(hmac_secrets(config)?.into_iter().next())
}

fn public(key: &'static str, values: &OneOrMany<String>, family: AlgorithmFamily) -> Result<Vec<Key>, Error> {
    values.iter().map(|value| public_key(key, &pem_text(key, value)?, family)).collect()
}

fn pem_text(key: &'static str, value: &str) -> Result<String, Error> {
    match value.contains(PEM_BEGINS) {
        true => Ok(value.to_owned()),
        false => {
            std::fs::read_to_string(value).map_err(|source| Error::File { key, path: PathBuf::from(value), source })
        }
    }
}

/// The public keys of a config key that takes any kind: ECDSA, RSA or Ed25519, as PEM text or path. Reads the files it names.
pub(super) fn public_of_any_kind(key: &'static str, values: &OneOrMany<String>) -> Result<Vec<Key>, Error> {
    let read = |value: &String| {
        let pem = pem_text(key, value)?;
        let families = [AlgorithmFamily::Ec, AlgorithmFamily::Rsa, AlgorithmFamily::Ed];
        let family = families.into_iter().find(|family| decoding_key(&pem, *family).is_some());
        public_key(key, &pem, family.ok_or_else(|| Error::value(key, "not the PEM of a public key"))?)
    };
    values.iter().map(read).collect()
}

fn public_key(key: &'static str, pem: &str, family: AlgorithmFamily) -> Result<Key, Error> {
    let kind = match family {
        AlgorithmFamily::Rsa => "RSA",
        AlgorithmFamily::Ec => "ECDSA P-256 or P-384",
        _ => "Ed25519",
    };
    let (decoding, jwk) = decoding_key(pem, family)
        .ok_or_else(|| Error::value(key, format!("not the PEM of a public key of the kind {kind}")))?;
    match is_strong(&jwk) {
        true => Ok(Key { decoding, id: None, only: None }),
        false => Err(Error::value(key, "an RSA key must have at least 2048 bits")),
    }
}

/// Reads a PEM, which does not read the key in it: writing that as a JWK does.
fn decoding_key(pem: &str, family: AlgorithmFamily) -> Option<(DecodingKey, Jwk)> {
    let parsed = match family {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem(pem.as_bytes()),
        _ => DecodingKey::from_ed_pem(pem.as_bytes()),
    };
    let decoding = parsed.ok()?;
    let jwk = Jwk::from_decoding_key(&decoding, None).ok()?;
    Some((decoding, jwk))
}

/// Whether an RSA key is long enough; keys of other kinds have one length.
fn is_strong(jwk: &Jwk) -> bool {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => rsa.n.len() * 3 / 4 >= MIN_RSA_BYTES,
        _ => true,
    }
}
