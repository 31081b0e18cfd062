//! Passwords, as they are stored: hashed with Argon2id. Hashes of bcrypt, as existing applications of Feathers have them, are verified
//! too.
//!
//! All of this takes tens of milliseconds of one core: it belongs on a thread of its own.
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::sync::LazyLock;

/// Bytes of a password at most. bcrypt looks at the first 72 only; Argon2id takes all of them.
pub const MAX_PASSWORD: usize = 1024;

/// The highest cost of a bcrypt hash that is verified: 2^16 rounds, some seconds.
const MAX_BCRYPT_COST: u32 = 16;
/// The most memory, in KiB, and the most passes of an Argon2 hash that is verified.
const MAX_MEMORY: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;

/// A password could not be hashed: the system has no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed")]
pub struct Unhashed;

/// Whether a password is the one of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It is not.
    Wrong,
    /// It is.
    Right,
    /// It is, and the hash is of an older kind: [`hash_password`] makes a better one.
    Outdated,
}

/// The hash of a password as it is stored: Argon2id with 19 MiB, 2 passes and a salt of its own, in the PHC format. Source: OWASP's
/// Password Storage Cheat Sheet.
pub fn hash_password(password: &str) -> Result<String, Unhashed> {
    hasher().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| Unhashed)
}

/// Whether a password is that of a stored hash. Where there is none, as for a user that is unknown, this takes as long as for a hash of
/// [`hash_password`], and the password is wrong. So it is for a hash that cannot be read.
pub fn verify_password(password: &str, hash: Option<&str>) -> Verified {
    match hash {
        Some(hash) if hash.starts_with("$2") => bcrypt(password, hash),
        Some(hash) => argon(password, hash).unwrap_or_else(|| nobodys(password)),
        None => nobodys(password),
    }
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn nobodys(password: &str) -> Verified {
    static HASH: LazyLock<Option<String>> = LazyLock::new(|| hash_password("the password of nobody").ok());
    if let Some(hash) = HASH.as_deref() {
        // Whatever it says: there is no such user.
        let _ = argon(password, hash);
    }
    Verified::Wrong
}

/// None where the hash cannot be read, or would take too much.
fn argon(password: &str, hash: &str) -> Option<Verified> {
    let read = PasswordHash::new(hash).ok()?;
    let params = Params::try_from(&read).ok()?;
    if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_PASSES {
        log::warn!("a stored password hash asks for more memory or passes than are given: its user cannot log in");
        return None;
    }
    let is_current = read.algorithm == Algorithm::Argon2id.ident()
        && params.m_cost() >= Params::DEFAULT_M_COST
        && params.t_cost() >= Params::DEFAULT_T_COST;
    // Compared in constant time by the library.
    Some(match (hasher().verify_password(password.as_bytes(), &read), is_current) {
        (Err(_), _) => Verified::Wrong,
        (Ok(()), true) => Verified::Right,
        (Ok(()), false) => Verified::Outdated,
    })
}

fn bcrypt(password: &str, hash: &str) -> Verified {
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|kind| hash.starts_with(kind));
    let cost = hash.get(4..6).and_then(|cost| cost.parse::<u32>().ok());
    if !is_known || cost.is_none_or(|cost| cost > MAX_BCRYPT_COST) {
        return nobodys(password);
    }
    // As `bcryptjs` does, it looks at the first 72 bytes.
    match bcrypt::verify(password, hash) {
        Ok(true) => Verified::Outdated,
        Ok(false) => Verified::Wrong,
        Err(_) => nobodys(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_by_its_own_hash_alone_and_no_two_hashes_are_equal() {
        let (one, other) = (hash_password("correct horse").unwrap(), hash_password("correct horse").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != other);
        assert_eq!(verify_password("correct horse", Some(&one)), Verified::Right);
        assert_eq!(verify_password("Correct horse", Some(&one)), Verified::Wrong);
        assert_eq!(verify_password("", Some(&one)), Verified::Wrong);
    }

    #[test]
    fn hashes_of_bcrypt_and_weaker_ones_of_argon2_are_right_and_outdated() {
        for kind in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash = bcrypt::hash_with_result("geheim ä", 4).unwrap().format_for_version(kind);
            assert_eq!(verify_password("geheim ä", Some(&hash)), Verified::Outdated, "{hash}");
            assert_eq!(verify_password("geheim", Some(&hash)), Verified::Wrong, "{hash}");
        }
        let weak = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let hash = PasswordHasher::<PasswordHash>::hash_password(&weak, b"geheim").unwrap().to_string();
        assert_eq!(verify_password("geheim", Some(&hash)), Verified::Outdated);
    }

    #[test]
    fn what_is_no_hash_or_would_take_too_much_verifies_nothing() {
        let own = hash_password("x").unwrap();
        let dear = own.replace("m=19456", "m=4194304");
        let long = own.replace("t=2", "t=100000");
        for hash in ["", "x", "plain", "$2a$31$aaaaaaaaaaaaaaaaaaaaaa", "$2x$04$", "$2", "$argon2id$", &dear, &long] {
            assert_eq!(verify_password("x", Some(hash)), Verified::Wrong, "{hash}");
        }
        assert_eq!(verify_password("the password of nobody", None), Verified::Wrong);
    }
}
