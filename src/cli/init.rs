//! `callboard init`.
use super::{Error, Options, print_line};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use clap::Args;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The config that is written, with the places of its secrets.
const TEMPLATE: &str = include_str!("init.toml");
/// Bytes of a secret: as many as the hash of HS256 has (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;
/// Where the config goes if nothing else is said.
const FILE: &str = "callboard.toml";

/// Writes a commented config with fresh secrets.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The file to write, which must not be there yet; else the one of --config, else callboard.toml
    #[arg(value_name = "FILE", conflicts_with = "print")]
    file: Option<PathBuf>,
    /// Print the config instead
    #[arg(long)]
    print: bool,
}

impl Init {
    pub(super) fn run(self, options: &Options) -> Result<(), Error> {
        let config = config();
        if self.print {
            return print_line(config.trim_end());
        }
        let path = self.file.as_ref().or(options.config()).cloned().unwrap_or_else(|| FILE.into());
        write(&path, &config).map_err(|error| refusal(&path, &error))?;
        let path = path.display();
        print_line(&format!("wrote {path}; next: callboard serve --config {path}"))
    }
}

/// The config with secrets that nobody has seen.
fn config() -> String {
    TEMPLATE.replace("{hmac_secret}", &secret()).replace("{api_key}", &secret())
}

fn secret() -> String {
    // The thread's generator is seeded by the system and meant for secrets.
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>())
}

/// Writes a new file that its owner alone can read.
fn write(path: &Path, config: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(config.as_bytes())?;
    file.sync_all()
}

fn refusal(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::Failed(format!("{path} exists and stays as it is; name another file, or take --print"))
        }
        _ => Error::Failed(format!("cannot write {path}: {error}")),
    }
}
