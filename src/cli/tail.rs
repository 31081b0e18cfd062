//! `callboard tail`.
use super::client::Remote;
use super::table::{shown, shown_json};
use super::{Error, Options, print_line};
use awc::error::PayloadError;
use bytes::{Bytes, BytesMut};
use clap::Args;
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::{Duration, SystemTime};

/// Bytes of a line: an event of `limits.body` bytes, and of more where a broker is set to more.
const MAX_LINE: usize = 64 * 1024 * 1024;
/// How long the broker may be silent: it says something every 10 s.
const PATIENCE: Duration = Duration::from_secs(25);

/// Shows events as they are delivered, of one channel or of all
#[derive(Debug, Args)]
pub(super) struct Tail {
    /// The channel; the default is all channels of the node
    #[arg(default_value = "*", hide_default_value = true)]
    channel: String,
    /// Show at most this many events per second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Exit after this many events
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print the broker's lines: `{"event": {"space", "channel", "data", "time", …}}`, `{"skipped"}`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Serialize)]
struct Parameters<'a> {
    channel: &'a str,
    rate: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    event: Option<Event>,
    skipped: Option<u64>,
    ended: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    space: String,
    channel: String,
    data: Box<RawValue>,
    time: u64,
}

impl Tail {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let parameters = Parameters { channel: &self.channel, rate: self.rate };
        let lines = self.remote.api(options)?.stream("tail", &parameters).await?;
        let what = if self.channel == "*" { "all channels of the node" } else { &self.channel };
        eprintln!("watching {what}");
        tokio::select! {
            ended = self.follow(lines) => ended,
            () = super::subscribe::output_closed() => Err(Error::OutputClosed),
        }
    }

    async fn follow(&self, chunks: impl Stream<Item = Result<Bytes, PayloadError>>) -> Result<(), Error> {
        let mut chunks = std::pin::pin!(chunks);
        let (mut text, mut left) = (BytesMut::new(), self.count);
        // No line ends before it.
        let mut searched = 0;
        loop {
            let silent = |_| Error::Failed(format!("the broker was silent for {} s", PATIENCE.as_secs()));
            let chunk = tokio::time::timeout(PATIENCE, chunks.next()).await.map_err(silent)?;
            let chunk = chunk.ok_or_else(|| Error::Failed("the broker closed the connection".to_owned()))?;
            text.extend_from_slice(&chunk.map_err(|error| Error::Failed(format!("the connection was lost: {error}")))?);
            while let Some(length) = text[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + length;
                let line = text.split_to(end + 1);
                searched = 0;
                let is_event = self.line(std::str::from_utf8(&line[..end]).map_err(|_| unknown("not UTF-8"))?)?;
                left = left.map(|left| left - u64::from(is_event));
                if left == Some(0) {
                    return Ok(());
                }
            }
            searched = text.len();
            if text.len() > MAX_LINE {
                return Err(Error::Failed(format!("the broker sent a line of more than {MAX_LINE} bytes")));
            }
        }
    }

    /// Prints a line; whether it is an event. Fails where it is the last.
    fn line(&self, text: &str) -> Result<bool, Error> {
        let line: Line = serde_json::from_str(text).map_err(|error| unknown(&error.to_string()))?;
        if let Some(reason) = line.ended {
            return Err(Error::Failed(format!("the tail ended: {reason}")));
        }
        match (self.json, &line.event, line.skipped) {
            (true, None, None) => {}
            (true, ..) => print_line(text)?,
            (false, Some(event), _) => print_line(&event.line())?,
            (false, None, Some(count)) => eprintln!("{count} events were not shown; see --rate"),
            (false, None, None) => {}
        }
        Ok(line.event.is_some())
    }
}

fn unknown(reason: &str) -> Error {
    Error::Failed(format!("the broker sent something unknown: {reason}"))
}

impl Event {
    fn line(&self) -> String {
        let time =
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.time)).unwrap_or(SystemTime::UNIX_EPOCH);
        let time = humantime_serde::re::humantime::format_rfc3339_millis(time);
        let channel = shown(&self.channel);
        let data = shown_json(self.data.get());
        match self.space == "user" {
            true => format!("{time}\t{channel}\t{data}"),
            false => format!("{time}\t{}:{channel}\t{data}", shown(&self.space)),
        }
    }
}
