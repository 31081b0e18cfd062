//! `callboard completions`.
use super::{Error, command, print_line};
use clap::Args;
use clap_complete::Shell;

/// Prints a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "callboard", &mut script);
        print_line(String::from_utf8_lossy(&script).trim_end())
    }
}
