//! `info`: the nodes and their numbers.
use super::method::Method;
use crate::broker::{Node, NodeInfo};
use crate::types::ReplyError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Asks for the nodes and their numbers.
#[derive(Deserialize, ToSchema)]
pub struct Info {}

/// The nodes and their numbers.
#[derive(Serialize, ToSchema)]
pub struct Nodes {
    /// One entry a node.
    nodes: Vec<NodeNumbers>,
    /// The ids of nodes that did not answer; left out where all did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// A node and its numbers.
#[derive(Serialize, ToSchema)]
pub struct NodeNumbers {
    /// Its id, new at each start.
    uid: String,
    /// Its name.
    name: String,
    /// The broker's version.
    version: String,
    /// Sessions.
    num_clients: usize,
    /// Different users among them.
    num_users: usize,
    /// Channels with listeners.
    num_channels: usize,
    /// Listeners.
    num_subs: usize,
    /// Seconds since it started.
    uptime: u64,
    /// Empty: `/metrics` has the numbers.
    metrics: IntervalMetrics,
    /// What the process uses; left out where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Process>,
}

/// Numbers gathered in an interval.
#[derive(Serialize, ToSchema)]
pub struct IntervalMetrics {
    /// Seconds.
    interval: f64,
    /// By name.
    items: BTreeMap<String, f64>,
}

/// What a process uses.
#[derive(Debug, Serialize, ToSchema)]
pub struct Process {
    /// Of one core's time since the process started, in percent.
    cpu: f64,
    /// Bytes of memory that are resident.
    rss: u64,
}

impl Method for Info {
    type Result = Nodes;
    const NAME: &'static str = "info";
    const SUMMARY: &'static str = "Tells of the nodes and their numbers";
    const REQUEST: &'static str = "{}";
    const RESULT: &'static str = r#"{"nodes":[{"uid":"6f1d4e7c-0f0e-4a55-9d3e-0c4f0a1b2c3d","name":"6f1d4e7c-0f0e-4a55-9d3e-0c4f0a1b2c3d","version":"0.1.0","num_clients":1,"num_users":1,"num_channels":1,"num_subs":1,"uptime":3,"metrics":{"interval":0,"items":{}},"process":{"cpu":0.1,"rss":12000000}}]}"#;

    async fn answer(self, node: &Node) -> Result<Nodes, ReplyError> {
        let reached = node.everywhere().info().await?;
        let mut nodes: Vec<NodeNumbers> = reached.value.into_iter().map(NodeNumbers::from).collect();
        for own in nodes.iter_mut().filter(|other| other.uid == node.id()) {
            own.process = process();
        }
        Ok(Nodes { nodes, missing: reached.missing })
    }
}

impl From<NodeInfo> for NodeNumbers {
    fn from(node: NodeInfo) -> Self {
        NodeNumbers {
            name: node.uid.clone(),
            uid: node.uid,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            num_clients: node.census.clients,
            num_users: node.census.users,
            num_channels: node.census.channels,
            num_subs: node.census.subscriptions,
            uptime: node.uptime.as_secs(),
            metrics: IntervalMetrics { interval: 0.0, items: BTreeMap::new() },
            process: None,
        }
    }
}

/// What this process uses; none where there is no `/proc`.
fn process() -> Option<Process> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let (ticks, page) = (rustix::param::clock_ticks_per_second(), rustix::param::page_size());
    usage(&stat, &uptime, ticks as f64, page as u64)
}

/// Source: proc_pid_stat(5), fields 14 (utime), 15 (stime), 22 (starttime) and 24 (rss), and proc_uptime(5).
fn usage(stat: &str, uptime: &str, ticks: f64, page: u64) -> Option<Process> {
    // Field 2 is the program's name in brackets and may hold spaces and brackets itself; field 3 follows it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let seconds = |ticked: u64| ticked as f64 / ticks;
    let age = uptime.split_whitespace().next()?.parse::<f64>().ok()? - seconds(field(22)?);
    let used = seconds(field(14)? + field(15)?);
    let cpu = if age > 0.0 { used / age * 100.0 } else { 0.0 };
    Some(Process { cpu, rss: field(24)? * page })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_uses_is_read_whatever_its_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 3 0 1000 99999999 512 184467 1 1 0";
        let used = usage(stat, "30.00 12.00\n", 100.0, 4096).unwrap();
        assert_eq!((used.cpu, used.rss), (10.0, 512 * 4096));
        assert!(usage("7 (a) S", "30.00", 100.0, 4096).is_none());
    }
}
