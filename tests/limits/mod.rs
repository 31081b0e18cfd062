//! Every limit of the config acts, and is counted as the table of `docs/reliability.md` says.
use crate::broker::house;
use crate::broker::residents;

mod inside;
mod outside;
mod table;
