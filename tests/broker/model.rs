//! Whatever happens in whatever order: what a listener was given is without a gap, or it was told of one.
use super::house::{Client, House, Plan, rest, story};
use callboard::broker::Limits;
use proptest::prelude::*;
use serde_json::Value;

const KEPT: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
history_size = 12
history_ttl = "5m"
force_recovery = true
join_leave = true
force_push_join_leave = true
"#;

const CLIENTS: usize = 3;

#[derive(Debug, Clone)]
enum Act {
    Join { who: usize, recover: bool },
    Leave(usize),
    Publish(u8),
    Stop(usize),
    Trim,
    Break,
    Yield(u8),
    Rest,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 0..CLIENTS;
    let act = prop_oneof![
        6 => (who.clone(), any::<bool>()).prop_map(|(who, recover)| Act::Join { who, recover }),
        2 => who.clone().prop_map(Act::Leave),
        6 => (1u8..9).prop_map(Act::Publish),
        1 => who.prop_map(Act::Stop),
        1 => Just(Act::Trim),
        1 => Just(Act::Break),
        4 => (1u8..6).prop_map(Act::Yield),
        2 => Just(Act::Rest),
    ];
    prop::collection::vec(act, 1..60)
}

/// What a client library keeps of its subscription.
#[derive(Default, Debug)]
struct Mind {
    position: Option<(u64, String)>,
    listening: bool,
    /// A subscribe has no answer yet.
    asked: bool,
    read: usize,
}

impl Mind {
    /// Reads what was said since the last time; fails at the first thing that does not follow from what came before.
    fn read(&mut self, client: &Client) -> Result<(), TestCaseError> {
        let said = client.said();
        for line in &said[self.read..] {
            let Ok(said) = serde_json::from_str::<Value>(line) else { continue };
            if said["id"] == 2 {
                self.asked = false;
            }
            if said["subscribe"].is_object() {
                self.subscribed(&said["subscribe"])?;
            } else if said["unsubscribe"].is_object() || said["push"]["unsubscribe"].is_object() {
                self.listening = false;
            } else if said["push"]["pub"].is_object() {
                prop_assert!(self.listening, "an event without a subscription: {line}");
                self.event(&said["push"]["pub"])?;
            }
        }
        self.read = said.len();
        Ok(())
    }

    fn subscribed(&mut self, told: &Value) -> Result<(), TestCaseError> {
        let epoch = told["epoch"].as_str().unwrap_or_default().to_owned();
        let offset = told["offset"].as_u64().unwrap_or(0);
        self.listening = true;
        if told["recovered"] == true {
            prop_assert_eq!(self.position.clone().map(|(offset, _)| offset), Some(offset));
        }
        self.position = Some((offset, epoch));
        for event in told["publications"].as_array().into_iter().flatten() {
            self.event(event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Value) -> Result<(), TestCaseError> {
        let (offset, _) = self.position.as_mut().expect("it is subscribed");
        prop_assert_eq!(event["offset"].as_u64(), Some(*offset + 1), "a gap, a copy or a disorder");
        *offset += 1;
        Ok(())
    }
}

struct Stage {
    house: House,
    actors: Vec<(Client, Mind)>,
    published: u64,
}

impl Stage {
    async fn act(&mut self, act: &Act) {
        match *act {
            Act::Join { who, recover } => {
                let (client, mind) = &mut self.actors[who];
                let from = mind.position.as_ref().filter(|_| recover);
                let from = from.map_or(String::new(), |(offset, epoch)| {
                    format!(r#","recover":true,"offset":{offset},"epoch":"{epoch}""#)
                });
                // Later than what this position was read from may be said on the way: then the join is not tried.
                if mind.read == client.said().len() && !mind.listening && !mind.asked {
                    mind.asked = true;
                    client.say(&format!(r#"{{"id":2,"subscribe":{{"channel":"news"{from}}}}}"#));
                }
            }
            Act::Leave(who) => self.actors[who].0.say(r#"{"id":3,"unsubscribe":{"channel":"news"}}"#),
            Act::Publish(times) => {
                let publisher = &self.actors[CLIENTS].0;
                for _ in 0..times {
                    self.published += 1;
                    publisher.say(&format!(r#"{{"id":9,"publish":{{"channel":"news","data":{}}}}}"#, self.published));
                }
            }
            Act::Stop(who) => {
                self.actors[who].0.leave();
                rest().await;
                let position = self.actors[who].1.position.take();
                self.actors[who] = (self.house.guest().await, Mind { position, ..Mind::default() });
            }
            Act::Trim => self.house.node.channels().remove_history("news").await.expect("it is kept"),
            Act::Break => self.house.engine.breaks.store(true, std::sync::atomic::Ordering::SeqCst),
            Act::Yield(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            Act::Rest => rest().await,
        }
    }
}

async fn play(hub_queue: usize, join_buffer: usize, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let limits = Limits { hub_queue, join_buffer, recover_max: 8, ..Limits::default() };
    let house = Plan { limits, ..Plan::of(KEPT) }.build();
    let mut actors = vec![];
    for _ in 0..=CLIENTS {
        actors.push((house.guest().await, Mind::default()));
    }
    let mut stage = Stage { house, actors, published: 0 };
    for act in &acts {
        stage.act(act).await;
        for (client, mind) in &mut stage.actors {
            mind.read(client)?;
        }
    }
    rest().await;
    let top = stage.house.node.channels().history("news", Default::default()).await.expect("it is kept").offset;
    for (client, mind) in &mut stage.actors {
        mind.read(client)?;
        if mind.listening {
            prop_assert_eq!(
                mind.position.as_ref().map(|(offset, _)| *offset),
                Some(top),
                "the last events are missing"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_listener_ever_sees_a_gap_that_it_was_not_told_of(
        hub_queue in 1usize..9, join_buffer in 0usize..6, acts in acts(),
    ) {
        story(play(hub_queue, join_buffer, acts))?;
    }
}
