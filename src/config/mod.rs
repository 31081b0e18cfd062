//! The config of the process: built-in defaults, then the file, then the environment, then the command line.
//!
//! The keys belong to the rooms ([`crate::server::Config`] is their sum); this room reads the layers, reports all problems
//! at once, and rejects unsafe settings.
mod access;
mod authentication;
mod backstage;
mod endpoints;
mod exposure;
mod file;
mod layers;
mod longest;
mod mend;
mod named;
mod problem;
mod schema;
mod sense;
mod services;
mod spaces;
mod strapi;
mod variables;
mod words;

pub use exposure::check_exposure;
pub use layers::Overrides;
pub use problem::{Place, Problem, Problems};

use crate::server::Config;
use crate::transport::engineio::EngineConfig;
use figment::Figment;
use file::File;
use layers::Layer;
use schema::Schema;
use std::path::PathBuf;

/// The config that comes with the binary: open, for loopback.
pub const SHIPPED: &str = include_str!("../../config.toml");
/// What the embedded copy is called in messages.
const SHIPPED_NAME: &str = "built-in config.toml";

/// Where the config's file is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The embedded copy of the shipped file; on loopback only.
    #[default]
    Shipped,
    /// A file of the user's.
    File(PathBuf),
}

/// A config that was read, and where its settings came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings in effect.
    pub config: Config,
    is_shipped: bool,
    /// Without values: they held the secrets as they were written.
    layers: Layers,
}

impl Loaded {
    /// Whether the config can be served with: the files it names can be read, the embedded copy keeps to loopback, and
    /// [`check_exposure`], and that no secret can be guessed by others. Fails with everything that is wrong.
    pub fn check(&self) -> Result<(), Problems> {
        let (guessable, _) = exposure::guessable(&self.config);
        let unusable = access::find(&self.config).into_iter().chain(guessable);
        let mut problems: Vec<Problem> = unusable.map(|(key, message)| self.layers.problem(key, message)).collect();
        let beyond = match self.is_shipped {
            true => exposure::check_embedded(&self.config),
            false => vec![],
        };
        // An embedded copy that must not be used at all need not be made safe, too.
        if beyond.is_empty() {
            let exposed = check_exposure(&self.config, &self.anonymous());
            problems.extend(exposed.err().iter().flat_map(Problems::iter).cloned());
        }
        problems.extend(beyond.into_iter().map(|(key, message)| self.layers.problem(key, message)));
        Problems::none_in(problems)
    }

    /// [`Loaded::check`] and [`Loaded::check_alone`]: whether the binary can serve it. Fails with everything that is wrong.
    pub fn check_to_serve(&self) -> Result<(), Problems> {
        let found = [self.check(), self.check_alone()].into_iter().filter_map(Result::err);
        Problems::none_in(found.flat_map(|problems| problems.iter().cloned().collect::<Vec<_>>()).collect())
    }

    /// What may be a mistake, and keeps nobody from serving: variables that set nothing, secrets that can be guessed where none but
    /// this machine reaches the broker.
    pub fn warnings(&self) -> Vec<Problem> {
        let (_, guessable) = exposure::guessable(&self.config);
        let mut warnings: Vec<Problem> =
            guessable.into_iter().map(|(key, message)| self.layers.problem(key, message)).collect();
        warnings.extend(self.layers.variables.warnings.iter().cloned());
        warnings.sort();
        warnings
    }

    /// Whether the binary can serve it by itself: it has the services of the config alone, and none that a program registers in Rust.
    /// Fails with each key that counts on one.
    pub fn check_alone(&self) -> Result<(), Problems> {
        let exposed =
            self.config.expose.iter().enumerate().filter_map(|(index, table)| Some((index, table.service()?)));
        let missing = exposed.filter(|(_, path)| !self.config.services.iter().any(|service| service.is_at(path)));
        let problem = |(index, path): (usize, &str)| {
            let message = format!(
                "no service is registered at `{path}`; a [[service]] declares one, or a program of your own in Rust"
            );
            self.layers.problem(&format!("expose[{index}].space"), message)
        };
        let users = self.config.authentication.service.iter();
        let users = users.filter(|path| !self.config.services.iter().any(|service| service.is_at(path)));
        let users = users.map(|path| {
            let message = format!(
                "no service is registered at `{path}`; a [[service]] declares one, or a program of your own in Rust"
            );
            self.layers.problem("authentication.service", message)
        });
        Problems::none_in(missing.map(problem).chain(users).collect())
    }

    /// Logs what may be a mistake.
    pub fn log_warnings(&self) {
        self.warnings().iter().for_each(|warning| log::warn!("{warning}"));
    }

