//! Several authenticators of one broker, told apart by name.
use super::{AccessTokens, Authenticator};

/// The authenticators of a broker: the one of the section `[auth]`, and those that wires have of their own, with keys and a
/// realm of their own. Cheap to clone.
#[derive(Clone)]
pub struct Authenticators {
    own: Authenticator,
    named: Vec<(String, Authenticator)>,
    /// Stands for those that there are not.
    closed: Authenticator,
    access: Option<AccessTokens>,
}

impl Authenticators {
    /// This one, for every wire that names none.
    pub fn new(own: Authenticator) -> Self {
        Authenticators { own, named: vec![], closed: Authenticator::closed(), access: None }
    }

    /// One more, for the wires that name it; it takes the place of another one of that name.
    pub fn with(mut self, name: impl Into<String>, authenticator: Authenticator) -> Self {
        let name = name.into();
        self.named.retain(|(known, _)| *known != name);
        self.named.push((name, authenticator));
        self
    }

    /// The same where an authentication service signs and verifies these.
    pub fn with_access(mut self, access: Option<AccessTokens>) -> Self {
        self.access = access;
        self
    }

    /// The tokens of the authentication service; none where there is no such service.
    pub fn access(&self) -> Option<&AccessTokens> {
        self.access.as_ref()
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.named.iter().any(|(known, _)| known == name)
    }

    /// The one of the section `[auth]`.
    pub fn own(&self) -> &Authenticator {
        &self.own
    }

    /// The one of this name, or that of the section `[auth]` where there is no name. Where there is none of that name, one for which
    /// no token is valid.
    pub fn of(&self, name: Option<&str>) -> &Authenticator {
        let Some(name) = name else { return &self.own };
        self.named.iter().find(|(known, _)| known == name).map_or(&self.closed, |(_, authenticator)| authenticator)
    }

    /// The one whose identities are of this realm, or that of the section `[auth]`.
    pub fn of_realm(&self, realm: &str) -> &Authenticator {
        let named = self.named.iter().map(|(_, authenticator)| authenticator);
        [&self.own].into_iter().chain(named).find(|authenticator| &*authenticator.realm() == realm).unwrap_or(&self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Config, Secret};
    use crate::types::Answer;

    fn authenticator(realm: &str) -> Authenticator {
        let secret = Secret::new(format!("the secret of {realm}, which is long enough for a hash"));
        let config = Config { realm: realm.into(), hmac_secret: vec![secret].into(), ..Config::default() };
        Authenticator::new(&config).expect("a secret")
    }

    #[test]
    fn a_name_that_there_is_not_stands_for_no_key_at_all() {
        let all = Authenticators::new(authenticator("own")).with("other", authenticator("of others"));
        assert_eq!(&*all.of(None).realm(), "own");
        assert_eq!(&*all.of(Some("other")).realm(), "of others");
        assert!(all.has("other") && !all.has("another"));
        assert!(!all.of(Some("another")).has_keys());
        assert!(matches!(all.of(Some("another")).verify_connection("a.b.c"), Answer::Ready(Err(_))));
    }

    #[test]
    fn a_realm_leads_to_the_authenticator_that_gives_it() {
        let all = Authenticators::new(authenticator("own")).with("other", authenticator("of others"));
        assert_eq!(&*all.of_realm("of others").realm(), "of others");
        assert_eq!(&*all.of_realm("unheard of").realm(), "own");
    }
}
