//! `signal`: a signal for the pages of Backstage.
use super::draft::given;
use super::method::Method;
use super::target::Done;
use crate::broker::Node;
use crate::service;
use crate::types::{Json, ReplyError};
use serde::Deserialize;
use utoipa::ToSchema;

/// Sends a signal to subscribers of the signals wire.
#[derive(Deserialize, ToSchema)]
pub struct Signal {
    /// The channel, by convention `plugin:topic`.
    channel: Option<String>,
    /// What subscribers get: any JSON but `null`, `false`, 0 and the empty text.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    message: Option<Json>,
    /// For whom it is: `{"type":"broadcast"}`, or `{"type":"user","entityRef":REF}` with an entity ref or an array of at most 1,000 of
    /// them. Left out: for all subscribers.
    #[schema(value_type = Option<serde_json::Value>)]
    recipients: Option<Json>,
    /// Keep the signal for users who subscribe later, for as long as `backstage.keep` in the config says: each of them gets it once, marked
    /// `"replayed": true`. An error where the config keeps none.
    keep: Option<bool>,
}

impl Method for Signal {
    type Result = Done;
    const NAME: &'static str = "signal";
    const SUMMARY: &'static str = "Sends a signal to the pages of Backstage";
    const REQUEST: &'static str = r#"{"channel":"catalog:refresh","message":{"done":true},"recipients":{"type":"user","entityRef":"user:default/john.doe"}}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Done, ReplyError> {
        let signal = service::Signal::new(self.channel, self.message, self.recipients.as_ref())?;
        service::Signal { keep: self.keep.unwrap_or_default(), ..signal }.publish(node).await?;
        Ok(Done {})
    }
}
