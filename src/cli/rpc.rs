//! `callboard rpc`.
use super::client::{Remote, parse};
use super::publish::not_json;
use super::{Error, Options, print_line};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Calls an rpc handler and prints its answer
#[derive(Debug, Args)]
pub(super) struct Rpc {
    /// The method
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    method: String,
    /// The parameters, as JSON
    #[arg(allow_hyphen_values = true)]
    params: Option<String>,
    /// Print the answer as JSON: `{"data"}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Serialize)]
struct Parameters<'a> {
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Box<RawValue>>,
}

impl Rpc {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let read =
            |params| serde_json::from_str(params).map_err(|error| not_json("text of the parameters", params, &error));
        let params: Option<&RawValue> = self.params.as_deref().map(read).transpose()?;
        let result = self.remote.api(options)?.call("rpc", &Parameters { method: &self.method, params }).await?;
        if self.json {
            return print_line(result.get());
        }
        let Answer { data } = parse(&result)?;
        print_line(data.as_ref().map_or("null", |data| data.get()))
    }
}
