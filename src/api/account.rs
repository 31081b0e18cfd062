//! What became of a publish, as the API tells it.
use crate::types;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of an event on all nodes, in numbers of listeners: `matched` is the sum of the next four, unless the account is `partial`.
#[derive(Serialize, ToSchema)]
pub struct Account {
    /// Listeners of the channel when the event was delivered.
    matched: u64,
    /// Of these, those to whose clients it was queued.
    delivered: u64,
    /// Those that were meant, and that left the event out: by a topic, a filter, an exposed room.
    filtered: u64,
    /// Those that the event is not for: groups, entity refs, exceptions.
    not_permitted: u64,
    /// Those that could not take it: a full queue, or cut off.
    lost: u64,
    /// The event is in the channel's history: whoever comes later may still get it.
    kept: bool,
    /// The publish was a repetition, or of an old version: nothing was delivered. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<bool>,
    /// Something is missing from the numbers: a node did not answer, a worker was too busy for the event, or a listener's view had not
    /// decided in time. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
}

impl From<types::Account> for Account {
    fn from(account: types::Account) -> Self {
        let types::Account { matched, delivered, filtered, not_permitted, lost, kept, repeated, partial } = account;
        let [repeated, partial] = [repeated, partial].map(|is_so| is_so.then_some(true));
        Account { matched, delivered, filtered, not_permitted, lost, kept, repeated, partial }
    }
}
