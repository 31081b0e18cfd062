//! `callboard health`.
use super::client::{Remote, http_client, unreachable_at};
use super::{Error, Options, print_line};
use awc::http::StatusCode;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Checks the health of the broker, for probes: exit code 0 if it is healthy, else 1
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Ask whether it may take traffic, too: it is not stopping, and its Redis is there
    #[arg(long)]
    ready: bool,
    /// How long the answer may take
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime_serde::re::humantime::parse_duration)]
    timeout: Duration,
    /// Print the answer as JSON: `{"status", "reasons"}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    reasons: Vec<String>,
}

impl Health {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let root = self.remote.endpoints(options)?.root;
        let url = format!("{root}/{}", if self.ready { "ready" } else { "health" });
        let asked = async {
            let mut response = http_client().get(&url).send().await.map_err(|error| unreachable_at(&url, &error))?;
            let body = response.body().limit(MAX_ANSWER).await;
            let body = body.map_err(|error| Error::Failed(format!("{url}: {error}")))?;
            Ok::<_, Error>((response.status(), body))
        };
        let late = |_| Error::Failed(format!("{url}: no answer within {:?}", self.timeout));
        let (status, body) = tokio::time::timeout(self.timeout, asked).await.map_err(late)??;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| Error::Failed(format!("{url}: answered {status}; this is no broker, name it with --url")))?;
        if status != StatusCode::OK {
            return Err(Error::Failed(format!("{}: {}", answer.status, answer.reasons.join(", "))));
        }
        match self.json {
            true => print_line(&json!({"status": answer.status, "reasons": answer.reasons}).to_string()),
            false => print_line(&answer.status),
        }
    }
}
