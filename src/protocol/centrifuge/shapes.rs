//! The requests of the centrifuge protocol as they stand on the wire. Every field may be absent or null, which means the
//! same as its zero value; fields unknown here are passed over.
//!
//! Source: `client.proto` of the centrifuge protocol, messages `Command` and `…Request`.
use crate::types::FilterNode;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

/// One command; the first payload in the order of these fields counts.
#[derive(Deserialize)]
pub(super) struct CommandShape<'a> {
    pub id: Option<u32>,
    #[serde(borrow)]
    pub connect: Option<Object<Box<ConnectShape<'a>>>>,
    #[serde(borrow)]
    pub subscribe: Option<Object<Box<SubscribeShape<'a>>>>,
    pub unsubscribe: Option<Object<ChannelShape>>,
    #[serde(borrow)]
    pub publish: Option<Object<PublishShape<'a>>>,
    pub presence: Option<Object<ChannelShape>>,
    pub presence_stats: Option<Object<ChannelShape>>,
    pub history: Option<Object<HistoryShape>>,
    #[serde(borrow)]
    pub rpc: Option<Object<RpcShape<'a>>>,
    #[serde(borrow)]
    pub send: Option<Object<SendShape<'a>>>,
    pub refresh: Option<Object<RefreshShape>>,
    pub sub_refresh: Option<Object<SubRefreshShape>>,
}

#[derive(Deserialize)]
pub(super) struct ConnectShape<'a> {
    pub token: Option<String>,
    #[serde(borrow, default, deserialize_with = "raw")]
    pub data: Option<&'a RawValue>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub headers: Option<HashMap<String, String>>,
    pub subs: Option<HashMap<String, Option<Object<HintShape>>>>,
}

/// Where a client stands in a server-side subscription it knows of.
#[derive(Deserialize)]
pub(super) struct HintShape {
    pub recover: Option<bool>,
    pub epoch: Option<String>,
    pub offset: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct SubscribeShape<'a> {
    pub channel: Option<String>,
    pub token: Option<String>,
    #[serde(borrow, default, deserialize_with = "raw")]
    pub data: Option<&'a RawValue>,
    pub recover: Option<bool>,
    pub epoch: Option<String>,
    pub offset: Option<u64>,
    pub positioned: Option<bool>,
    pub recoverable: Option<bool>,
    pub join_leave: Option<bool>,
    pub delta: Option<String>,
    pub tf: Option<Object<FilterNode>>,
    pub flag: Option<i64>,
    // Map and shared-poll subscriptions:
    #[serde(rename = "type")]
    pub kind: Option<i32>,
    pub phase: Option<i32>,
    pub cursor: Option<String>,
    pub limit: Option<i32>,
    pub asc: Option<bool>,
    pub state: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct ChannelShape {
    pub channel: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PublishShape<'a> {
    pub channel: Option<String>,
    #[serde(borrow, default, deserialize_with = "raw")]
    pub data: Option<&'a RawValue>,
    // Into a map:
    #[serde(rename = "type")]
    pub kind: Option<i32>,
    pub key: Option<String>,
    pub removed: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct HistoryShape {
    pub channel: Option<String>,
    pub limit: Option<i32>,
    pub since: Option<Object<PositionShape>>,
    pub reverse: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct PositionShape {
    pub offset: Option<u64>,
    pub epoch: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RpcShape<'a> {
    pub method: Option<String>,
    #[serde(borrow, default, deserialize_with = "raw")]
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct SendShape<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RefreshShape {
    pub token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SubRefreshShape {
    pub channel: Option<String>,
    pub token: Option<String>,
    // Shared poll:
    #[serde(rename = "type")]
    pub kind: Option<i32>,
    pub items: Option<Vec<IgnoredAny>>,
    pub untrack_keys: Option<Vec<IgnoredAny>>,
    pub signature: Option<String>,
    pub track: Option<IgnoredAny>,
    pub untrack: Option<IgnoredAny>,
}

/// A payload as it was written; unlike elsewhere `null` is one, not the lack of one.
fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads `T` from a JSON object alone. A derived struct would take an array of its fields, too.
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}
