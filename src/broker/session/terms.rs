//! What a client's wire determines for its session: the meaning of channel names, and who verifies its tokens.
use super::Session;
use crate::auth::Authenticator;
use crate::broker::Namespace;
use crate::protocol::{Names, UserNames};
use crate::types::{ChannelName, Fault};
use std::sync::Arc;

/// The terms on which a client comes: those of its wire.
#[derive(Clone, Copy)]
pub struct ClientTerms {
    /// What its names of channels mean.
    pub names: &'static dyn Names,
    /// Which authenticator its tokens are for; none for that of the section `[auth]`.
    pub authenticator: Option<&'static str>,
    /// Whether its client may bring a new token before the old one's end, and so is given a while after it.
    pub refreshes: bool,
}

impl Default for ClientTerms {
    /// The channels of everybody, and tokens of the section `[auth]`.
    fn default() -> Self {
        ClientTerms { names: &UserNames, authenticator: None, refreshes: true }
    }
}

impl Session {
    /// The same for a client that comes on these terms.
    pub fn under(mut self, terms: ClientTerms) -> Self {
        self.terms = terms;
        self
    }

    /// What verifies the tokens of the client.
    pub(super) fn authenticator(&self) -> Authenticator {
        self.node().settings().authenticators.of(self.terms.authenticator).clone()
    }

    pub(super) fn channel(&self, name: &str) -> Result<ChannelName, Fault> {
        self.node().channels().named_among(self.terms.names, name)
    }

    pub(super) fn known_channel(&self, name: &str) -> Result<(ChannelName, Arc<Namespace>), Fault> {
        self.node().channels().known_among(self.terms.names, name)
    }
}
