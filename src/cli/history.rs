//! `callboard history`.
use super::client::{Remote, parse};
use super::table::shown_json;
use super::wire::Position;
use super::{Error, Options, print_line};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Prints the history of a channel
#[derive(Debug, Args)]
pub(super) struct History {
    /// The channel
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    channel: String,
    /// Print so many events at most; the broker's `limits.history_page` may allow fewer
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..))]
    limit: i32,
    /// Only events after this position, as `callboard pub` prints it; with --reverse, before it
    #[arg(long, value_name = "EPOCH:OFFSET")]
    since: Option<Position>,
    /// The newest first
    #[arg(long)]
    reverse: bool,
    /// Print the answer as JSON: `{"publications": [{"data", "offset", "tags", "info"}], "offset", "epoch"}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Serialize)]
struct Parameters<'a> {
    channel: &'a str,
    limit: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reverse: bool,
}

#[derive(Serialize)]
struct Since<'a> {
    offset: u64,
    epoch: &'a str,
}

#[derive(Deserialize)]
struct Page {
    publications: Vec<Publication>,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
}

#[derive(Deserialize)]
struct Publication {
    data: Box<RawValue>,
    #[serde(default)]
    offset: u64,
}

impl History {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let since = self.since.as_ref().map(|at| Since { offset: at.offset, epoch: &at.epoch });
        let parameters = Parameters { channel: &self.channel, limit: self.limit, since, reverse: self.reverse };
        let result = self.remote.api(options)?.call("history", &parameters).await?;
        if self.json {
            return print_line(result.get());
        }
        let page: Page = parse(&result)?;
        for Publication { data, offset } in &page.publications {
            print_line(&format!("{offset}\t{}", shown_json(data.get())))?;
        }
        let (channel, Page { offset, epoch, .. }) = (&self.channel, &page);
        eprintln!("{} events shown; {channel} has come to {epoch}:{offset}", page.publications.len());
        Ok(())
    }
}
