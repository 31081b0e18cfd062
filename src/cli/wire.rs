//! The client's side of the centrifuge wire in JSON, as far as listening needs it.
use super::Error;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The id of the connect command; the subscriptions follow.
pub(super) const CONNECT: u32 = 1;

/// Where a listener stands in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: String,
    pub(super) offset: u64,
}

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no position; it is written EPOCH:OFFSET, as `callboard pub` prints it");
        let (epoch, offset) = text.rsplit_once(':').ok_or_else(wrong)?;
        Ok(Position { epoch: epoch.to_owned(), offset: offset.parse().map_err(|_| wrong())? })
    }
}

/// The first frame: connect, and a subscribe a channel with the ids that follow.
pub(super) fn greeting(token: Option<&str>, channels: &[(&str, Option<&Position>)], sub_token: Option<&str>) -> String {
    let mut connect = json!({"name": "callboard", "version": env!("CARGO_PKG_VERSION")});
    if let Some(token) = token {
        connect["token"] = token.into();
    }
    let mut frame = json!({"id": CONNECT, "connect": connect}).to_string();
    for (id, (channel, position)) in (CONNECT + 1..).zip(channels) {
        let mut subscribe = json!({"channel": channel, "recoverable": true});
        if let Some(position) = position {
            subscribe["recover"] = true.into();
            subscribe["epoch"] = position.epoch.as_str().into();
            subscribe["offset"] = position.offset.into();
        }
        if let Some(token) = sub_token {
            subscribe["token"] = token.into();
        }
        frame.push('\n');
        frame.push_str(&json!({"id": id, "subscribe": subscribe}).to_string());
    }
    frame
}

/// Everything a server sends; an empty one is its heartbeat.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reply {
    pub(super) id: u32,
    pub(super) error: Option<ReplyError>,
    pub(super) connect: Option<Connected>,
    pub(super) subscribe: Option<Subscribed>,
    pub(super) push: Option<Push>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReplyError {
    pub(super) code: u32,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) temporary: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connected {
    /// Seconds between heartbeats; 0 for none.
    pub(super) ping: u64,
    /// Whether they want an answer.
    pub(super) pong: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Subscribed {
    pub(super) recoverable: bool,
    pub(super) recovered: bool,
    pub(super) was_recovering: bool,
    pub(super) epoch: String,
    pub(super) offset: u64,
    pub(super) publications: Vec<Publication>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Push {
    pub(super) channel: String,
    #[serde(rename = "pub")]
    pub(super) publication: Option<Publication>,
    pub(super) unsubscribe: Option<Left>,
    pub(super) disconnect: Option<Left>,
}

/// Why a subscription or a connection ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Left {
    pub(super) code: u32,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Publication {
    data: Box<RawValue>,
    #[serde(default)]
    pub(super) offset: u64,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    info: Option<Box<RawValue>>,
}

/// A publication as a script reads it.
#[derive(Serialize)]
struct OutputLine<'a> {
    channel: &'a str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "is_zero")]
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<&'a RawValue>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Publication {
    /// The payload alone.
    pub(super) fn data(&self) -> &str {
        self.data.get()
    }

    /// All of it, as one line of JSON.
    pub(super) fn line(&self, channel: &str, epoch: Option<&str>) -> Result<String, Error> {
        let line = OutputLine {
            channel,
            data: &self.data,
            offset: self.offset,
            epoch,
            tags: &self.tags,
            info: self.info.as_deref(),
        };
        serde_json::to_string(&line).map_err(|error| Error::Failed(format!("an event cannot be written: {error}")))
    }
}

/// Whether a client comes back after a close with this code: 3500-3999 and 4500-4999 end a connection for good, and so does
/// a message over the limit (1009).
pub(super) fn may_come_back(code: u32) -> bool {
    !matches!(code, 1009 | 3500..=3999 | 4500..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_pub_prints_it() {
        assert_eq!("a:b:7".parse(), Ok(Position { epoch: "a:b".into(), offset: 7 }));
        assert!("7".parse::<Position>().is_err());
        assert!("a:".parse::<Position>().is_err());
    }

    #[test]
    fn a_greeting_connects_and_subscribes_in_one_frame() {
        let position = Position { epoch: "e".into(), offset: 2 };
        let frame = greeting(Some("t"), &[("a", Some(&position)), ("b", None)], None);
        let commands: Vec<serde_json::Value> = frame.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(commands[0]["connect"]["token"], "t");
        let subscribe = json!({"channel": "a", "recoverable": true, "recover": true, "epoch": "e", "offset": 2});
        assert_eq!(commands[1], json!({"id": 2, "subscribe": subscribe}));
        assert_eq!(commands[2], json!({"id": 3, "subscribe": {"channel": "b", "recoverable": true}}));
    }

    #[test]
    fn an_event_is_one_line_with_its_payload_untouched() {
        let text = r#"{"data":{ "a":12345678901234567890.10 },"offset":3,"tags":{"k":"v"},"info":{"user":"42"}}"#;
        let publication: Publication = serde_json::from_str(text).unwrap();
        let line = publication.line("news", Some("e")).unwrap();
        let wanted = r#"{"channel":"news","data":{ "a":12345678901234567890.10 },"offset":3,"epoch":"e","tags":{"k":"v"},"info":{"user":"42"}}"#;
        assert_eq!(line, wanted);
    }

    #[test]
    fn the_code_of_a_close_says_whether_to_come_back() {
        assert!([1006, 3001, 3012, 4000, 4499].into_iter().all(may_come_back));
        assert!(![1009, 3500, 3503, 4500, 4999].into_iter().any(may_come_back));
    }
}
