//! `callboard connections`.
use super::client::{Remote, parse};
use super::table::{shown, table};
use super::{Error, Options, print_line};
use crate::types::{SessionId, Space};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::{Deserialize, Serialize};

/// How many groups and how many subscriptions a line of the table names; the others are counted.
const NAMED: usize = 3;
/// The most that `--limit` may say: the API lists no more.
const MAX_LIMIT: u16 = 1_000;
/// The heads of the table's columns.
const HEADS: [&str; 8] = ["CLIENT", "USER", "KIND", "TRANSPORT", "QUEUED", "REGISTERED", "GROUPS", "SUBSCRIPTIONS"];

/// Lists who is connected, by user: identity, transport, bytes queued, groups and subscriptions.
#[derive(Debug, Args)]
pub(super) struct Connections {
    /// Only connections of this user
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,
    /// Only the session with this id
    #[arg(long, value_name = "ID", value_parser = session_id)]
    client: Option<SessionId>,
    /// Only connections subscribed to this channel
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    channel: Option<String>,
    /// The space of the channel: user (the default), socketio, service, plugin, signals or internal
    #[arg(long, requires = "channel", value_parser = space)]
    space: Option<Space>,
    /// List at most this many, up to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_LIMIT)))]
    limit: u16,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

/// The request of the API.
#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<&'a Space>,
    limit: u16,
}

