//! Builds the broker from the bottom up, mounts it on an actix-web app, runs it, and drains it from the top down.
mod backstage;
mod builder;
mod claims;
mod config;
mod console;
mod drain;
mod engines;
mod error;
mod listen;
mod mount;
mod paths;
mod run;
mod services;
mod settings;
mod sweep;
mod tls;
mod wires;

pub use backstage::BackstageConfig;
pub use builder::{Broker, BrokerBuilder};
pub use config::{Config, ServerConfig};
pub use error::Error;
pub use paths::{PathClash, clashes as path_clashes};
pub use run::{serve, serve_with};
