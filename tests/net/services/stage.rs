//! A story of services as it is played.
use super::client::{Asked, Call, Client, Told, What, Which};
use super::history::History;
use super::house::{DONE, greeting, handle, open};
use super::model::{Mind, Outlook};
use super::offer::{CHANNELS, EVENTS, HALL, SECRET, SERVICES, STATUS, Service};
use super::record::{Entry, Record};
use super::story::{Act, COMPANIES, Carried, Meant, RUST, SEATS, Story};
use crate::client::PAD;
use crate::coverage::{Met, met};
use crate::house::{House, turns};
use crate::packets::Socket;
use crate::playing::{Playing, empties};
use callboard::service::ServiceResult;
use callboard::types::BoxFuture;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::task::{Context, Poll, Waker};

/// Turns that a connection takes to be let in, and more.
const ARRIVAL: usize = 40;

struct Stage {
    house: House,
    record: Record,
    is_roomy: bool,
    seats: Vec<Seat>,
    /// Calls of Rust code under way.
    calling: Vec<(Call, BoxFuture<ServiceResult>)>,
    history: History,
    number: u64,
    connections: u64,
}

#[derive(Default)]
struct Seat {
    taken: Option<Taken>,
    is_asleep: bool,
}

/// A seat that has a connection.
struct Taken {
    client: Client,
    mind: Mind,
    connection: u64,
}

/// Plays a story from its beginning to an empty house.
pub async fn play(story: Story) {
    let (house, record) = open(story.bounds).await;
    let mut stage = Stage {
        house,
        record,
        is_roomy: story.bounds.are_roomy(),
        seats: SEATS.iter().map(|_| Seat::default()).collect(),
        calling: vec![],
        history: History::default(),
        number: 0,
        connections: 0,
    };
    for seat in 0..SEATS.len() {
        stage.connect(seat);
    }
    stage.settle().await;
    for act in &story.acts {
        stage.act(act).await;
        stage.read();
    }
    stage.settle().await;
    assert!(stage.calling.is_empty(), "a call of Rust code has no answer");
    stage.seats.iter_mut().for_each(|seat| *seat = Seat::default());
    empties(&stage.house).await;
}

impl Seat {
    /// The connection, where its client reads.
    fn reading(&mut self) -> Option<&mut Taken> {
        self.taken.as_mut().filter(|_| !self.is_asleep)
    }

    /// The connection, where its client can say something.
    fn awake(&mut self) -> Option<&mut Taken> {
        self.reading().filter(|taken| taken.client.is_here())
    }
}

fn user(seat: usize, company: Option<u64>) -> Value {
    json!({ "id": seat, "company": company })
}

impl Stage {
    async fn act(&mut self, act: &Act) {
        match *act {
            Act::Create { by, service, company, count, is_one_call } => {
                let documents: Vec<Value> = (0..count).map(|_| self.document(by, Some(company))).collect();
                let service = SERVICES[service];
                match is_one_call {
                    true => self.call(by, service, What::Create(documents.into())),
                    false => documents.into_iter().for_each(|data| self.call(by, service, What::Create(data))),
                }
            }
            Act::Patch { by, service, which, company } => {
                let (service, data) = (SERVICES[service], self.document(by, company));
                let which = self.which(service, which);
                self.call(by, service, What::Patch(which, data));
            }
            Act::Remove { by, service, which } => {
                let which = self.which(SERVICES[service], which);
                self.call(by, SERVICES[service], What::Remove(which));
            }
            Act::Emit { service, company, times } => (0..times).for_each(|_| self.emit(SERVICES[service], company)),
            Act::Become { seat, company } => {
                let user = user(seat, company);
                let change = |outlook: &mut Outlook| outlook.user = user.clone();
                self.at_rest(seat, json!(["become", user]), json!([DONE]), change).await;
            }
            Act::Enter { seat, channel } if self.is_roomy => {
                let change = |outlook: &mut Outlook| _ = outlook.channels.insert(CHANNELS[channel]);
                self.at_rest(seat, json!(["enter", channel]), json!([DONE]), change).await;
            }
            Act::Exit { seat, channel } if self.is_roomy => {
                let change = |outlook: &mut Outlook| _ = outlook.channels.remove(CHANNELS[channel]);
                self.at_rest(seat, json!(["exit", channel]), json!([DONE]), change).await;
            }
            Act::Subscribe { seat, service, events } => self.subscribe(seat, SERVICES[service], events).await,
            Act::Cut(seat) => self.seats[seat] = Seat::default(),
            Act::Return(seat) if self.seats[seat].taken.is_none() => self.connect(seat),
            Act::ReturnAmid { seat, service, company } => self.return_amid(seat, SERVICES[service], company).await,
            Act::Sleep(seat) => self.seats[seat].is_asleep = true,
            Act::Wake(seat) => self.seats[seat].is_asleep = false,
            Act::Turns(count) => turns(count.into()).await,
            Act::Seconds(count) => self.seconds(count).await,
            Act::Rest => self.settle().await,
            Act::Enter { .. } | Act::Exit { .. } | Act::Return(_) => {}
        }
    }