#[derive(Deserialize)]
struct ConnectionList {
    connections: Vec<Connection>,
    total: usize,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    missing: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Connection {
    client: String,
    user: String,
    kind: String,
    registered: Option<String>,
    groups: Vec<String>,
    subscriptions: Vec<Subscription>,
    transport: Option<Transport>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Transport {
    wire: String,
    carrier: String,
    encoding: String,
    encrypted: bool,
    queue: Queue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Queue {
    bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Subscription {
    space: String,
    channel: String,
    topics: Vec<String>,
}

fn session_id(text: &str) -> Result<SessionId, &'static str> {
    SessionId::parse(text).ok_or("a session id looks like 6f1d4e7c-0f0e-4a55-9d3e-0c4f0a1b2c3d")
}

fn space(text: &str) -> Result<Space, serde_json::Error> {
    serde_json::from_value(text.into())
}

impl Connections {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let request = Request {
            user: self.user.as_deref(),
            client: self.client,
            channel: self.channel.as_deref(),
            space: self.space.as_ref(),
            limit: self.limit,
        };
        let result = self.remote.api(options)?.call("connections", &request).await?;
        if self.json {
            return print_line(result.get());
        }
        let list: ConnectionList = parse(&result)?;
        if !list.connections.is_empty() {
            let rows = list.connections.iter().map(Connection::cells);
            let heads = HEADS.map(str::to_owned);
            table(&[heads].into_iter().chain(rows).collect::<Vec<_>>()).iter().try_for_each(|line| print_line(line))?;
        }
        list.notes(self.limit).iter().for_each(|note| eprintln!("{note}"));
        Ok(())
    }
}

impl ConnectionList {
    /// What the table does not say, where at most `limit` were asked for.
    fn notes(&self, limit: u16) -> Vec<String> {
        let listed = self.connections.len();
        let part = format!("{listed} of {} connections", self.total);
        let fewer = "--user, --client and --channel narrow the list";
        let mut notes = vec![];
        if self.truncated && listed == self.total {
            // All that are known of are there, so it was no limit.
            notes.push("some sessions did not answer in time; ask again".to_owned());
        } else if self.truncated && listed < usize::from(limit) {
            notes.push(format!("{part}; the others do not fit into one answer or did not answer in time; {fewer}"));
        } else if self.truncated && limit < MAX_LIMIT {
            notes.push(format!("{part}; --limit lists more, and {fewer}"));
        } else if self.truncated {
            notes.push(format!("{part}; {fewer}"));
        } else if listed == 0 && self.missing.is_empty() {
            notes.push("no connections".to_owned());
        } else if listed == 0 {
            notes.push("no connections on the nodes that answered".to_owned());
        }
        if !self.missing.is_empty() {
            notes.push(format!("nodes that did not answer: {}", self.missing.join(", ")));
        }
        notes
    }
}

impl Connection {
    fn cells(&self) -> [String; 8] {
        let registered = self.registered.as_deref().unwrap_or_default();
        let groups: Vec<String> = self.groups.iter().map(|group| shown(group)).collect();
        let subscriptions: Vec<String> = self.subscriptions.iter().map(Subscription::name).collect();
        let cells = [
            shown(&self.client),
            shown(&self.user),
            shown(&self.kind),
            self.transport.as_ref().map(Transport::name).unwrap_or_default(),
            self.transport.as_ref().map(|transport| transport.queue.bytes.to_string()).unwrap_or_default(),
            shown(registered),
            first(&groups),
            first(&subscriptions),
        ];
        cells.map(|cell| if cell.is_empty() { "-".to_owned() } else { cell })
    }
}

impl Transport {
    /// Such as `centrifuge json websocket`, with `tls` where it is encrypted.
    fn name(&self) -> String {
        let tls = self.encrypted.then_some("tls");
        let words = [&self.wire, &self.encoding, &self.carrier].map(|word| shown(word));
        words.iter().map(String::as_str).chain(tls).collect::<Vec<_>>().join(" ")
    }
}

impl Subscription {
    /// The channel with its space, and the topics that it is limited to. The channels that clients name stand without their space,
    /// but for those that would look like a channel of another one.
    fn name(&self) -> String {
        let is_ambiguous = self.channel.split_once(':').is_some_and(|(prefix, _)| space(prefix).is_ok());
        let channel = shown(&self.channel);
        let name = match self.space == "user" && !is_ambiguous {
            true => channel,
            false => format!("{}:{channel}", shown(&self.space)),
        };
        match self.topics.is_empty() {
            true => name,
            false => format!("{name}[{}]", self.topics.iter().map(|topic| shown(topic)).collect::<Vec<_>>().join(" ")),
        }
    }
}

/// The first few, and how many more there are.
fn first(names: &[String]) -> String {
    let named = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} +{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_chose_does_not_move_the_cursor() {
        let hostile = Subscription { space: "user".into(), channel: "\u{1b}[2Ja\nb\u{202e}".into(), topics: vec![] };
        assert_eq!(hostile.name(), "\\u{1b}[2Ja\\nb\\u{202e}");
        assert_eq!(shown("it's \"ünï\""), "it's \"ünï\"");
    }

    #[test]
    fn a_line_names_the_first_few_and_counts_the_others() {
        let names = |count: usize| (0..count).map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!((first(&[]).as_str(), first(&names(3)).as_str()), ("", "0, 1, 2"));
        assert_eq!(first(&names(5)), "0, 1, 2 +2");
    }

    #[test]
    fn a_subscription_is_named_with_its_space_and_topics() {
        let topics = vec!["a".to_owned(), "b".to_owned()];
        let subscription = Subscription { space: "plugin".into(), channel: "catalog".into(), topics };
        assert_eq!(subscription.name(), "plugin:catalog[a b]");
    }

    #[test]
    fn a_channel_of_clients_does_not_look_like_one_of_another_space() {
        let name = |space: &str, channel: &str| {
            Subscription { space: space.into(), channel: channel.into(), topics: vec![] }.name()
        };
        assert_eq!(name("plugin", "catalog"), "plugin:catalog");
        for (channel, shown) in [
            ("catalog", "catalog"),
            ("chat:lobby", "chat:lobby"),
            ("plugins:catalog", "plugins:catalog"),
            ("plugin", "plugin"),
            ("plugin:catalog", "user:plugin:catalog"),
            ("socketio:/", "user:socketio:/"),
            ("user:plugin:catalog", "user:user:plugin:catalog"),
        ] {
            assert_eq!(name("user", channel), shown);
        }
    }
}
