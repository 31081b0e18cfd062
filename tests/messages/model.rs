//! Any sequence of adding, removing, posting and closing, against a model that is a list.
use super::house::{House, real_story, until};
use super::recorder::{Recorder, house, session, settled};
use callboard::broker::messages::{Listener, ListenerId, ServerSession};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CHANNELS: [&str; 3] = ["news", "open:1", "kept:1"];
const SESSIONS: usize = 3;
const HANDLES: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Add { session: usize, handle: usize, channel: usize },
    Remove { session: usize, handle: usize, channel: usize },
    Post { channel: usize },
    Close { session: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || (0..SESSIONS, 0..HANDLES, 0..CHANNELS.len());
    let step = prop_oneof![
        5 => place().prop_map(|(session, handle, channel)| Step::Add { session, handle, channel }),
        3 => place().prop_map(|(session, handle, channel)| Step::Remove { session, handle, channel }),
        5 => (0..CHANNELS.len()).prop_map(|channel| Step::Post { channel }),
        1 => (0..SESSIONS).prop_map(|session| Step::Close { session }),
    ];
    prop::collection::vec(step, 1..40)
}

struct Stage {
    house: House,
    sessions: Vec<ServerSession>,
    recorders: Vec<(Recorder, Listener)>,
    /// Who listens where, and under which name.
    model: BTreeMap<(usize, usize, usize), ListenerId>,
    /// What each recorder must have heard.
    expected: Vec<Vec<u64>>,
    posted: u64,
}

impl Stage {
    fn new() -> Self {
        let house = house();
        let sessions = (0..SESSIONS).map(|_| session(&house)).collect();
        let recorders =
            (0..HANDLES).map(|_| Recorder::default()).map(|recorder| (recorder.clone(), recorder.listener())).collect();
        Stage { house, sessions, recorders, model: BTreeMap::new(), expected: vec![vec![]; HANDLES], posted: 0 }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Add { session, handle, channel } => {
                let messages = self.sessions[session].messages();
                let added = messages.add_listener(CHANNELS[channel], self.recorders[handle].1.clone()).await;
                match self.sessions[session].is_closed() {
                    true => assert!(added.is_err()),
                    false => {
                        let id = added.unwrap();
                        let known = self.model.insert((session, handle, channel), id);
                        assert!(known.is_none_or(|known| known == id));
                    }
                }
            }
            Step::Remove { session, handle, channel } => {
                if let Some(id) = self.model.remove(&(session, handle, channel)) {
                    self.sessions[session].messages().remove_listener(id);
                    self.sessions[session].messages().remove_listener(id);
                }
            }
            Step::Post { channel } => self.post(channel).await,
            Step::Close { session } => {
                self.sessions[session].close().await;
                self.model.retain(|(of, ..), _| *of != session);
            }
        }
    }

    /// Posts, and waits until it is heard: what is done next comes after that.
    async fn post(&mut self, channel: usize) {
        self.posted += 1;
        let id = self.posted;
        let anybody = self.house.node.sessions().open(callboard::types::Identity::anonymous()).unwrap();
        super::recorder::post(&anybody.messages(), CHANNELS[channel], [id]).await;
        for (_, handle, of) in self.model.keys() {
            if *of == channel {
                self.expected[*handle].push(id);
            }
        }
        for ((recorder, _), expected) in self.recorders.iter().zip(&self.expected) {
            until("it is heard", || recorder.heard().len() >= expected.len()).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whoever_listens_hears_each_message_once_and_nobody_else_does(steps in steps()) {
        real_story(async {
            let mut stage = Stage::new();
            for step in steps {
                stage.take(step).await;
            }
            let listening: std::collections::BTreeSet<usize> = stage.model.keys().map(|(.., channel)| *channel).collect();
            until("the places are as many as the channels", || stage.house.gauges().2 == listening.len() as i64).await;
            for session in &stage.sessions {
                session.close().await;
            }
            for channel in CHANNELS {
                settled(&stage.house, channel).await;
            }
            for ((recorder, _), expected) in stage.recorders.iter().zip(&stage.expected) {
                assert_eq!(recorder.heard(), *expected);
            }
        });
    }
}
