//! The command line.
//!
//! Results go to stdout, everything else to stderr. The program ends with 0, with 1 where something failed, and with 2 where
//! the command line or the config is wrong.
mod check;
mod client;
mod completions;
mod connections;
mod inspect;
mod listen;
mod logging;
mod publish;
mod revoke;
mod serve;
mod subscribe;
mod token;
mod wire;

pub use logging::start as start_logging;

use crate::config::{self, Loaded, Overrides, Problems, Source};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
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

/// What says which config counts; good with every command.
#[derive(Debug, Clone, Args)]
struct Options {
    /// The config file; without it the built-in one, which serves this machine only
    #[arg(long, global = true, value_name = "FILE", env = "CALLBOARD_CONFIG", help_heading = "Config")]
    config: Option<PathBuf>,
    /// Instead of the config's `server.host`
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Config")]
    host: Option<IpAddr>,
    /// Instead of the config's `server.port`; 0 takes a free one
    #[arg(long, global = true, value_name = "PORT", help_heading = "Config")]
    port: Option<u16>,
    /// Instead of the config's `server.workers`; 0: one per core
    #[arg(long, global = true, value_name = "COUNT", help_heading = "Config")]
    workers: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the broker (without a command, too)
    Serve,
    /// Says all that is wrong with the config
    CheckConfig(check::CheckConfig),
    /// Prints the settings in effect, without secrets
    PrintConfig(check::PrintConfig),
    /// Signs a token with `auth.hmac_secret`
    #[command(subcommand)]
    Token(token::Token),
    /// Publishes into a channel, over the HTTP API
    Pub(publish::Publish),
    /// Listens to channels and prints a line a message
    Sub(subscribe::Subscribe),
    /// Takes back what tokens granted, over the HTTP API
    Revoke(revoke::Revoke),
    /// Lists the channels that are listened to
    Channels(inspect::Channels),
    /// Lists who is connected
    Connections(connections::Connections),
    /// Shows the state of the broker
    Info(inspect::Info),
    /// Prints a script that completes commands in a shell
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
    /// Whoever reads the output has gone; what `head` does, and nothing to tell of.
    #[error("the output was closed")]
    OutputClosed,
}

impl Error {
    fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Config(_) => 2,
            Error::Failed(_) => 1,
            Error::OutputClosed => 0,
        }
    }
}

/// Runs a command line, the program's name first; gives the code to exit with.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version are errors to clap, with exit code 0.
        Err(error) => error.exit(),
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, Error::OutputClosed) {
                eprintln!("{error}");
            }
            error.exit_code().into()
        }
    }
}

impl Cli {
    fn run(self) -> Result<(), Error> {
        let options = self.options;
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(&options),
            Command::CheckConfig(command) => command.run(&options),
            Command::PrintConfig(command) => command.run(&options),
            Command::Token(command) => command.run(&options),
            Command::Pub(command) => block_on(command.run(&options)),
            Command::Sub(command) => block_on(command.run(&options)),
            Command::Revoke(command) => block_on(command.run(&options)),
            Command::Channels(command) => block_on(command.run(&options)),
            Command::Connections(command) => block_on(command.run(&options)),
            Command::Info(command) => block_on(command.run(&options)),
            Command::Completions(command) => command.run(),
        }
    }
}

impl Options {
    fn source(&self) -> Source {
        self.config.clone().map_or(Source::Shipped, Source::File)
    }

    fn overrides(&self) -> Overrides {
        Overrides { host: self.host, port: self.port, workers: self.workers }
    }

    /// The config, whether or not it would be safe to serve with.
    fn read(&self) -> Result<Loaded, Problems> {
        config::read(&self.source(), config::environment(), &self.overrides())
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