    fn connect(&mut self, seat: usize) {
        self.absorb();
        self.connections += 1;
        let user = user(seat, Some(seat as u64 % COMPANIES));
        let channels = if self.is_roomy { vec![HALL, CHANNELS[seat % CHANNELS.len()]] } else { vec![] };
        let greeting = greeting(seat, self.connections, &user, &channels);
        let socket = match SEATS[seat] {
            Carried::WebSocket => Socket::over_websocket(&self.house, greeting),
            Carried::Polling => Socket::polling(&self.house, greeting),
        };
        let mind = Mind::new(
            Outlook { user, channels: channels.into_iter().collect(), chosen: None },
            self.is_roomy,
            self.history.made().len(),
        );
        self.seats[seat].taken = Some(Taken { client: Client::new(socket), mind, connection: self.connections });
    }

    async fn return_amid(&mut self, seat: usize, service: Service, company: u64) {
        self.seats[seat] = Seat::default();
        self.connect(seat);
        let mut is_in = false;
        for _ in 0..ARRIVAL {
            turns(1).await;
            self.read();
            self.emit(service, company);
            if !is_in && self.seats[seat].awake().is_some() {
                is_in = true;
                let document = self.document(seat, Some(company));
                self.call(seat, service, What::Create(document));
            }
        }
    }

    /// What somebody writes, under the next number.
    fn document(&mut self, by: usize, company: Option<u64>) -> Value {
        self.number += 1;
        let by = match self.seats.get(by).and_then(|seat| seat.taken.as_ref()) {
            Some(taken) => format!("{by} {}", taken.connection),
            None => by.to_string(),
        };
        let mut document = json!({ "n": self.number, "by": by, "pad": PAD.repeat(8) });
        if let Some(company) = company {
            document["company"] = company.into();
        }
        document
    }

    fn which(&self, service: Service, meant: Meant) -> Which {
        match meant {
            Meant::All(company) => Which::All(company),
            Meant::One(at) => Which::One(self.history.document(service, at.into())),
        }
    }

    fn call(&mut self, by: usize, service: Service, what: What) {
        self.absorb();
        let call = Call { service, what, begun: self.history.made().len() };
        if by == RUST {
            let answer = call.run(&self.house, &user(RUST, Some(self.number % COMPANIES)));
            self.calling.push((call, answer));
        } else if let Some(taken) = self.seats[by].awake() {
            taken.client.call(call);
        }
    }

    fn emit(&mut self, service: Service, company: u64) {
        let mut data = self.document(RUST, Some(company));
        data["by"] = "nobody".into();
        let service = handle(&self.house, service);
        service.emit(SECRET, data.clone());
        service.emit(STATUS, data);
    }

