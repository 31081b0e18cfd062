//! The suites that can share a process, so that the crate is linked once for all of them: what they are about is a module each.
//! `cargo test --test suites broker::` runs one of them.
mod harness;

mod api;
mod arrival;
mod auth;
mod backstage;
mod bad_input;
mod broker;
mod client;
mod closing;
mod config;
mod console;
mod engine;
mod engineio;
mod filter;
mod internal;
mod limits;
mod messages;
mod protocol;
mod rebinding;
mod reload;
mod rest;
mod revocation;
mod service;
mod socketio;
mod starting;
mod stop;
mod store;
mod strapi;
