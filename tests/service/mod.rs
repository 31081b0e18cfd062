//! Services: what their methods return becomes events, whatever the call came by, and what each client is shown of them.
mod bad_input;
mod bounds;
mod connections;
mod events;
mod exposing;
mod filtering;
mod hooks;
mod house;
mod nodes;
mod publishing;
mod setup;
