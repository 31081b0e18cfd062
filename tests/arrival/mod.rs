//! How clients come, on sockets that the broker owns and on those of an app: whose token is verified before there is a connection.
mod gate;
mod pings;
#[allow(dead_code, reason = "stories of the net use the rest")]
#[path = "../rooms/toy_wire.rs"]
mod toy_wire;
