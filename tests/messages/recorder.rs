//! What the stories post, and listeners that write down what they hear.
use super::house::{House, Plan, until};
use callboard::broker::messages::{Listener, Messages, ReceivedEvent, ServerSession, TypedMessage};
use callboard::types::Identity;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

/// Three policies: nothing kept and nobody of the clients admitted, everything kept, open to clients.
pub const NAMESPACES: &str = r#"
[[namespace]]
[[namespace]]
name = "kept"
subscribe = "anyone"
history_size = 1000
history_ttl = "5m"
force_recovery = true
[[namespace]]
name = "open"
subscribe = "anyone"
publish = "anyone"
"#;

/// The message of the stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUpdate {
    pub id: u64,
}

impl TypedMessage for UserUpdate {
    const TYPE: &'static str = "UserUpdate";
}

/// Another message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    pub word: String,
}

impl TypedMessage for Other {
    const TYPE: &'static str = "Other";
}

pub fn house() -> House {
    Plan::of(NAMESPACES).build()
}

/// A session of server code.
pub fn session(house: &House) -> ServerSession {
    house.node.sessions().open(Identity::anonymous()).expect("there is room")
}

pub async fn post(messages: &Messages, channel: &str, ids: impl IntoIterator<Item = u64>) {
    for id in ids {
        messages.post_message(channel, &UserUpdate { id }).await.expect("accepted");
    }
}

/// Writes down the numbers it hears.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<u64>>>);

impl Recorder {
    /// A listener that is this recorder: another one each time.
    pub fn listener(&self) -> Listener {
        let recorder = self.clone();
        Listener::new(move |heard: ReceivedEvent| recorder.note(&heard))
    }

    pub fn note(&self, heard: &ReceivedEvent) {
        self.0.lock().unwrap().push(heard.read::<UserUpdate>().expect("an update").id);
    }

    pub fn heard(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until it has heard this, and nothing else.
    pub async fn hears(&self, ids: impl IntoIterator<Item = u64>) {
        let ids: Vec<u64> = ids.into_iter().collect();
        until("it is heard", || self.heard().len() >= ids.len()).await;
        assert_eq!(self.heard(), ids);
    }
}

/// Lets everything that was posted before reach its listeners: what is posted now reaches a new one after that.
pub async fn settled(house: &House, channel: &str) {
    let (session, recorder) = (session(house), Recorder::default());
    session.messages().add_listener(channel, recorder.listener()).await.expect("it listens");
    post(&session.messages(), channel, [u64::MAX]).await;
    // It may hear what was accepted before it listened, and was still on its way.
    until("it is heard", || recorder.heard().last() == Some(&u64::MAX)).await;
}
