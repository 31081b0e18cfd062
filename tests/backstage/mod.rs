//! The wires of Backstage, as bare clients see them. The real `SignalClient` is in `tests/clients`.
mod admission;
mod bad_input;
mod claims;
mod closing;
mod cuts;
mod events;
mod exposing;
mod house;
mod inspecting;
mod key_sets;
mod rust_client;
mod signals;
mod slow;
mod socketio;
mod tokens;
