//! The other nodes that share the engine: what is asked of all of them, and who did not answer.
//!
//! A question goes to all nodes over the engine's bus; each answers to who asked. What the [`Node`] does by itself is what one
//! node does of it. A question more is a variant of [`Ask`] and an arm in [`answer`]; what a node of an earlier version does
//! not know it refuses, and so counts as missing.
use super::control::{Census, NodeInfo};
use super::directory::Target;
use super::node::WeakNode;
use super::revocations::Learned;
use super::{Node, SubscribeOptions};
use crate::auth::Overrides;
use crate::engine::{Ear, Peers, PresenceStats};
use crate::metrics::Metrics;
use crate::protocol::Recover;
use crate::types::{ChannelName, ClientInfo, Disconnect, Epoch, Json, ReplyError, Revocation, SessionId, Space};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// How long the others may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Words of other nodes that wait; more are dropped and counted, and who asked is told that this node is missing.
const WAITING: usize = 1_024;

/// What all nodes did, or those that could be reached.
#[derive(Debug, Clone, Default)]
pub struct Reached<T> {
    /// What came of it.
    pub value: T,
    /// The ids of nodes that did not answer.
    pub missing: Vec<String>,
}

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
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Info { clients: usize, users: usize, channels: usize, subscriptions: usize, seconds: f64 },
    Channels(Vec<(String, usize)>),
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
    info: Option<Json>,
    data: Option<Json>,
    overrides: Overrides,
    expire_at: Option<i64>,
    recover: Option<(u64, String)>,
}

#[derive(Serialize, Deserialize)]
struct Words {
    from: String,
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ask: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Json>,
}

type Asked = mpsc::UnboundedSender<(String, Option<Answer>)>;

/// The questions of this node that wait for answers.
#[derive(Default)]
pub struct Questions {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Asked>>,
    /// Junk has been logged.
    told: AtomicBool,
}

impl Questions {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Asked>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question that waits for answers, until what is returned is dropped: also where its caller goes away.
    fn ask(&self, number: u64, asked: Asked) -> OpenQuestion<'_> {
        self.open().insert(number, asked);
        OpenQuestion { questions: self, number }
    }

    /// How many questions wait for answers.
    pub fn len(&self) -> usize {
        self.open().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What came is no words of a node, or of a version to come.
    fn undecodable(&self, metrics: &Metrics, error: &dyn std::fmt::Display) {
        metrics.undecodable(&self.told, format_args!("what came over the bus is no word of a node ({error})"));
    }
}

struct OpenQuestion<'a> {
    questions: &'a Questions,
    number: u64,
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.questions.open().remove(&self.number);
    }
}

/// Asks every node, this one included.
pub struct Everywhere<'a>(&'a Node);

impl Node {
    /// What all nodes together do and know. Alone, or with an engine that is not shared, it is the same as this node.
    pub fn everywhere(&self) -> Everywhere<'_> {
        Everywhere(self)
    }
}

