//! The options that determine the config: each command has those that affect it, before or after its name.
use crate::config::{self, Loaded, Overrides, Problems, Source};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use std::net::IpAddr;
use std::path::PathBuf;

// Doc comments would stand in the help in place of the command's own.

// The config, and what stands in its place: for commands that run the broker or look at its config.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Overrides `server.workers` of the config; 0 means one per core
    #[arg(long, value_name = "COUNT", help_heading = "Config")]
    workers: Option<usize>,
}

// The config, and where its broker listens: for commands that talk to a broker.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Place {
    #[command(flatten)]
    file: ConfigFile,
    /// Overrides `server.host` of the config
    #[arg(long, value_name = "ADDRESS", value_parser = crate::server::parse_host, help_heading = "Config")]
    host: Option<IpAddr>,
    /// Overrides `server.port` of the config; 0 picks a free port
    #[arg(long, value_name = "PORT", help_heading = "Config")]
    port: Option<u16>,
}

// The config alone.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConfigFile {
    /// The config file; without it the built-in config, which serves this machine only
    #[arg(long, value_name = "FILE", env = "CALLBOARD_CONFIG", help_heading = "Config")]
    config: Option<PathBuf>,
}

// A command, and the flags that act on it.
#[derive(Debug, Args)]
pub(super) struct With<C: Args, F: Args> {
    #[command(flatten)]
    pub(super) command: C,
    #[command(flatten)]
    pub(super) flags: F,
}

impl From<Place> for Options {
    fn from(place: Place) -> Self {
        Options { place, workers: None }
    }
}

impl From<ConfigFile> for Options {
    fn from(file: ConfigFile) -> Self {
        Place { file, ..Place::default() }.into()
    }
}

impl Options {
    /// These, which stand before the command's name, and those behind it, which count first.
    pub(super) fn with(self, behind: Options) -> Self {
        let config = behind.place.file.config.or(self.place.file.config);
        let (host, port) = (behind.place.host.or(self.place.host), behind.place.port.or(self.place.port));
        let place = Place { file: ConfigFile { config }, host, port };
        Options { place, workers: behind.workers.or(self.workers) }
    }

    /// The config file that was named.
    pub(super) fn config(&self) -> Option<&PathBuf> {
        self.place.file.config.as_ref()
    }

    /// The port that was named in place of the config's.
    pub(super) fn port(&self) -> Option<u16> {
        self.place.port
    }

    /// Where the config is read from.
    pub(super) fn source(&self) -> Source {
        self.config().cloned().map_or(Source::Shipped, Source::File)
    }

    /// What counts in place of what the config says.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides { host: self.place.host, port: self.place.port, workers: self.workers }
    }

    /// The config, whether or not it would be safe to serve with.
    pub(super) fn read(&self) -> Result<Loaded, Problems> {
        config::read(&self.source(), variables(), &self.overrides())
    }
}

/// The environment but for the options that can be given there, which are no settings of the config.
fn variables() -> impl Iterator<Item = (String, String)> {
    let command = super::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let options = commands.flat_map(clap::Command::get_arguments).filter_map(|option| option.get_env()?.to_str());
    let options: Vec<String> = options.map(str::to_owned).collect();
    config::environment().filter(move |(name, _)| !options.contains(name))
}

/// Says what is wrong where a flag stands before a command that has no such flag.
pub(super) fn misplaced(matches: &ArgMatches) -> Option<String> {
    let (name, _) = matches.subcommand()?;
    let commands = super::command();
    let command = commands.find_subcommand(name)?;
    let has = |flag: &str| command.get_arguments().any(|known| known.get_id() == flag);
    let given = |flag: &&str| matches.value_source(flag) == Some(ValueSource::CommandLine);
    let wrong = ["config", "host", "port", "workers"].into_iter().filter(given).find(|flag| !has(flag))?;
    Some(format!("--{wrong} has no effect on `callboard {name}`: leave it out"))
}
