//! `callboard token`.
use super::options::{ConfigFile, With};
use super::{Error, Options, print_line};
use crate::auth::{self, ConnectionToken, Issuer, SubscriptionToken};
use crate::types::Json;
use clap::{Args, Subcommand};
use std::time::Duration;

/// Signs a token with the first `auth.hmac_secret`
#[derive(Debug, Args)]
pub(super) struct SignToken {
    #[command(subcommand)]
    kind: Token,
}

#[derive(Debug, Subcommand)]
enum Token {
    /// A token to connect with
    Connection(With<Connection, ConfigFile>),
    /// A token to subscribe to one channel with
    Subscription(With<Subscription, ConfigFile>),
}

/// What both kinds have.
#[derive(Debug, Args)]
struct Common {
    /// How long the token is valid, such as 15m or 30d; 0 means forever
    #[arg(long, value_parser = ttl, default_value = "1h")]
    ttl: Duration,
    /// What others see of the user, as JSON
    #[arg(long, value_name = "JSON", value_parser = info)]
    info: Option<Json>,
    /// Print JSON: `{"token": …}`
    #[arg(long)]
    json: bool,
}

/// A token to connect with.
#[derive(Debug, Args)]
struct Connection {
    /// The user; without it the token is for an anonymous user
    #[arg(long, default_value = "")]
    user: String,
    /// A channel to which the server subscribes the connection; may be repeated
    #[arg(long = "channel", value_name = "CHANNEL")]
    channels: Vec<String>,
    /// A scope, for rules like `scope:NAME`; may be repeated
    #[arg(long = "scope", value_name = "NAME", value_parser = scope)]
    scopes: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// A token to subscribe to one channel with.
#[derive(Debug, Args)]
struct Subscription {
    /// The user, who must be the same as the connection's
    #[arg(long, default_value = "")]
    user: String,
    /// The channel
    #[arg(long)]
    channel: String,
    #[command(flatten)]
    common: Common,
}

fn ttl(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        _ => match humantime_serde::re::humantime::parse_duration(text) {
            Ok(ttl) if ttl < Duration::from_secs(1) => Err("a token counts in seconds".into()),
            Ok(ttl) => Ok(ttl),
            Err(error) => Err(format!("{error}; write it like 15m")),
        },
    }
}

fn info(text: &str) -> Result<Json, String> {
    let hint = |error| format!(r#"{error}; write it like '{{"name":"Ada"}}'"#);
    Json::parse(text.to_owned().into()).map_err(hint)
}

/// A token lists scopes with spaces between.
fn scope(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(char::is_whitespace) {
        true => Err("a scope is a word without spaces".into()),
        false => Ok(text.to_owned()),
    }
}

/// What signs, by the config that the flags name.
fn issuer(before: Options, flags: ConfigFile) -> Result<Issuer, Error> {
    let loaded = before.with(flags.into()).read()?;
    Issuer::new(&loaded.config.auth).map_err(|error| usage(&error))
}

impl SignToken {
    /// `before` is what stands before the kind of token.
    pub(super) fn run(self, before: Options) -> Result<(), Error> {
        let (signed, is_json) = match self.kind {
            Token::Connection(With { command, flags }) => (command.sign(&issuer(before, flags)?), command.common.json),
            Token::Subscription(With { command, flags }) => {
                (command.sign(&issuer(before, flags)?), command.common.json)
            }
        };
        let token = signed.map_err(|error| Error::Failed(error.to_string()))?;
        match is_json {
            true => print_line(&serde_json::json!({"token": token}).to_string()),
            false => print_line(&token),
        }
    }
}

fn usage(error: &auth::Error) -> Error {
    match error {
        auth::Error::NoSecret => {
            Error::Usage(format!("{error}: in the file that --config names, or as CALLBOARD_AUTH__HMAC_SECRET"))
        }
        other => Error::Usage(other.to_string()),
    }
}

impl Common {
    fn ttl(&self) -> Option<Duration> {
        (!self.ttl.is_zero()).then_some(self.ttl)
    }
}

impl Connection {
    fn sign(&self, issuer: &Issuer) -> Result<String, auth::Error> {
        issuer.issue_connection(&ConnectionToken {
            user: self.user.clone(),
            ttl: self.common.ttl(),
            info: self.common.info.clone(),
            channels: self.channels.clone(),
            scopes: self.scopes.clone(),
            ..ConnectionToken::default()
        })
    }
}

impl Subscription {
    fn sign(&self, issuer: &Issuer) -> Result<String, auth::Error> {
        issuer.issue_subscription(&SubscriptionToken {
            user: self.user.clone(),
            channel: self.channel.clone(),
            ttl: self.common.ttl(),
            info: self.common.info.clone(),
            ..SubscriptionToken::default()
        })
    }
}
