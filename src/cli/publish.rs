//! `callboard pub`.
use super::as_client::Publisher;
use super::client::{Api, Remote, parse};
use super::{Error, Options, print_line};
use crate::types::Account;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::BufRead;

/// Publishes into a channel, over the HTTP API.
#[derive(Debug, Args)]
pub(super) struct Publish {
    /// The channel
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    channel: String,
    /// The payload, as JSON; `-` publishes each line of the standard input
    #[arg(allow_hyphen_values = true)]
    data: String,
    /// Repeating a publish with the same key within five minutes gets the first answer and publishes nothing
    #[arg(long, value_name = "KEY", conflicts_with = "as_client")]
    idempotency_key: Option<String>,
    /// A tag of the event, by which subscribers can filter; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag, conflicts_with = "as_client")]
    tags: Vec<(String, String)>,
    /// Publish over the WebSocket, as a client does: the channel's rules apply and handlers see the event. Needs no API key
    #[arg(long, conflicts_with = "api_key")]
    as_client: bool,
    /// With --as-client: the connection token; the default is the variable CALLBOARD_TOKEN
    #[arg(long, requires = "as_client")]
    token: Option<String>,
    /// Say what became of the event: how many subscribers got it, and why others did not
    #[arg(long, conflicts_with = "as_client")]
    account: bool,
    /// Print the answer as JSON: `{"offset", "epoch"}`, or `{}` if the channel keeps no history; with --account also `account`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a tag is written KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// How events get to the broker.
enum Way {
    Api(Api),
    Client(Box<Publisher>),
}

#[derive(Serialize)]
struct Parameters<'a> {
    channel: &'a str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    account: bool,
}

#[derive(Deserialize)]
struct Published {
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    epoch: String,
    account: Option<Account>,
}

impl Publish {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        if self.data != "-" {
            // What the shell made of it is told before anything is asked for.
            json(&self.data)?;
        }
        let mut way = match self.as_client {
            true => {
                // Not clap's `env`: what the environment says for `sub` must not be an error here without --as-client.
                let token = self.token.clone().or_else(|| std::env::var("CALLBOARD_TOKEN").ok());
                Way::Client(Publisher::connect(self.remote.endpoints(options)?.socket, token.as_deref()).await?.into())
            }
            false => Way::Api(self.remote.api(options)?),
        };
        let done = self.publish_all(&mut way).await;
        if let Way::Client(client) = way {
            client.close().await;
        }
        done
    }

    async fn publish_all(&self, way: &mut Way) -> Result<(), Error> {
        if self.data != "-" {
            return self.publish(way, &self.data).await;
        }
        if self.idempotency_key.is_some() {
            return Err(Error::Usage("--idempotency-key is of one event; `-` publishes many".into()));
        }
        // Reading blocks this thread, which has nothing else to do meanwhile.
        for (index, line) in std::io::stdin().lock().lines().enumerate() {
            let at = |reason: &dyn std::fmt::Display| Error::Failed(format!("line {}: {reason}", index + 1));
            let line = line.map_err(|error| at(&error))?;
            if !line.trim().is_empty() {
                self.publish(way, &line).await.map_err(|error| match error {
                    Error::OutputClosed => error,
                    other => at(&other),
                })?;
            }
        }
        Ok(())
    }

    async fn publish(&self, way: &mut Way, data: &str) -> Result<(), Error> {
        let data = json(data)?;
        let api = match way {
            Way::Api(api) => api,
            Way::Client(client) => {
                client.publish(&self.channel, data).await?;
                return print_line(&if self.json { "{}".to_owned() } else { format!("published to {}", self.channel) });
            }
        };
        let parameters = Parameters {
            channel: &self.channel,
            data,
            tags: self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            idempotency_key: self.idempotency_key.as_deref(),
            account: self.account,
        };
        let result = api.call("publish", &parameters).await?;
        if self.json {
            return print_line(result.get());
        }
        let Published { offset, epoch, account } = parse(&result)?;
        match epoch.is_empty() {
            true => print_line(&format!("published to {}", self.channel))?,
            false => print_line(&format!("published to {} at {epoch}:{offset}", self.channel))?,
        }
        match (self.account, account) {
            (true, Some(account)) => print_line(&in_words(&account)),
            (true, None) => Err(Error::Failed("the broker gave no account: it is of an earlier version".into())),
            (false, _) => Ok(()),
        }
    }
}

/// An account in one line.
fn in_words(account: &Account) -> String {
    let Account { matched, delivered, filtered, not_permitted, lost, kept, repeated, partial } = *account;
    let numbers = format!("{delivered} delivered, {filtered} filtered, {not_permitted} not permitted, {lost} lost");
    let also = [
        (kept, "; kept for those who come later"),
        (repeated, "; a repetition, of which nothing is delivered"),
        (partial, "; partial: a node or a subscriber did not answer in time"),
    ];
    let also: String = also.iter().filter(|(is_so, _)| *is_so).map(|(_, words)| *words).collect();
    format!("{matched} subscribers: {numbers}{also}")
}

fn json(data: &str) -> Result<&RawValue, Error> {
    serde_json::from_str(data).map_err(|error| not_json("data", data, &error))
}

/// Says how to write it: most often the shell has eaten the quotes of a string.
pub(super) fn not_json(what: &str, data: &str, error: &serde_json::Error) -> Error {
    let quoted = serde_json::Value::from(data).to_string();
    let safe = !data.contains('\'');
    let hint = match data.trim_start().starts_with(['{', '[', '"']) {
        true => r#"; put it in single quotes so that the shell leaves its quotes alone: '{"hello":1}'"#.to_owned(),
        false if safe => format!("; a text is written '{quoted}'"),
        false => "; a text is written in double quotes within single ones: '\"text\"'".to_owned(),
    };
    Error::Usage(format!("the {what} is not valid JSON ({error}){hint}"))
}
