//! Bytes among the arguments of an event: beside the JSON, which holds a placeholder for them (Socket.IO 5, "binary event").
use bytes::Bytes;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;

/// Bytes anywhere in the arguments of an event: read and written together with it, and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binary(pub Bytes);

thread_local! {
    /// The attachments of the event that is being read or written on this thread.
    static AT_HAND: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
}

#[derive(Serialize, Deserialize)]
struct Placeholder {
    _placeholder: bool,
    num: usize,
}

/// Does something while these attachments are at hand; gives them back.
pub(super) fn with_attachments<T>(attachments: Vec<Bytes>, act: impl FnOnce() -> T) -> (T, Vec<Bytes>) {
    let before = AT_HAND.replace(Some(attachments));
    let done = act();
    let after = AT_HAND.replace(before);
    (done, after.unwrap_or_default())
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let num = AT_HAND.with_borrow_mut(|at_hand| {
            let attachments = at_hand.as_mut()?;
            attachments.push(self.0.clone());
            Some(attachments.len() - 1)
        });
        let num = num.ok_or_else(|| S::Error::custom("binary goes with the arguments of an event only"))?;
        Placeholder { _placeholder: true, num }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Placeholder { _placeholder, num } = Placeholder::deserialize(deserializer)?;
        let bytes = AT_HAND.with_borrow(|at_hand| at_hand.as_ref()?.get(num).cloned()).filter(|_| _placeholder);
        bytes.map(Binary).ok_or_else(|| D::Error::custom("no binary is attached here"))
    }
}
