//! `signal`: a signal for the pages of Backstage.
use super::account::Account;
use super::draft::given;
use super::method::Method;
use crate::broker::Node;
use crate::service;
use crate::types::{Json, ReplyError};
use serde::{Deserialize, Serialize};
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
    /// Answer what became of the signal, as `publish` does.
    account: Option<bool>,
}

/// What became of the signal.
#[derive(Serialize, ToSchema)]
pub struct Signalled {
    /// Where the request asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
}

impl Method for Signal {
    type Result = Signalled;
    const NAME: &'static str = "signal";
    const SUMMARY: &'static str = "Sends a signal to the pages of Backstage";
    const REQUEST: &'static str = r#"{"channel":"catalog:refresh","message":{"done":true},"recipients":{"type":"user","entityRef":"user:default/john.doe"}}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Signalled, ReplyError> {
        let signal = service::Signal::new(self.channel, self.message, self.recipients.as_ref())?;
        let signal = service::Signal { keep: self.keep.unwrap_or_default(), ..signal };
        let account = match self.account.unwrap_or_default() {
            true => Some(signal.publish_with_account(node).await?.into()),
            false => {
                signal.publish(node).await?;
                None
            }
        };
        Ok(Signalled { account })
    }
}
