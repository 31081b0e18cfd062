//! Engine.IO on bare sockets: every status, every edge, on sockets that the broker owns and on those of an app.
#[path = "engineio/client.rs"]
mod client;
#[path = "engineio/cors.rs"]
mod cors;
#[path = "engineio/handlers.rs"]
mod handlers;
#[path = "engineio/handshake.rs"]
mod handshake;
#[path = "engineio/heartbeat.rs"]
mod heartbeat;
#[path = "engineio/house.rs"]
mod house;
#[path = "engineio/polling.rs"]
mod polling;
#[path = "engineio/posting.rs"]
mod posting;
#[path = "engineio/secured.rs"]
mod secured;
#[path = "engineio/stopping.rs"]
mod stopping;
#[path = "engineio/upgrading.rs"]
mod upgrading;
#[path = "engineio/websocket.rs"]
mod websocket;