impl Everywhere<'_> {
    /// The nodes and their numbers.
    pub async fn info(&self) -> Result<Reached<Vec<NodeInfo>>, ReplyError> {
        let (own, others) = futures_util::join!(self.0.info(), self.ask(Ask::Info));
        let mut nodes = own?;
        for (uid, answer) in others.value {
            if let Answer::Info { clients, users, channels, subscriptions, seconds } = answer {
                let uptime = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                nodes.push(NodeInfo { uid, census: Census { clients, users, channels, subscriptions }, uptime });
            }
        }
        Ok(Reached { value: nodes, missing: others.missing })
    }

    /// The channels of the user space that have listeners, with how many they have.
    pub async fn channels(&self) -> Result<Reached<BTreeMap<String, usize>>, ReplyError> {
        let (own, others) = futures_util::join!(occupied(self.0), self.ask(Ask::Channels));
        let mut channels: BTreeMap<String, usize> = own?.into_iter().collect();
        for (_, answer) in others.value {
            let Answer::Channels(more) = answer else { continue };
            more.into_iter().for_each(|(name, listeners)| *channels.entry(name).or_default() += listeners);
        }
        Ok(Reached { value: channels, missing: others.missing })
    }

    /// As [`Node::subscribe`].
    pub async fn subscribe(
        &self,
        target: Target,
        channel: &str,
        options: SubscribeOptions,
    ) -> Result<Reached<usize>, ReplyError> {
        let SubscribeOptions { info, data, overrides, expire_at, recover } = options.clone();
        let recover = recover.map(|from| (from.offset, from.epoch.as_str().to_owned()));
        let options_told = Box::new(Options { info, data, overrides, expire_at, recover });
        let ask = Ask::Subscribe { who: Who::of(&target), channel: channel.to_owned(), options: options_told };
        self.order(self.0.subscribe(target, channel, options).await?, ask).await
    }

    /// As [`Node::unsubscribe`].
    pub async fn unsubscribe(&self, target: Target, channel: Option<&str>) -> Result<Reached<usize>, ReplyError> {
        let ask = Ask::Unsubscribe { who: Who::of(&target), channel: channel.map(str::to_owned) };
        self.order(self.0.unsubscribe(target, channel).await?, ask).await
    }

    /// As [`Node::disconnect`].
    pub async fn disconnect(&self, target: Target, reason: Disconnect) -> Result<Reached<usize>, ReplyError> {
        let who = Who::of(&target);
        let ask = Ask::Disconnect { who, code: reason.code, reason: reason.reason.clone().into_owned() };
        self.order(self.0.disconnect(target, reason).await?, ask).await
    }

    /// As [`Node::refresh`].
    pub async fn refresh(
        &self,
        target: Target,
        expire_at: Option<i64>,
        info: Option<Json>,
    ) -> Result<Reached<usize>, ReplyError> {
        let ask = Ask::Refresh { who: Who::of(&target), expire_at, info: info.clone() };
        self.order(self.0.refresh(target, expire_at, info).await?, ask).await
    }

    /// As [`Node::presence`]; where the engine's store is away, those of this node.
    pub async fn presence(&self, channel: &str) -> Result<Reached<Vec<Arc<ClientInfo>>>, ReplyError> {
        let value = self.0.presence(channel).await?;
        Ok(Reached { value, missing: self.out_of_sight().await })
    }

    /// As [`Node::presence_stats`]; where the engine's store is away, those of this node.
    pub async fn presence_stats(&self, channel: &str) -> Result<Reached<PresenceStats>, ReplyError> {
        let value = self.0.presence_stats(channel).await?;
        Ok(Reached { value, missing: self.out_of_sight().await })
    }

    async fn order(&self, own: usize, ask: Ask) -> Result<Reached<usize>, ReplyError> {
        let others = self.ask(ask).await;
        let told = others.value.iter().map(|(_, answer)| if let Answer::Done(told) = answer { *told } else { 0 });
        Ok(Reached { value: own + told.sum::<usize>(), missing: others.missing })
    }

    /// The others, where what they know does not get here.
    async fn out_of_sight(&self) -> Vec<String> {
        match (self.0.engine().peers(), self.0.engine().trouble()) {
            (Some(peers), Some(_)) => self.others(peers).await,
            _ => vec![],
        }
    }

    async fn others(&self, peers: &dyn Peers) -> Vec<String> {
        let nodes = peers.nodes().await;
        nodes.into_iter().filter(|id| id != self.0.id()).collect()
    }

    /// This node.
    pub(super) fn node(&self) -> &Node {
        self.0
    }

    /// Asks the other nodes and waits until all have answered, but not for ever.
    pub(super) async fn ask(&self, ask: Ask) -> Reached<Vec<(String, Answer)>> {
        let Some(peers) = self.0.engine().peers() else { return Reached::default() };
        let mut waited_for = self.others(peers).await;
        if waited_for.is_empty() {
            return Reached::default();
        }
        let questions = self.0.questions();
        let number = questions.last.fetch_add(1, Ordering::Relaxed);
        // Bounded by the nodes, each of which answers once.
        let (asked, mut answers) = mpsc::unbounded_channel();
        let _open = questions.ask(number, asked);
        let words = Words { from: self.0.id().to_owned(), number, ask: Json::write(&ask).ok(), answer: None };
        let (mut value, mut missing) = (vec![], vec![]);
        let deadline = Instant::now() + PATIENCE;
        if say(peers, None, &words).await {
            while !waited_for.is_empty() {
                let Ok(Some((from, answer))) = timeout_at(deadline, answers.recv()).await else { break };
                let Some(at) = waited_for.iter().position(|id| *id == from) else { continue };
                let from = waited_for.swap_remove(at);
                match answer {
                    Some(answer) if !matches!(answer, Answer::Refused) => value.push((from, answer)),
                    // It will not answer otherwise, however long it is waited for.
                    _ => missing.push(from),
                }
            }
        }
        missing.extend(waited_for);
        Reached { value, missing }
    }
}

impl Who {
    fn of(target: &Target) -> Self {
        Who {
            user: target.user.clone(),
            session: target.session.map(|session| session.to_string()),
            except: target.except.iter().map(SessionId::to_string).collect(),
        }
    }