    async fn subscribe(&mut self, seat: usize, service: Service, events: u8) {
        let events = EVENTS.into_iter().enumerate().filter(|(at, _)| events & (1 << at) != 0).map(|(_, event)| event);
        let mut events: Vec<&str> = events.collect();
        events.sort_unstable();
        let answer = json!([null, { "path": service.path(), "events": events }]);
        let change = |outlook: &mut Outlook| {
            outlook.chosen.get_or_insert_default().insert(service, events.iter().copied().collect());
        };
        self.at_rest(seat, json!(["subscribe", service.path(), events]), answer, change).await;
    }

    /// A client says something that changes what it sees, when all is at rest.
    async fn at_rest(&mut self, seat: usize, what: Value, answer: Value, change: impl FnOnce(&mut Outlook)) {
        self.settle().await;
        let Some(taken) = self.seats[seat].awake() else { return };
        taken.client.ask(&what, answer);
        self.settle().await;
        if let Some(taken) = &mut self.seats[seat].taken {
            met(Met::Moved);
            change(&mut taken.mind.outlook);
        }
    }

    /// Everything comes to rest, and all who are awake know all that is for them.
    async fn settle(&mut self) {
        self.calm().await;
        let made = self.history.made().len();
        for taken in self.seats.iter_mut().filter_map(Seat::reading) {
            taken.mind.rest(made);
            assert!(taken.client.is_answered(), "something that was asked has no answer");
        }
    }

    /// Takes what was noted: what each connection is to be told follows from it.
    fn absorb(&mut self) {
        for entry in self.record.take() {
            match entry {
                Entry::Arrived { seat, connection } => {
                    let taken = self.seats[seat].taken.as_mut();
                    if let Some(taken) = taken.filter(|taken| taken.connection == connection) {
                        taken.mind.arrive();
                    }
                }
                Entry::Made(made) => {
                    for taken in self.seats.iter_mut().filter_map(|seat| seat.taken.as_mut()) {
                        taken.mind.expect(self.history.made().len(), &made);
                    }
                    self.history.add(made);
                }
            }
        }
    }

    fn hear(&mut self, seat: usize, told: Told) {
        let (asked, answer) = match told {
            Told::Event { name, data } => return self.mind(seat).hear(&name, &data),
            Told::Answer { asked, answer } => (asked, answer),
        };
        match asked {
            Asked::Word(expected) => assert_eq!(answer, expected),
            Asked::Call(call) => {
                let is_refused = answer[0] != Value::Null;
                let events = self.history.events_of(&call, if is_refused { Err(&answer[0]) } else { Ok(&answer[1]) });
                let Stage { seats, history, .. } = self;
                seats[seat].taken.as_mut().expect("it was just told").mind.answered(events, history.made());
            }
        }
    }

    fn mind(&mut self, seat: usize) -> &mut Mind {
        &mut self.seats[seat].taken.as_mut().expect("it was just told").mind
    }

    /// Takes the answers of Rust code's calls; whether there were any.
    fn take_answers(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut answered = vec![];
        self.calling.retain_mut(|(call, answer)| match answer.poll_unpin(&mut context) {
            Poll::Ready(answer) => {
                answered.push((call.clone(), answer));
                false
            }
            Poll::Pending => true,
        });
        self.absorb();
        for (call, answer) in &answered {
            let answer =
                answer.as_ref().map_err(|error| serde_json::to_value(error).expect("an error has a JSON form"));
            self.history.events_of(call, answer.as_ref().map_or_else(Err, |result| Ok(*result)));
        }
        !answered.is_empty()
    }
}

impl Playing for Stage {
    fn read(&mut self) -> bool {
        let mut something = self.take_answers();
        for seat in 0..SEATS.len() {
            let Some(Taken { client, .. }) = self.seats[seat].reading() else { continue };
            let (told, is_gone) = (client.read(), client.is_gone());
            something |= !told.is_empty() || is_gone;
            self.absorb();
            told.into_iter().for_each(|told| self.hear(seat, told));
            if is_gone {
                met(Met::ServiceClientSentAway);
                self.seats[seat] = Seat::default();
            }
        }
        something
    }
}
