//! The messages between nodes, and their form on the bus.
use crate::auth::Overrides;
use crate::broker::inspection::NodeSessions;
use crate::broker::{Inspection, Target};
use crate::engine::Peers;
use crate::types::{Account, Json, Revocation, SessionId, Space};
use serde::{Deserialize, Serialize};

/// What is asked of every node.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    Info,
    Channels,
    Subscribe { who: Who, channel: String, options: Box<Options> },
    Unsubscribe { who: Who, channel: Option<String> },
    Disconnect { who: Who, code: u16, reason: String },
    Refresh { who: Who, expire_at: Option<i64>, info: Option<Json> },
    Revoke { revocation: Revocation, seconds: u64 },
    Inspect(Inspection),
    Tell { name: String, data: Json },
    Account { space: Space, channel: String, name: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NodeAnswer {
    Info { clients: usize, users: usize, channels: usize, subscriptions: usize, seconds: f64 },
    Channels(Vec<(String, usize)>),
    Inspected(NodeSessions),
    Account(Account),
    Done(usize),
    Refused,
}

/// [`Target`] as other nodes read it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Who {
    user: String,
    session: Option<String>,
    except: Vec<String>,
}

/// [`SubscribeOptions`] as other nodes read them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Options {
    pub info: Option<Json>,
    pub data: Option<Json>,
    pub overrides: Overrides,
    pub expire_at: Option<i64>,
    pub recover: Option<(u64, String)>,
}

/// A question or an answer, with who says it and the number of the question.
#[derive(Serialize, Deserialize)]
pub(super) struct Words {
    pub from: String,
    pub number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Json>,
}

impl Who {
    pub fn of(target: &Target) -> Self {
        Who {
            user: target.user.clone(),
            session: target.session.map(|session| session.to_string()),
            except: target.except.iter().map(SessionId::to_string).collect(),
        }
    }

    /// None where it names a session by what is no id: that is nobody, and not everybody.
    pub fn target(self) -> Option<Target> {
        let session = match self.session {
            Some(session) => Some(SessionId::parse(&session)?),
            None => None,
        };
        let except = self.except.iter().filter_map(|session| SessionId::parse(session)).collect();
        Some(Target { user: self.user, session, except })
    }
}

/// Says this to one node, or to all; whether it is on its way.
pub(super) async fn say(peers: &dyn Peers, to: Option<&str>, words: &Words) -> bool {
    let Ok(words) = Json::write(words) else { return false };
    peers.say(to, words.bytes().clone()).wait().await.is_ok()
}
