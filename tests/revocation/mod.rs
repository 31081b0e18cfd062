//! Revocation, told as stories: in one process with virtual time, and of several nodes on one Redis.
use crate::broker::house;
use crate::broker::residents;

mod bounds;
mod calls;
mod faults;
mod nodes;
mod scopes;
mod serving;
mod subscriptions;
mod tokens;
mod users;
