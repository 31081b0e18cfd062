//! Tokens in the header `Authorization`.

/// The token of an `Authorization: Bearer …` header, given its value (RFC 6750, section 2.1); none where the scheme is another. The
/// case of the scheme does not matter (RFC 9110, section 11.1).
pub fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The access token of an `Authorization` header as Feathers reads it, given its value: behind the scheme `Bearer` or `JWT`, or the
/// token alone. None where the scheme is another.
///
/// Source: `JWTStrategy.parse` of `@feathersjs/authentication` 5.
pub fn access_token(authorization: &str) -> Option<&str> {
    match authorization.trim().split_once(' ') {
        Some((scheme, token)) if ["bearer", "jwt"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            Some(token.trim())
        }
        Some(_) => None,
        None => Some(authorization.trim()).filter(|token| !token.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feathers_takes_two_schemes_and_a_token_alone() {
        for good in ["Bearer abc", "jwt abc", "abc", " abc "] {
            assert_eq!(access_token(good), Some("abc"), "{good}");
        }
        assert_eq!((access_token("Basic abc"), access_token("")), (None, None));
    }

    #[test]
    fn only_the_bearer_scheme_carries_a_token() {
        assert_eq!(bearer_token("Bearer abc"), Some("abc"));
        assert_eq!(bearer_token("bEARER  abc "), Some("abc"));
        for other in ["Basic abc", "Bearer", "abc", "Bearerabc", ""] {
            assert_eq!(bearer_token(other), None, "{other}");
        }
    }
}
