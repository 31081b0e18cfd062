//! Engine.IO on bare sockets: every status, every edge, on sockets that the broker owns and on those of an app.
mod client;
mod cors;
mod handlers;
mod handshake;
mod heartbeat;
pub mod house;
mod polling;
mod posting;
mod secured;
mod stopping;
mod upgrading;
mod websocket;
