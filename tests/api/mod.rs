//! The HTTP API as backends see it: over HTTP alone, and beside real WebSocket clients.
mod batches;
mod client;
mod connections;
mod description;
mod emit;
mod errors;
mod guessing;
mod history;
mod house;
mod keyless;
mod presence;
mod publishing;
mod refusals;
mod rpc;
mod sessions;
mod tailing;
mod watching;
