//! The edge where sockets connect. Only this room knows what carries frames; their content belongs to a wire.
mod arrival;
mod carrier;
mod connection;
mod cut;
mod encoding;
mod endpoint;
pub mod engineio;
mod inbound;
mod line;
mod requests;
mod socket;
pub mod socketio;
mod takeover;

pub use arrival::{Arrival, Head};
pub use carrier::Carrier;
pub use connection::open;
pub use cut::on_connect;
pub use encoding::EncodingChoice;
pub use endpoint::{Endpoint, Heartbeat, Refusal};
pub use line::Socket;
pub use takeover::take_over;
