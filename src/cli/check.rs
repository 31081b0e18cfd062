//! `callboard check-config` and `callboard print-config`.
use super::{Error, Options, print_line};
use crate::config::Problems;
use clap::Args;
use serde_json::json;

/// Says all that is wrong with the config.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    /// Print one JSON object: `{"ok": …, "problems": [{"place", "key", "message"}]}`
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(self, options: &Options) -> Result<(), Error> {
        let checked = options.read().and_then(|loaded| loaded.check().and_then(|()| loaded.check_alone()));
        if self.json {
            print_line(&json!({"ok": checked.is_ok(), "problems": listed(&checked)}).to_string())?;
        }
        checked?;
        if !self.json {
            print_line("the config is good")?;
        }
        Ok(())
    }
}

fn listed(checked: &Result<(), Problems>) -> Vec<serde_json::Value> {
    let problems = checked.as_ref().err().into_iter().flat_map(Problems::iter);
    problems.map(|p| json!({"place": p.place, "key": p.key, "message": p.message})).collect()
}

/// Prints the settings in effect, without secrets.
#[derive(Debug, Args)]
pub(super) struct PrintConfig {
    /// Print JSON instead of TOML
    #[arg(long)]
    json: bool,
}

impl PrintConfig {
    pub(super) fn run(self, options: &Options) -> Result<(), Error> {
        let config = options.read()?.config;
        let failed = |error: &dyn std::fmt::Display| Error::Failed(format!("the config cannot be written: {error}"));
        let text = match self.json {
            true => serde_json::to_string_pretty(&config).map_err(|error| failed(&error))?,
            false => toml::to_string(&config).map_err(|error| failed(&error))?,
        };
        print_line(text.trim_end())
    }
}
