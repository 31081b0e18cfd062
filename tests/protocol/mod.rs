//! The wires as pure translation: golden frames, edges, properties.
mod commands;
mod events;
mod framing;
mod properties;
mod refusals;
mod replies;
mod socketio_engine;
mod socketio_packets;
mod socketio_properties;
