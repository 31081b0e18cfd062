//! The edges where sockets come in. What carries frames is known here and nowhere else; what they say is a wire's matter.
mod body;
mod connection;
mod cut;
mod endpoint;
mod inbound;
mod requests;
mod socket;

pub use connection::open;
pub use cut::on_connect;
pub use endpoint::{Endpoint, Heartbeat};
