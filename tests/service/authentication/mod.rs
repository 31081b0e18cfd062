//! Logins: who may be whom, what a connection is after that, and where passwords stay.
mod declared;
mod guessing;
mod house;
mod leaving;
mod logins;
mod passwords;
mod refusals;
mod tokens;
