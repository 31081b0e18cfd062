//! `callboard revoke`.
use super::client::{Remote, parse};
use super::{Error, Options, print_line};
use clap::{ArgGroup, Args};
use serde::{Deserialize, Serialize};

/// Revokes tokens or scopes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").args(["user", "token_id"]).required(true).multiple(true))]
pub(super) struct Revoke {
    /// The user whose tokens issued so far are revoked
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    user: Option<String>,
    /// Only the token with this id (`jti`), whenever it was issued
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    token_id: Option<String>,
    /// Only this scope; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    scopes: Vec<String>,
    /// The realm of the tokens; the default is that of the broker's `[auth]`
    #[arg(long)]
    realm: Option<String>,
    /// Print the answer as JSON: `{}`, or `{"missing"}` with the nodes that could not be told
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'a str>,
}

#[derive(Deserialize)]
struct Revoked {
    #[serde(default)]
    missing: Vec<String>,
}

impl Revoke {
    pub(super) async fn run(self, options: &Options) -> Result<(), Error> {
        let parameters = Parameters {
            user: self.user.as_deref(),
            token_id: self.token_id.as_deref(),
            scopes: &self.scopes,
            realm: self.realm.as_deref(),
        };
        let result = self.remote.api(options)?.call("revoke", &parameters).await?;
        let Revoked { missing } = parse(&result)?;
        match self.json {
            true => print_line(result.get())?,
            false => print_line(&format!("revoked {}", self.what()))?,
        }
        if !missing.is_empty() {
            eprintln!("not told yet (they will read it as soon as they can): {}", missing.join(", "));
        }
        Ok(())
    }

    fn what(&self) -> String {
        let whose = match (&self.user, &self.token_id) {
            (user, Some(id)) => {
                let of = user.as_ref().map_or(String::new(), |user| format!(" of {user}"));
                format!("the token {id}{of}")
            }
            (user, None) => format!("the tokens of {}", user.as_deref().unwrap_or_default()),
        };
        match self.scopes[..] {
            [] => whose,
            _ => format!("{} in {whose}", self.scopes.join(", ")),
        }
    }
}
