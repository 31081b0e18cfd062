//! `callboard check-config` and `callboard print-config`.
use super::{Error, Options, print_line};
use crate::config::{Loaded, Problem, Problems};
use clap::Args;
use serde_json::json;

/// Reports everything that is wrong with the config.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    /// Print one JSON object: `{"ok": …, "problems": [{"place", "key", "message"}], "warnings": […]}`
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(self, options: &Options) -> Result<(), Error> {
        let read = options.read();
        let warnings = read.as_ref().map(Loaded::warnings).unwrap_or_default();
        let checked = read.and_then(|loaded| loaded.check_to_serve());
        if self.json {
            let report = json!({
                "ok": checked.is_ok(),
                "problems": listed(checked.as_ref().err().into_iter().flat_map(Problems::iter)),
                "warnings": listed(warnings.iter()),
            });
            print_line(&report.to_string())?;
        } else {
            warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
        }
        checked?;
        if !self.json {
            print_line("the config is valid")?;
        }
        Ok(())
    }
}

fn listed<'a>(problems: impl Iterator<Item = &'a Problem>) -> Vec<serde_json::Value> {
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
