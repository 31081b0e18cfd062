//! How clients come, on sockets that the broker owns and on those of an app: whose token is verified before there is a connection.
#[path = "arrival/gate.rs"]
mod gate;
#[allow(dead_code, reason = "stories of Engine.IO use the rest")]
#[path = "engineio/house.rs"]
mod house;
#[allow(dead_code, reason = "stories of the net use the rest")]
#[path = "rooms/toy_wire.rs"]
mod toy_wire;
