//! Who calls services: clients of Socket.IO, and Rust code.
use super::house::handle;
use super::offer::Service;
use crate::house::House;
use crate::packets::{Packet, Socket};
use callboard::service::{Params, ServiceResult};
use callboard::store::Id;
use callboard::types::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A call, everything decided.
#[derive(Debug, Clone)]
pub struct Call {
    pub service: Service,
    pub what: What,
    /// How many events had been made before it.
    pub begun: usize,
}

/// What is called; no id is for all documents of a company.
#[derive(Debug, Clone)]
pub enum What {
    Create(Value),
    Patch(Which, Value),
    Remove(Which),
}

/// Documents: the one with this id, or all of a company.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    One(u64),
    All(u64),
}

impl What {
    /// The event that follows.
    pub fn event(&self) -> &'static str {
        match self {
            What::Create(_) => "created",
            What::Patch(..) => "patched",
            What::Remove(_) => "removed",
        }
    }

    /// Whether there may be no document that is meant.
    pub fn may_miss(&self) -> bool {
        matches!(self, What::Patch(Which::One(_), _) | What::Remove(Which::One(_)))
    }
}

impl Which {
    fn id_and_query(self) -> (Option<u64>, Value) {
        match self {
            Which::One(id) => (Some(id), json!({})),
            Which::All(company) => (None, json!({ "company": company })),
        }
    }
}

impl Call {
    /// As a client of Socket.IO says it.
    fn packet(&self) -> Value {
        let path = self.service.path();
        match &self.what {
            What::Create(data) => json!(["create", path, data]),
            What::Patch(which, data) => {
                let (id, query) = which.id_and_query();
                json!(["patch", path, id, data, query])
            }
            What::Remove(which) => {
                let (id, query) = which.id_and_query();
                json!(["remove", path, id, query])
            }
        }
    }

    /// As Rust code makes it, for a user.
    pub fn run(&self, house: &House, user: &Value) -> BoxFuture<ServiceResult> {
        let service = handle(house, self.service);
        let params = |query: Value| Params::query(query).with("user", user.clone());
        match &self.what {
            What::Create(data) => service.create(data.clone(), params(json!({}))),
            What::Patch(which, data) => {
                let (id, query) = which.id_and_query();
                service.patch(id.map(Id::from), data.clone(), params(query))
            }
            What::Remove(which) => {
                let (id, query) = which.id_and_query();
                service.remove(id.map(Id::from), params(query))
            }
        }
    }
}

/// What a client waits to be answered.
pub enum Asked {
    Call(Call),
    /// Something that has this one answer.
    Word(Value),
}

/// What a client is told.
pub enum Told {
    Event { name: String, data: Value },
    Answer { asked: Asked, answer: Value },
}

/// A client of Socket.IO.
pub struct Client {
    socket: Socket,
    asked: BTreeMap<u64, Asked>,
}

impl Client {
    pub fn new(socket: Socket) -> Self {
        Client { socket, asked: BTreeMap::new() }
    }

    pub fn call(&mut self, call: Call) {
        let id = self.socket.ask(&call.packet());
        self.asked.insert(id, Asked::Call(call));
    }

    /// Says something that has this answer.
    pub fn ask(&mut self, what: &Value, answer: Value) {
        let id = self.socket.ask(what);
        self.asked.insert(id, Asked::Word(answer));
    }

    /// What it has been told since the last time.
    pub fn read(&mut self) -> Vec<Told> {
        let packets = self.socket.read();
        let told = packets.into_iter().map(|packet| match packet {
            Packet::Event(mut event) => {
                let name = event[0].as_str().expect("a name").to_owned();
                Told::Event { name, data: event[1].take() }
            }
            Packet::Answer(id, answer) => {
                let asked = self.asked.remove(&id).unwrap_or_else(|| panic!("nothing asked for {answer}"));
                Told::Answer { asked, answer }
            }
        });
        told.collect()
    }

    /// Whether everything that it asked has been answered.
    pub fn is_answered(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether it has been let in, and can say something.
    pub fn is_here(&self) -> bool {
        self.socket.is_in() && !self.socket.is_gone()
    }

    pub fn is_gone(&self) -> bool {
        self.socket.is_gone()
    }
}
