//! `callboard presence`.
use super::client::{Remote, parse};
use super::table::{shown, shown_json, table};
use super::{Error, Options, print_line};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The heads of the table's columns.
const HEADS: [&str; 3] = ["CLIENT", "USER", "INFO"];

/// Lists who is present in a channel
#[derive(Debug, Args)]
pub(super) struct Presence {
    /// The channel
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    channel: String,
    /// Print the answer as JSON: `{"presence": {SESSION: {"user", "client", "conn_info", "chan_info"}}}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Present {
    presence: BTreeMap<String, Client>,
    #[serde(default)]
    missing: Vec<String>,
}

#[derive(Deserialize)]
struct Client {
    #[serde(default)]
    user: String,
    client: String,
    conn_info: Option<Box<RawValue>>,
}

impl Presence {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let result = self.remote.api(options)?.call("presence", &json!({"channel": self.channel})).await?;
        if self.json {
            return print_line(result.get());
        }
        let present: Present = parse(&result)?;
        if present.presence.is_empty() {
            eprintln!("nobody is present in {}", self.channel);
        } else {
            let rows = present.presence.values().map(Client::cells);
            let rows: Vec<_> = [HEADS.map(str::to_owned)].into_iter().chain(rows).collect();
            table(&rows).iter().try_for_each(|line| print_line(line))?;
        }
        if !present.missing.is_empty() {
            eprintln!("nodes that did not answer: {}", present.missing.join(", "));
        }
        Ok(())
    }
}

impl Client {
    fn cells(&self) -> [String; 3] {
        let info = self.conn_info.as_ref().map(|info| shown_json(info.get()));
        let user = if self.user.is_empty() { "-".to_owned() } else { shown(&self.user) };
        [shown(&self.client), user, info.unwrap_or_else(|| "-".to_owned())]
    }
}
