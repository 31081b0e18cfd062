//! Services over HTTP: as REST clients call them, and what listeners elsewhere get of it.
mod bad_input;
mod bodies;
mod callers;
mod errors;
mod events;
mod house;
mod mapping;
mod origins;
mod places;
mod queries;
mod rules;
mod without_services;
