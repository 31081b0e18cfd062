//! What is wrong with a config, and where.
use serde::{Serialize, Serializer};
use std::fmt;

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file; the line counts from 1 and is 0 where the whole file is meant.
    File {
        /// The file as it was named.
        file: String,
        /// The line.
        line: usize,
    },
    /// In an environment variable of this name.
    Variable(String),
    /// In a command line option, such as `--port`.
    Flag(String),
    /// Nowhere: the built-in default, or the sum of several.
    Unset,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { file, line: 0 } => f.write_str(file),
            Place::File { file, line } => write!(f, "{file}:{line}"),
            Place::Variable(name) | Place::Flag(name) => f.write_str(name),
            Place::Unset => f.write_str("config"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The key it is about, such as `server.port` or `namespace[1].subscribe`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, and what would be right. Never holds a secret's value.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.is_empty() {
            true => write!(f, "{}: {}", self.place, self.message),
            false => write!(f, "{}: `{}`: {}", self.place, self.key, self.message),
        }
    }
}

/// Everything that is wrong with a config; never empty. Displays one problem a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems as an error, in the order of the lines; `Ok` where there are none.
    pub(super) fn none_in(problems: Vec<Problem>) -> Result<(), Problems> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Problems::of(problems)),
        }
    }

    /// These problems, of which there is one at least.
    pub(super) fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        Problems(problems)
    }

    /// The problems, by place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}
