//! Many nodes on one Redis, as processes of their own: the stories of clients on different nodes, and what becomes of events
//! when a node, Redis, or what lies between fails.
mod harness;
mod nodes {
    mod accounting;
    mod addresses;
    mod backstage;
    mod bad_input;
    mod cluster;
    mod commands;
    mod control;
    mod cut_off;
    mod events_bus;
    mod faults;
    mod house;
    mod kept;
    mod messages;
    mod order;
    mod secured;
    mod sentinel;
    mod stories;
    mod tailing;
    mod unanswered;
    mod verdict;
    mod witness;
}
