//! A story as it is played.
use super::client::{Client, Said, payload};
use super::coverage::{self, Met};
use super::house::{House, turns};
use super::model::{Mind, Truth};
use super::playing::{Playing, empties};
use super::story::{Act, CHANNELS, SEATS, Story};
use callboard::broker::PublishRequest;
use callboard::types::Json;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The backend, among the publishers.
const BACKEND: usize = SEATS.len();
const ROOM: &str = "room";
/// How often a client that was told to come back may be told so again, when nothing else happens.
const COMEBACKS: usize = 8;

struct Stage {
    house: House,
    is_roomy: bool,
    seats: Vec<Seat>,
    truth: Truth,
    number: u64,
    /// Who is in the room.
    room: BTreeSet<usize>,
}

struct Seat {
    client: Option<Box<dyn Client>>,
    is_asleep: bool,
    minds: Vec<Mind>,
    /// The last word of each shouter.
    shouts: BTreeMap<usize, u64>,
    heard: Vec<u64>,
}

/// Plays a story from its beginning to an empty house.
pub async fn play(story: Story) {
    let house = House::start(story.bounds).await;
    let is_roomy = story.bounds.are_roomy();
    let seats = SEATS.iter().map(|_| Seat::empty()).collect();
    let mut stage = Stage { house, is_roomy, seats, truth: Truth::default(), number: 0, room: BTreeSet::new() };
    for seat in 0..SEATS.len() {
        stage.connect(seat);
    }
    stage.calm().await;
    for act in &story.acts {
        stage.act(act).await;
        stage.read();
    }
    stage.rest().await;
    stage.end().await;
}

impl Seat {
    fn empty() -> Self {
        Seat {
            client: None,
            is_asleep: false,
            minds: CHANNELS.iter().map(|_| Mind::default()).collect(),
            shouts: BTreeMap::new(),
            heard: vec![],
        }
    }

    fn lose(&mut self) {
        self.client = None;
        self.is_asleep = false;
        self.shouts.clear();
        self.minds.iter_mut().for_each(Mind::lose);
    }

    /// The client, where it can say something.
    fn awake(&mut self) -> Option<&mut Box<dyn Client>> {
        self.client.as_mut().filter(|client| client.is_in() && !client.is_gone() && !self.is_asleep)
    }
}

impl Stage {
    async fn act(&mut self, act: &Act) {
        match *act {
            Act::Join { seat, channel, recovers } => self.join(seat, channel, recovers),
            Act::Leave { seat, channel } => {
                let seat = &mut self.seats[seat];
                let knows = seat.minds[channel].is_listening;
                if let Some(client) = seat.awake().filter(|_| knows) {
                    client.unsubscribe(CHANNELS[channel]);
                }
            }
            Act::Publish { seat, channel, times } => (0..times).for_each(|_| self.publish(seat, channel)),
            Act::Post { channel, times } => self.post(channel, times).await,
            Act::Cut(seat) => {
                self.seats[seat].lose();
                self.room.remove(&seat);
            }
            Act::Return(seat) if self.seats[seat].client.is_none() => self.connect(seat),
            Act::Sleep(seat) => self.seats[seat].is_asleep = true,
            Act::Wake(seat) => self.seats[seat].is_asleep = false,
            Act::Shout(seat) => self.shout(seat, None),
            Act::ShoutInRoom(seat) => self.shout_in_room(seat).await,
            Act::Enter(seat) => self.move_in_room(seat, true).await,
            Act::Exit(seat) => self.move_in_room(seat, false).await,
            Act::Forget => {
                let kept = CHANNELS[0];
                self.house.broker.node().channels().remove_history(kept).await.expect("it is kept");
            }
            Act::Turns(count) => turns(count.into()).await,
            Act::Seconds(count) => self.seconds(count).await,
            Act::Rest => self.rest().await,
            Act::Return(_) => {}
        }
    }

    fn connect(&mut self, seat: usize) {
        self.seats[seat].client = Some(SEATS[seat].connect(&self.house));
    }

    fn join(&mut self, seat: usize, channel: usize, recovers: bool) {
        let seat = &mut self.seats[seat];
        let mind = &seat.minds[channel];
        if mind.is_listening || mind.is_asking {
            return;
        }
        let from = mind.position.clone().filter(|_| recovers || mind.comes_back);
        let Some(client) = seat.awake() else { return };
        client.subscribe(CHANNELS[channel], from.as_ref());
        seat.minds[channel].is_asking = true;
    }

    fn publish(&mut self, seat: usize, channel: usize) {
        self.number += 1;
        let number = self.number;
        if let Some(client) = self.seats[seat].awake() {
            client.publish(CHANNELS[channel], seat, number);
        }
    }

    async fn post(&mut self, channel: usize, times: u8) {
        let node = self.house.broker.node().clone();
        let posts = (0..times).map(|_| {
            self.number += 1;
            let data = Json::write(&payload(BACKEND, self.number)).expect("JSON");
            node.channels().publish(CHANNELS[channel], PublishRequest::new(data))
        });
        let posts: Vec<_> = posts.collect();
        join_all(posts).await.into_iter().for_each(|posted| drop(posted.expect("it is accepted")));
    }

