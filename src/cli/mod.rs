//! The command line.
//!
//! Results go to stdout, everything else to stderr; with `--json` an error is a line of JSON there. The exit code is 0, 1 if
//! something failed, or 2 if the command line or the config is invalid.
mod as_client;
mod check;
mod check_token;
mod client;
mod completions;
mod connections;
mod examples;
mod health;
mod history;
mod init;
mod inspect;
mod listen;
mod logging;
mod options;
mod presence;
mod publish;
mod revoke;
mod rpc;
mod serve;
mod subscribe;
mod table;
mod tail;
mod token;
mod unknown_channel;
mod wire;

pub use logging::start as start_logging;

use crate::config::Problems;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use options::{ConfigFile, Options, Place, With};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// A real-time event broker: backends publish, browsers and services listen over WebSocket.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the broker, also without a command
    Serve(Options),
    /// Writes a commented config with fresh secrets
    Init(With<init::Init, ConfigFile>),
    /// Reports everything that is wrong with the config
    CheckConfig(With<check::CheckConfig, Options>),
    /// Prints the settings in effect, without secrets
    PrintConfig(With<check::PrintConfig, Options>),
    /// Signs a token with `auth.hmac_secret`
    Token(With<token::SignToken, ConfigFile>),
    /// Says whether a token is valid for this config and, if not, which check fails
    ///
    /// Makes the broker's checks in the broker's order: form and algorithm, signature, audience and issuer, times, kind. Only a running
    /// broker knows what has been revoked.
    CheckToken(With<check_token::CheckToken, ConfigFile>),
    /// Publishes into a channel
    Pub(With<publish::Publish, Place>),
    /// Listens to channels as a client does, and prints a line per message
    ///
    /// With one channel a line is the payload; with several it is the channel's name, a tab and the payload.
    Sub(With<subscribe::Subscribe, Place>),
    /// Shows events as they are delivered, of one channel or of all
    ///
    /// Needs the API key, but no token, and shows channels of every wire: time, channel and payload, separated by tabs. Ends when the
    /// broker stops.
    Tail(With<tail::Tail, Place>),
    /// Prints the history of a channel
    History(With<history::History, Place>),
    /// Lists who is present in a channel
    Presence(With<presence::Presence, Place>),
    /// Calls an rpc handler
    Rpc(With<rpc::Rpc, Place>),
    /// Revokes tokens or scopes
    ///
    /// On every node, sessions with such a token are closed or lose the scopes, and new connections with one are rejected.
    Revoke(With<revoke::Revoke, Place>),
    /// Lists the channels that have listeners
    Channels(With<inspect::Channels, Place>),
    /// Lists who is connected
    Connections(With<connections::Connections, Place>),
    /// Shows the state of the broker
    Info(With<inspect::Info, Place>),
    /// Checks the health of the broker, for probes: exit code 0 if it is healthy, else 1
    ///
    /// Needs no API key. Without --ready it checks only whether the process answers, so that a broker is not restarted for a problem that
    /// a restart cannot fix.
    Health(With<health::Health, Place>),
    /// Prints a completion script for a shell
    Completions(completions::Completions),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// The config is wrong.
    #[error("{0}")]
    Config(#[from] Problems),
    /// It was tried, and did not succeed.
    #[error("{0}")]
    Failed(String),
    /// The broker refused it with an error of the contract: its code, and words for people.
    #[error("{1}")]
    Refused(u32, String),
    /// Whoever reads the output has gone; what `head` does, and nothing to tell of.
    #[error("the output was closed")]
    OutputClosed,
}

impl Error {
    fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Config(_) => 2,
            Error::Failed(_) | Error::Refused(..) => 1,
            Error::OutputClosed => 0,
        }
    }

    /// For scripts: `{"error": {"message", "exit", "code"}}`, the last where the broker gave one.
    fn json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({"message": self.to_string(), "exit": self.exit_code()});
        if let Error::Refused(code, _) = self {
            error["code"] = (*code).into();
        }
        serde_json::json!({ "error": error })
    }
}

/// Runs a command line, the program's name first; gives the code to exit with.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let parsed = command().try_get_matches_from(arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((options::misplaced(&matches), cli))
    });
    let done = match parsed {
        Ok((None, cli)) => cli.run(),
        Ok((Some(misplaced), _)) => Err(Error::Usage(misplaced)),
        Err(error) if is_json && error.use_stderr() => Err(Error::Usage(error.to_string().trim_end().to_owned())),
        // Help and version are errors to clap, with exit code 0.
        Err(error) => error.exit(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error {
                Error::OutputClosed => {}
                _ if is_json => eprintln!("{}", error.json()),
                _ => eprintln!("{error}"),
            }
            error.exit_code().into()
        }
    }
}

/// The command line as it is parsed, with its examples.
fn command() -> clap::Command {
    examples::add_to(Cli::command())
}

impl Cli {
    fn run(self) -> Result<(), Error> {
        let before = self.options;
        match self.command.unwrap_or_else(|| Command::Serve(Options::default())) {
            Command::Serve(options) => serve::run(&before.with(options)),
            Command::Init(with) => with.command.run(&before.with(with.flags.into())),
            Command::CheckConfig(with) => with.command.run(&before.with(with.flags)),
            Command::PrintConfig(with) => with.command.run(&before.with(with.flags)),
            Command::Token(with) => with.command.run(before.with(with.flags.into())),
            Command::CheckToken(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Pub(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Sub(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Tail(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::History(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Presence(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Rpc(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Revoke(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Channels(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Connections(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Info(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Health(with) => block_on(with.command.run(&before.with(with.flags.into()))),
            Command::Completions(command) => command.run(),
        }
    }
}

fn block_on(command: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    actix::System::new().block_on(command)
}

/// Prints a line at once, for whoever reads line by line.
fn print_line(line: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Error::OutputClosed,
        _ => Error::Failed(format!("cannot write the output: {error}")),
    })
}
