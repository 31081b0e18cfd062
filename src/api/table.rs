//! All methods of the API.
use super::batch::Batch;
use super::broadcast::Broadcast;
use super::channels::Channels;
use super::connections::Connections;
use super::disconnect::Disconnect;
use super::emit::Emit;
use super::history::{History, HistoryRemove};
use super::info::Info;
use super::method::Entry;
use super::presence::{Presence, PresenceStats};
use super::publish::Publish;
use super::refresh::Refresh;
use super::revoke::Revoke;
use super::rpc::Rpc;
use super::signal::Signal;
use super::strapi::{StrapiEmit, StrapiRaw};
use super::subscribe::Subscribe;
use super::unavailable::{MapClear, MapPublish, MapReadState, MapReadStream, MapRemove, MapStats, SharedPollPublish};
use super::unsubscribe::Unsubscribe;

/// Every method, in the order in which the document lists them; of two in one command of a batch the first counts.
pub static METHODS: &[Entry] = &[
    Entry::of::<Publish>(),
    Entry::of::<Broadcast>(),
    Entry::of::<Subscribe>(),
    Entry::of::<Unsubscribe>(),
    Entry::of::<Disconnect>(),
    Entry::of::<Refresh>(),
    Entry::of::<Revoke>(),
    Entry::of::<Presence>(),
    Entry::of::<PresenceStats>(),
    Entry::of::<History>(),
    Entry::of::<HistoryRemove>(),
    Entry::of::<Channels>(),
    Entry::of::<Connections>(),
    Entry::of::<Info>(),
    Entry::of::<Rpc>(),
    Entry::of::<Emit>(),
    Entry::of::<Signal>(),
    Entry::of::<StrapiRaw>(),
    Entry::of::<StrapiEmit>(),
    Entry::of::<Batch>(),
    Entry::of::<MapPublish>(),
    Entry::of::<MapRemove>(),
    Entry::of::<MapReadState>(),
    Entry::of::<MapReadStream>(),
    Entry::of::<MapStats>(),
    Entry::of::<MapClear>(),
    Entry::of::<SharedPollPublish>(),
];
