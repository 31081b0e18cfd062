//! Which events pass to a listener.
