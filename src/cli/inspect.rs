//! `callboard channels` and `callboard info`.
use super::client::{Remote, parse};
use super::{Error, Options, print_line};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lists the channels that have listeners.
#[derive(Debug, Args)]
pub(super) struct Channels {
    /// Only those that match, such as 'chat:*'
    #[arg(default_value = "")]
    pattern: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct ChannelList {
    channels: BTreeMap<String, ChannelInfo>,
}

#[derive(Deserialize)]
struct ChannelInfo {
    #[serde(default)]
    num_clients: u64,
}

impl Channels {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let parameters = match self.pattern.is_empty() {
            true => json!({}),
            false => json!({"pattern": self.pattern}),
        };
        let result = self.remote.api(options)?.call("channels", &parameters).await?;
        if self.json {
            return print_line(result.get());
        }
        let list: ChannelList = parse(&result)?;
        if list.channels.is_empty() {
            eprintln!("no channel has listeners");
        }
        for (name, info) in &list.channels {
            print_line(&format!("{name}\t{}", info.num_clients))?;
        }
        Ok(())
    }
}

/// Shows the state of the broker.
#[derive(Debug, Args)]
pub(super) struct Info {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node {
    name: String,
    version: String,
    uptime: u64,
    num_clients: u64,
    num_users: u64,
    num_channels: u64,
    num_subs: u64,
}

impl Info {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let result = self.remote.api(options)?.call("info", &json!({})).await?;
        if self.json {
            return print_line(result.get());
        }
        let info: Nodes = parse(&result)?;
        for node in &info.nodes {
            let up = humantime_serde::re::humantime::format_duration(Duration::from_secs(node.uptime));
            print_line(&format!("{} (callboard {}, up {up})", node.name, node.version))?;
            print_line(&format!("  clients   {} of {} users", node.num_clients, node.num_users))?;
            print_line(&format!("  channels  {} with {} subscriptions", node.num_channels, node.num_subs))?;
        }
        Ok(())
    }
}
