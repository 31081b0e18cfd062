//! Services: what their methods return becomes events, whatever the call came by, and what each client is shown of them.
mod authentication;
mod bad_input;
mod bounds;
mod connections;
mod cuts;
mod declared;
mod events;
mod exposing;
mod filtering;
mod hooks;
pub mod house;
mod narrowing;
mod nodes;
mod notes;
mod outbox;
mod publishing;
mod setup;
