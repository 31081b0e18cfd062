//! The payloads that the broker itself writes: answers to CONNECT, and what goes along with the built-in events.
use crate::protocol;
use crate::types::{ClientInfo, Event, Json, Position, SessionId};
use serde::Serialize;
use std::collections::BTreeMap;

/// The payload of the answer to a CONNECT.
#[derive(Serialize)]
pub(super) struct Connected<'a> {
    pub sid: SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<&'a str>,
}

/// The payload of its refusal.
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    pub message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

/// The last argument of `message` (decision 7).
#[derive(Serialize)]
pub(super) struct OfEvent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<&'a ClientInfo>,
}

impl<'a> OfEvent<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let tags = event.tags.as_deref();
        OfEvent {
            offset: event.position.as_ref().map(|position| position.offset),
            epoch: event.position.as_ref().map(|position| position.epoch.as_str()),
            event: tags.and_then(|tags| tags.get("event")).map(String::as_str),
            tags,
            info: event.publisher.as_deref(),
        }
    }
}

/// What a subscriber is told: where it begins, where the channel has positions; and what became of a recovery.
#[derive(Serialize)]
pub(super) struct Subscribed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<bool>,
}

impl<'a> Subscribed<'a> {
    pub(super) fn of(subscribed: &'a protocol::Subscribed) -> Self {
        let position: Option<&Position> = subscribed.position.as_ref();
        Subscribed {
            offset: position.map(|position| position.offset),
            epoch: position.map(|position| position.epoch.as_str()),
            recovered: subscribed.recovery.as_ref().map(|recovery| recovery.complete),
        }
    }
}
