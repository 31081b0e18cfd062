//! Builds the broker upward, mounts it on an actix-web app, runs it, and drains it downward.
mod config;

pub use config::{Config, ServerConfig};
