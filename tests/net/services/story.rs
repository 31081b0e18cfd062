//! Stories of services: what happens, in an order that a seed decides.
use super::offer::{CHANNELS, SERVICES};
use crate::house::Bounds;
use crate::story::bounds;
use proptest::prelude::*;

/// Who has a connection: over a WebSocket, or by polling.
pub const SEATS: [Carried; 5] =
    [Carried::WebSocket, Carried::Polling, Carried::WebSocket, Carried::Polling, Carried::WebSocket];

/// What carries a connection.
#[derive(Debug, Clone, Copy)]
pub enum Carried {
    WebSocket,
    Polling,
}

/// The Rust code that calls, behind the seats.
pub const RUST: usize = SEATS.len();
/// How many companies there are.
pub const COMPANIES: u64 = 2;

#[derive(Debug, Clone)]
pub enum Act {
    /// Somebody creates so many documents of a company, with one call or with one for each.
    Create {
        by: usize,
        service: usize,
        company: u64,
        count: u8,
        is_one_call: bool,
    },
    /// Somebody gives a document, or all of a company, another number, and a company where that is named.
    Patch {
        by: usize,
        service: usize,
        which: Meant,
        company: Option<u64>,
    },
    Remove {
        by: usize,
        service: usize,
        which: Meant,
    },
    /// Rust code emits an event of the service's own for a company.
    Emit {
        service: usize,
        company: u64,
        times: u8,
    },
    /// A user is of another company from now on, or of none, when all is at rest.
    Become {
        seat: usize,
        company: Option<u64>,
    },
    /// A connection enters a channel, when all is at rest.
    Enter {
        seat: usize,
        channel: usize,
    },
    Exit {
        seat: usize,
        channel: usize,
    },
    /// A client asks for some events, when all is at rest: a bit for each.
    Subscribe {
        seat: usize,
        service: usize,
        events: u8,
    },
    /// The connection of a client breaks.
    Cut(usize),
    /// A client that has no connection connects.
    Return(usize),
    /// It does so while events of a service are made, one in each turn, and calls as soon as it can.
    ReturnAmid {
        seat: usize,
        service: usize,
        company: u64,
    },
    /// A client stops to read.
    Sleep(usize),
    Wake(usize),
    Turns(u8),
    Seconds(u8),
    /// Everything comes to rest, and is looked at.
    Rest,
}

/// Documents: one of those that were created, or all of a company.
#[derive(Debug, Clone, Copy)]
pub enum Meant {
    One(u8),
    All(u64),
}

#[derive(Debug, Clone)]
pub struct Story {
    pub bounds: Bounds,
    pub acts: Vec<Act>,
}

pub fn stories() -> impl Strategy<Value = Story> {
    let roomy = |mut bounds: Bounds| {
        // Events wait for the filter that dawdles in every house.
        bounds.view_queue.get_or_insert(4096);
        bounds
    };
    (bounds().prop_map(roomy), prop::collection::vec(act(), 1..40)).prop_map(|(bounds, acts)| Story { bounds, acts })
}

fn meant() -> impl Strategy<Value = Meant> {
    prop_oneof![3 => any::<u8>().prop_map(Meant::One), 1 => (0..COMPANIES).prop_map(Meant::All)]
}

fn act() -> impl Strategy<Value = Act> {
    let (by, seat, service, channel) = (0..=RUST, 0..SEATS.len(), 0..SERVICES.len(), 0..CHANNELS.len());
    let company = 0..COMPANIES;
    let maybe = || prop_oneof![1 => Just(None), 3 => (0..COMPANIES).prop_map(Some)];
    prop_oneof![
        10 => (by.clone(), service.clone(), company.clone(), 1u8..6, any::<bool>()).prop_map(
            |(by, service, company, count, is_one_call)| Act::Create { by, service, company, count, is_one_call }),
        5 => (by.clone(), service.clone(), meant(), maybe())
            .prop_map(|(by, service, which, company)| Act::Patch { by, service, which, company }),
        3 => (by, service.clone(), meant()).prop_map(|(by, service, which)| Act::Remove { by, service, which }),
        2 => (seat.clone(), service.clone(), company.clone())
            .prop_map(|(seat, service, company)| Act::ReturnAmid { seat, service, company }),
        4 => (service.clone(), company, 1u8..6)
            .prop_map(|(service, company, times)| Act::Emit { service, company, times }),
        2 => (seat.clone(), maybe()).prop_map(|(seat, company)| Act::Become { seat, company }),
        3 => (seat.clone(), channel.clone()).prop_map(|(seat, channel)| Act::Enter { seat, channel }),
        1 => (seat.clone(), channel).prop_map(|(seat, channel)| Act::Exit { seat, channel }),
        1 => (seat.clone(), service, 0u8..16)
            .prop_map(|(seat, service, events)| Act::Subscribe { seat, service, events }),
        2 => seat.clone().prop_map(Act::Cut),
        3 => seat.clone().prop_map(Act::Return),
        2 => seat.clone().prop_map(Act::Sleep),
        2 => seat.prop_map(Act::Wake),
        5 => (1u8..8).prop_map(Act::Turns),
        1 => (1u8..40).prop_map(Act::Seconds),
        2 => Just(Act::Rest),
    ]
}
