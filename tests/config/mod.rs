//! The config: its layers, its problems, the shipped file and its documentation.
mod authentication;
mod documentation;
mod environment;
mod events_bus;
mod exposure;
mod guessable;
mod keeping;
mod layers;
mod problems;
mod services;
mod shipped;
mod strapi;
mod truth;

use callboard::config::{self, Overrides, Problems, Source};
use callboard::server::Config;
use std::io::Write;
use tempfile::NamedTempFile;

/// A config file with this text; it is gone with the value.
fn file(text: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load_with(text: &str, pairs: &[(&str, &str)], overrides: &Overrides) -> Result<Config, Problems> {
    let file = file(text);
    config::load(&Source::File(file.path().to_owned()), variables(pairs), overrides)
}

fn load(text: &str) -> Result<Config, Problems> {
    load_with(text, &[], &Overrides::default())
}

/// The problems as `LINE KEY MESSAGE`, or `VARIABLE KEY MESSAGE`.
fn problems_of(result: Result<Config, Problems>) -> Vec<String> {
    let problems = result.expect_err("a config with problems");
    let short = |place: String| match place.rsplit_once(".toml:") {
        Some((_, line)) => line.to_owned(),
        None => place,
    };
    problems.iter().map(|p| format!("{} {} {}", short(p.place.to_string()), p.key, p.message)).collect()
}
