//! The centrifuge wire.