    /// None where it names a session by what is no id: that is nobody, and not everybody.
    fn target(self) -> Option<Target> {
        let session = match self.session {
            Some(session) => Some(SessionId::parse(&session)?),
            None => None,
        };
        let except = self.except.iter().filter_map(|session| SessionId::parse(session)).collect();
        Some(Target { user: self.user, session, except })
    }
}

async fn say(peers: &dyn Peers, to: Option<&str>, words: &Words) -> bool {
    let Ok(words) = Json::write(words) else { return false };
    peers.say(to, words.bytes().clone()).wait().await.is_ok()
}

async fn occupied(node: &Node) -> Result<Vec<(String, usize)>, ReplyError> {
    let channels = node.channels().await?.into_iter();
    let user = channels.filter(|(name, _): &(ChannelName, usize)| *name.space() == Space::User);
    Ok(user.map(|(name, listeners)| (name.as_str().to_owned(), listeners)).collect())
}

/// Does here what another node asks of all.
async fn answer(node: &Node, ask: Ask) -> Option<Answer> {
    let told = match ask {
        Ask::Info => {
            let NodeInfo { census, uptime, .. } = node.info().await.ok()?.pop()?;
            let Census { clients, users, channels, subscriptions } = census;
            return Some(Answer::Info { clients, users, channels, subscriptions, seconds: uptime.as_secs_f64() });
        }
        Ask::Channels => return occupied(node).await.ok().map(Answer::Channels),
        Ask::Subscribe { who, channel, options } => {
            let Options { info, data, overrides, expire_at, recover } = *options;
            let recover = recover.map(|(offset, epoch)| Recover { offset, epoch: Epoch::new(epoch) });
            let options = SubscribeOptions { info, data, overrides, expire_at, recover };
            node.subscribe(who.target()?, &channel, options).await
        }
        Ask::Unsubscribe { who, channel } => node.unsubscribe(who.target()?, channel.as_deref()).await,
        Ask::Disconnect { who, code, reason } => {
            node.disconnect(who.target()?, Disconnect { code, reason: reason.into() }).await
        }
        Ask::Refresh { who, expire_at, info } => node.refresh(who.target()?, expire_at, info).await,
        Ask::Revoke { revocation, seconds } => {
            // Who asks has just taken it back from all that were there.
            let learned = node.enforce(&revocation, Duration::from_secs(seconds), i64::MAX);
            return (learned != Learned::Full).then_some(Answer::Done(0));
        }
    };
    told.ok().map(Answer::Done)
}

/// Announces the node to the others, if the engine is shared, and answers what they ask.
pub(super) fn attend(node: &Node) {
    struct Inlet(mpsc::Sender<Bytes>, Metrics);
    impl Ear for Inlet {
        fn heard(&self, words: Bytes) {
            if self.0.try_send(words).is_err() {
                Metrics::count(&self.1.drops, "control");
            }
        }
    }
    let Some(peers) = node.engine().peers() else { return };
    let (inlet, mut heard) = mpsc::channel(WAITING);
    peers.attend(node.id(), Arc::new(Inlet(inlet, node.metrics().clone())));
    let node = node.downgrade();
    actix_rt::spawn(async move {
        while let Some(words) = heard.recv().await {
            let Some(node) = node.upgrade() else { return };
            match serde_json::from_slice::<Words>(&words) {
                Ok(words) => hear(&node, words),
                Err(error) => node.questions().undecodable(node.metrics(), &error),
            }
        }
    });
}

fn hear(node: &Node, words: Words) {
    let Words { from, number, ask, answer: told } = words;
    if let Some(told) = told {
        let told = told.read().inspect_err(|error| node.questions().undecodable(node.metrics(), error)).ok();
        if let Some(asked) = node.questions().open().get(&number) {
            // Who asked may have stopped waiting.
            let _ = asked.send((from, told));
        }
        return;
    }
    let Some(ask) = ask.filter(|_| from != node.id()) else { return };
    let node: WeakNode = node.downgrade();
    // By itself, so that a slow answer keeps no other waiting.
    actix_rt::spawn(async move {
        let Some(node) = node.upgrade() else { return };
        let told = match ask.read() {
            Ok(ask) => answer(&node, ask).await.unwrap_or(Answer::Refused),
            Err(_) => Answer::Refused,
        };
        let words = Words { from: node.id().to_owned(), number, ask: None, answer: Json::write(&told).ok() };
        if let Some(peers) = node.engine().peers() {
            say(peers, Some(&from), &words).await;
        }
    });
}
