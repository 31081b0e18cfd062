//! `broadcast`: the same event into many channels.
use super::answer::Error;
use super::draft::draft;
use super::method::Method;
use super::publish::{Published, publish};
use crate::broker::Node;
use crate::types::ReplyError;
use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

draft! {
    /// Publishes an event into several channels.
    pub struct Broadcast {
        /// The channels, at most `limits.batch`.
        channels: Vec<String>
    }
}

/// What became of the event in each channel.
#[derive(Serialize, ToSchema)]
pub struct Broadcasted {
    /// In the order of the channels.
    responses: Vec<Response>,
}

/// What became of the event in one channel: either field.
#[derive(Serialize, ToSchema)]
#[schema(as = BroadcastResponse)]
pub struct Response {
    /// It was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Published>,
    /// It was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

impl Method for Broadcast {
    type Result = Broadcasted;
    const NAME: &'static str = "broadcast";
    const SUMMARY: &'static str = "Publishes an event into several channels";
    const REQUEST: &'static str = r#"{"channels":["news","sport"],"data":{"text":"hello"}}"#;
    const RESULT: &'static str = r#"{"responses":[{"result":{"offset":1,"epoch":"AbCdEfGh"}},{"error":{"code":102,"message":"unknown channel"}}]}"#;

    async fn answer(mut self, node: &Node) -> Result<Broadcasted, ReplyError> {
        let channels = self.channels.take().unwrap_or_default();
        if channels.is_empty() {
            return Err(ReplyError::missing_field("channels"));
        }
        if channels.len() > node.limits().batch {
            node.metrics().reached("batch");
            return Err(ReplyError::LIMIT_EXCEEDED);
        }
        let with_account = self.account.unwrap_or_default();
        let request = self.request()?;
        let published = channels.iter().map(|channel| publish(node, channel, request.clone(), with_account));
        let outcomes = join_all(published).await;
        Ok(Broadcasted { responses: outcomes.into_iter().map(Response::from).collect() })
    }
}

impl From<Result<Published, ReplyError>> for Response {
    fn from(outcome: Result<Published, ReplyError>) -> Self {
        match outcome {
            Ok(published) => Response { result: Some(published), error: None },
            Err(error) => Response { result: None, error: Some(error.into()) },
        }
    }
}
