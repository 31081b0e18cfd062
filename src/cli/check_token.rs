//! `callboard check-token`.
use super::{Error, Options, print_line};
use crate::auth::{self, Authenticator, ConnectionGrant, SubscriptionGrant, TokenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use humantime_serde::re::humantime;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a token may have around it where it is read from the input, and more: no token is longer.
const MAX_INPUT: u64 = 2 * auth::MAX_TOKEN as u64;

/// Says whether a token is valid for this config and, if not, which check fails
#[derive(Debug, Args)]
pub(super) struct CheckToken {
    /// The token; `-` reads it from the standard input
    #[arg(env = "CALLBOARD_TOKEN", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    token: String,
    /// Check a subscription token for this channel instead of a connection token
    #[arg(long)]
    channel: Option<String>,
    /// With --channel: the user of the connection, who must be the token's; without it, whoever the token names
    #[arg(long, requires = "channel")]
    user: Option<String>,
    /// Print JSON: `{"ok": true, "user", "expires_at", …}` or `{"ok": false, "message"}`
    #[arg(long)]
    json: bool,
}

/// What of the claims says when a token is valid, in seconds since 1970.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    exp: Option<f64>,
    nbf: Option<f64>,
}

impl CheckToken {
    pub(super) async fn run(mut self, options: &Options) -> Result<(), Error> {
        if self.token == "-" {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
            read.map_err(|error| Error::Usage(format!("cannot read the token: {error}")))?;
            self.token = text;
        }
        let token = self.token.trim();
        let config = options.read()?.config;
        let authenticator = Authenticator::new(&config.auth).map_err(|error| Error::Usage(error.to_string()))?;
        if !authenticator.has_keys() {
            let hint = "the config has no key to verify tokens with: set `auth.hmac_secret`, or pass --config FILE";
            return Err(Error::Usage(hint.into()));
        }
        let checked = match &self.channel {
            None => authenticator.verify_connection(token).wait().await.map(|grant| connection(&grant)),
            Some(channel) => {
                let grant = authenticator.verify_subscription(token).wait().await;
                grant.and_then(|grant| self.subscription(channel, &grant))
            }
        };
        let checked = checked.map_err(|error| self.explained(token, error));
        self.tell(checked)
    }

    fn tell(&self, checked: Result<Value, String>) -> Result<(), Error> {
        match (checked, self.json) {
            (Ok(mut grant), true) => {
                grant["ok"] = true.into();
                print_line(&grant.to_string())
            }
            (Ok(grant), false) => {
                print_line("the token is valid")?;
                let fields = grant.as_object().into_iter().flatten();
                fields.filter(|(_, value)| !value.is_null()).try_for_each(|(key, value)| match value.as_i64() {
                    Some(at) if key.ends_with("_at") => print_line(&format!("{key}: {}", moment(at))),
                    _ => print_line(&format!("{key}: {value}")),
                })
            }
            (Err(message), true) => {
                print_line(&json!({"ok": false, "message": message}).to_string())?;
                Err(Error::Failed(message))
            }
            (Err(message), false) => Err(Error::Failed(message)),
        }
    }

    /// What the broker compares when the token comes with a subscribe.
    fn subscription(&self, channel: &str, grant: &SubscriptionGrant) -> Result<Value, TokenError> {
        if grant.channel.is_empty() {
            return Err(TokenError::Invalid(
                "a connection token where a subscription token belongs: it names no channel",
            ));
        }
        if *grant.channel != *channel {
            return Err(TokenError::Invalid("it is for another channel"));
        }
        if self.user.as_ref().is_some_and(|user| **user != *grant.user) {
            return Err(TokenError::Invalid("it is for another user"));
        }
        Ok(
            json!({"user": &*grant.user, "channel": channel, "expires_at": grant.expires_at, "issued_at": grant.issued_at,
            "token_id": grant.token_id.as_deref()}),
        )
    }

    fn explained(&self, token: &str, error: TokenError) -> String {
        let hint = match error {
            TokenError::Expired => return expired(token),
            TokenError::Invalid("the signature does not match") => {
                "; it was signed with another key than those of the config's `auth`"
            }
            TokenError::Invalid("a subscription token where a connection token belongs") => "; check it with --channel",
            TokenError::Unavailable => "; see `auth.jwks_url`",
            TokenError::Invalid(_) => "",
        };
        format!("{error}{hint}")
    }
}

fn connection(grant: &ConnectionGrant) -> Value {
    let identity = &grant.identity;
    let channels: Vec<&str> = grant.subs.iter().map(|(channel, _)| channel.as_str()).collect();
    json!({"user": &*identity.user, "expires_at": identity.expires_at, "issued_at": identity.issued_at,
        "token_id": identity.token_id.as_deref(), "scopes": identity.scopes, "channels": channels})
}

/// Which of the two times it is. The signature has been verified before the times were looked at.
fn expired(token: &str) -> String {
    let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    let times: Times = claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    match times {
        Times { nbf: Some(nbf), .. } if nbf > now => {
            format!("the token is not valid yet: it begins (nbf) at {}", moment(nbf as i64))
        }
        Times { exp: Some(exp), .. } => {
            format!("the token has expired: its time (exp) ended at {}", moment(exp as i64))
        }
        Times { .. } => TokenError::Expired.to_string(),
    }
}

/// A time of day, in seconds since 1970, for people.
fn moment(seconds: i64) -> String {
    let at = u64::try_from(seconds).ok().and_then(|at| UNIX_EPOCH.checked_add(Duration::from_secs(at)));
    let year_ten_thousand = 253_402_300_800;
    match at.filter(|_| seconds < year_ten_thousand) {
        Some(at) => humantime::format_rfc3339_seconds(at).to_string(),
        None => format!("second {seconds} since 1970"),
    }
}
