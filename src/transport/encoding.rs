//! Which encoding a connection speaks.
use super::arrival::Head;
use crate::protocol::Wire;

/// The encoding of a connection.
#[derive(Clone, Copy)]
pub enum EncodingChoice {
    /// That of a wire of the endpoint.
    Spoken(&'static dyn Wire),
    /// One that is not spoken here; the subprotocol that names it.
    Unspoken(&'static str),
    /// What runs above Engine.IO has its own.
    Layer,
}

/// What a query names encodings by.
const FORMATS: [&str; 2] = ["format", "cf_protocol"];

impl EncodingChoice {
    /// Reads it off a request. Whoever asks for none of the endpoint's encodings gets the first.
    pub fn of(head: &Head<'_>, encodings: &[&'static dyn Wire]) -> Self {
        let names = |format: &str| FORMATS.iter().any(|key| head.has(key, format));
        let offers = |subprotocol: &str| head.subprotocols().any(|asked| asked == subprotocol);
        let is_asked = |wire: &&'static dyn Wire| {
            wire.format().is_some_and(names) || wire.subprotocols().iter().any(|protocol| offers(protocol))
        };
        let unspoken = encodings.iter().flat_map(|wire| wire.unspoken());
        let unspoken = unspoken.copied().find(|(protocol, format)| offers(protocol) || names(format));
        match (unspoken, encodings.iter().find(|wire| is_asked(wire)).or(encodings.first())) {
            (None, Some(wire)) => EncodingChoice::Spoken(*wire),
            (Some((protocol, _)), _) => EncodingChoice::Unspoken(protocol),
            (None, None) => EncodingChoice::Unspoken(""),
        }
    }

    /// The wire that is spoken; none where there is none to speak.
    pub fn wire(&self) -> Option<&'static dyn Wire> {
        match self {
            EncodingChoice::Spoken(wire) => Some(*wire),
            EncodingChoice::Unspoken(_) | EncodingChoice::Layer => None,
        }
    }

    /// The subprotocols that may be agreed on. One that is not spoken is echoed all the same: a client that gets no echo breaks
    /// the handshake off and never sees the code it is closed with.
    pub fn subprotocols(&self) -> Vec<&'static str> {
        match self {
            EncodingChoice::Spoken(wire) => wire.subprotocols().to_vec(),
            EncodingChoice::Unspoken(protocol) => vec![protocol],
            EncodingChoice::Layer => vec![],
        }
    }
}