    /// Where the user set `auth.anonymous`; [`Place::Unset`] where the shipped file or nobody did.
    pub fn anonymous(&self) -> Place {
        const KEY: &str = "auth.anonymous";
        let file = || self.layers.file.place(KEY).filter(|_| !self.is_shipped && self.layers.file.has(KEY));
        self.layers.place_above_file(KEY).or_else(file).unwrap_or(Place::Unset)
    }
}

/// The config to serve with. `variables` is the environment (those that begin with `CALLBOARD_` count), `overrides` the command
/// line. Logs [`Loaded::warnings`]. Fails with everything that is wrong, unsafe exposure included ([`Loaded::check`]).
pub fn load(
    source: &Source,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Result<Config, Problems> {
    let loaded = read(source, variables, overrides)?;
    loaded.check()?;
    loaded.log_warnings();
    Ok(loaded.config)
}

/// Like [`load`], without [`Loaded::check`]: enough for who does not listen. Fails with everything that is wrong.
pub fn read(
    source: &Source,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Result<Loaded, Problems> {
    let schema = Schema::new();
    let (name, text) = text_of(source)?;
    let file = File::parse(&name, &text);
    let layers =
        Layers { file, variables: Layer::of_variables(&schema, variables), options: Layer::of_options(overrides) };
    layers.merge(&schema, *source == Source::Shipped)
}

/// The environment of this process. What is no Unicode is no setting.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn text_of(source: &Source) -> Result<(String, String), Problems> {
    match source {
        Source::Shipped => Ok((SHIPPED_NAME.to_owned(), SHIPPED.to_owned())),
        Source::File(path) => {
            let file = path.display().to_string();
            let problem = |error: std::io::Error| Problem {
                place: Place::File { file: file.clone(), line: 0 },
                key: String::new(),
                message: format!("cannot be read: {error}"),
            };
            let text = std::fs::read_to_string(path).map_err(|error| Problems::of(vec![problem(error)]))?;
            Ok((file, text))
        }
    }
}

/// Services that no Rust is written for can be called by Socket.IO without an endpoint being written either.
fn add_endpoint(config: &mut Config) {
    if !config.services.is_empty() && config.socketio.is_empty() {
        config.socketio.push(EngineConfig::default());
    }
}

#[derive(Clone, Debug)]
struct Layers {
    file: File,
    variables: Layer,
    options: Layer,
}

impl Layers {
    fn place_above_file(&self, key: &str) -> Option<Place> {
        self.options.place(key).or_else(|| self.variables.place(key))
    }

    /// What is wrong with a key, where the setting in effect stands.
    fn problem(&self, key: &str, message: String) -> Problem {
        let place = self.place_above_file(key).or_else(|| self.file.place(key)).unwrap_or(Place::Unset);
        Problem { place, key: key.to_owned(), message }
    }

    fn merge(mut self, schema: &Schema, is_shipped: bool) -> Result<Loaded, Problems> {
        let mut problems = self.check_file(schema);
        let is_whole = self.file.problems.is_empty();
        problems.append(&mut self.file.problems);
        problems.append(&mut self.variables.problems);
        self.variables.settle(&self.file.values);
        let merged = Figment::new().merge(&self.file).merge(&self.variables).merge(&self.options);
        let config = merged.extract::<Config>();
        for values in [&mut self.file.values, &mut self.variables.values, &mut self.options.values] {
            values.clear();
        }
        match config {
            Ok(mut config) => {
                add_endpoint(&mut config);
                self.add_nonsense(&config, is_whole, &mut problems);
                Problems::none_in(problems)?;
                Ok(Loaded { config, is_shipped, layers: self })
            }
            // Every key was good by itself, or is gone: what is left is one that only fails beside another.
            Err(error) => {
                problems.push(self.problem(&error.path.join("."), error.kind.to_string()));
                Err(Problems::of(problems))
            }
        }
    }

    /// What is wrong with single keys of the file; those are gone from it afterwards.
    fn check_file(&mut self, schema: &Schema) -> Vec<Problem> {
        let mut values = std::mem::take(&mut self.file.values);
        let problems = schema.check(&mut values, &|key| self.file.place(key).unwrap_or(Place::Unset));
        self.file.values = values;
        problems
    }

    /// Adds what makes no sense, unless one of the keys it is about was refused already, or may stand in a part of the file that could
    /// not be read.
    fn add_nonsense(&self, config: &Config, is_whole: bool, problems: &mut Vec<Problem>) {
        let refused: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
        for found in sense::find(config).into_iter().filter(|found| is_whole || found.with.is_none()) {
            let about = [Some(&found.key), found.with.as_ref()];
            let problem = self.problem(&found.key, found.message);
            if about.into_iter().flatten().all(|key| !refused.contains(key)) {
                problems.push(problem);
            }
        }
    }
}
