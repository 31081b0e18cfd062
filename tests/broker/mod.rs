//! The actors of the broker, told as stories: sessions of a real node say and hear frames of the centrifuge wire.
//!
//! Time is virtual, but for the stories with handlers or several threads; those wait for what they tell of.
mod accounting;
mod acknowledging;
mod aside;
mod bus;
mod coming_back;
mod death;
mod emitting;
mod engine;
mod expiry;
mod exposing;
mod following;
mod groups;
mod handlers;
pub mod house;
mod inspecting;
mod joining;
mod keeping;
mod lagging;
mod looking_back;
mod model;
mod orders;
mod placing;
mod renewing;
pub mod residents;
mod retirement;
mod sessions;
mod subscribing;
mod unknown;
mod viewing;