    fn shout(&mut self, seat: usize, room: Option<&str>) {
        if !SEATS[seat].is_resident() {
            return;
        }
        self.number += 1;
        let number = self.number;
        let arguments = match room {
            Some(room) => json!(["shout-in", room, seat, number]),
            None => json!(["shout", seat, number]),
        };
        if let Some(client) = self.seats[seat].awake() {
            client.emit(&arguments);
        }
    }

    /// Who enters or leaves is in or out when all is at rest.
    async fn move_in_room(&mut self, seat: usize, is_in: bool) {
        if !SEATS[seat].is_resident() || !self.is_roomy {
            return;
        }
        self.calm().await;
        let Some(client) = self.seats[seat].awake() else { return };
        client.emit(&json!([if is_in { "enter" } else { "exit" }, ROOM]));
        self.calm().await;
        match is_in && self.seats[seat].client.is_some() {
            true => self.room.insert(seat),
            false => self.room.remove(&seat),
        };
    }

    async fn shout_in_room(&mut self, seat: usize) {
        if !self.is_roomy || !SEATS[seat].is_resident() || self.seats[seat].awake().is_none() {
            return;
        }
        self.calm().await;
        self.shout(seat, Some(ROOM));
        let number = self.number;
        self.calm().await;
        for (at, seat) in self.seats.iter_mut().enumerate() {
            let hears = seat.heard.contains(&number);
            let may_hear = self.room.contains(&at);
            if hears {
                coverage::met(Met::InRoom);
            }
            assert!(!hears || may_hear, "seat {at} heard what was said in a room it is not in");
            let reads = seat.client.is_some() && !seat.is_asleep;
            assert!(hears || !may_hear || !reads, "seat {at} missed what was said in its room");
        }
    }

    fn hear(&mut self, seat: usize, said: Said) {
        let seat = &mut self.seats[seat];
        let channel = match &said {
            Said::Subscribed { channel, .. }
            | Said::Refused { channel }
            | Said::Event { channel, .. }
            | Said::Lagged { channel, .. }
            | Said::Left { channel }
            | Said::Unsubscribed { channel, .. } => channel.clone(),
            Said::Published { is_accepted } => return assert!(is_accepted, "a publish was refused"),
            Said::Shouted { from, number } => {
                let last = seat.shouts.insert(*from, *number);
                assert!(last < Some(*number), "{number} of {from} was heard behind {last:?}");
                return seat.heard.push(*number);
            }
        };
        let at = CHANNELS.iter().position(|name| *name == channel).expect("one of the channels");
        seat.minds[at].hear(&mut self.truth, said);
    }

    /// Everything comes to rest; what was lost is told, and who was told to come back does. Then all is looked at.
    async fn rest(&mut self) {
        self.calm().await;
        for _ in 0..COMEBACKS {
            // What is lost of a channel without history is told before what comes next.
            for channel in 0..CHANNELS.len() {
                self.post(channel, 1).await;
                self.calm().await;
            }
            if !self.come_back() {
                break;
            }
            self.calm().await;
        }
        self.look().await;
    }

    /// Those who were told to come back do; whether there were any.
    fn come_back(&mut self) -> bool {
        let mut any = false;
        for seat in 0..self.seats.len() {
            for channel in 0..CHANNELS.len() {
                let mind = &self.seats[seat].minds[channel];
                if mind.comes_back && self.seats[seat].awake().is_some() {
                    any = true;
                    self.join(seat, channel, true);
                }
            }
        }
        any
    }

    async fn look(&mut self) {
        let node = self.house.broker.node().clone();
        let top = node.channels().history(CHANNELS[0], Default::default()).await.expect("it is kept").offset;
        let tops = [Some(top), None];
        for (channel, name) in CHANNELS.iter().enumerate() {
            let accepted = self.house.accepted(name);
            for seat in &mut self.seats {
                let reads = seat.client.is_some() && !seat.is_asleep;
                let mind = &mut seat.minds[channel];
                match reads {
                    true => mind.rest(name, tops[channel], accepted),
                    false => mind.uncount(),
                }
            }
        }
    }

    /// Everybody leaves, and the house is empty.
    async fn end(&mut self) {
        self.seats.iter_mut().for_each(Seat::lose);
        empties(&self.house).await;
    }
}

impl Playing for Stage {
    fn read(&mut self) -> bool {
        let mut something = false;
        for at in 0..self.seats.len() {
            let seat = &mut self.seats[at];
            let Some(client) = seat.client.as_mut().filter(|_| !seat.is_asleep) else { continue };
            let (said, is_gone) = (client.read(), client.is_gone());
            something |= !said.is_empty() || is_gone;
            said.iter().for_each(coverage::heard);
            said.into_iter().for_each(|said| self.hear(at, said));
            if is_gone {
                coverage::met(Met::SentAway);
                self.seats[at].lose();
                self.room.remove(&at);
            }
        }
        something
    }
}
