//! What a rule has said of one event, by what it reads of connections: those that are alike there are answered alike, and most rules
//! read little, such as a company.
use super::check::Step;
use super::{ConnectionFacts, Rule};
use foldhash::quality::RandomState;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

/// Answers that are remembered for one event.
const REMEMBERED: usize = 4_096;
/// So many more than were of use again: where each connection is unlike all others, to remember costs more than to ask.
const UNUSED: usize = 64;

/// The answers of rules about one event, by the place of each rule among them.
#[derive(Debug, Default)]
pub struct Answers {
    hasher: RandomState,
    /// By the hash of what was read, so that to look one up copies nothing.
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_hash: HashMap<u64, Vec<Remembered>, RandomState>,
    count: usize,
    /// How often one of them was of use again.
    found: usize,
}

#[derive(Debug)]
struct Remembered {
    at: usize,
    read: Vec<Option<Value>>,
    holds: bool,
}

impl Answers {
    /// What the rule at this place says of a connection. It is asked with `ask` unless its answer for what it reads there is known; one
    /// that fails answers none, and is asked again. All that `ask` looks at but the connection must be the same each time.
    pub fn of(
        &self,
        at: usize,
        rule: &Rule,
        connection: &ConnectionFacts,
        ask: impl FnOnce() -> Option<bool>,
    ) -> Option<bool> {
        if !self.known.borrow().pays() {
            return ask();
        }
        let Some(hash) = self.hash(at, rule, connection) else { return ask() };
        let known = self.known.borrow_mut().find(hash, at, rule, connection);
        if known.is_some() {
            return known;
        }
        let holds = ask()?;
        self.known.borrow_mut().remember(hash, at, rule, connection, holds);
        Some(holds)
    }

    /// None where it cannot be told what the rule reads of this connection.
    fn hash(&self, at: usize, rule: &Rule, connection: &ConnectionFacts) -> Option<u64> {
        let mut hasher = self.hasher.build_hasher();
        at.hash(&mut hasher);
        for read in rule.read_of(connection)? {
            read?.hash(&mut hasher);
        }
        Some(hasher.finish())
    }
}

impl Known {
    fn pays(&self) -> bool {
        self.count < self.found + UNUSED
    }

    fn find(&mut self, hash: u64, at: usize, rule: &Rule, connection: &ConnectionFacts) -> Option<bool> {
        let is_same = |one: &&Remembered| {
            let read = rule.read_of(connection).into_iter().flatten();
            one.at == at && read.zip(&one.read).all(|(now, then)| now == Some(then.as_ref()))
        };
        let holds = self.by_hash.get(&hash)?.iter().find(is_same)?.holds;
        self.found += 1;
        Some(holds)
    }

    fn remember(&mut self, hash: u64, at: usize, rule: &Rule, connection: &ConnectionFacts, holds: bool) {
        if self.count >= REMEMBERED {
            return;
        }
        let read = rule.read_of(connection).into_iter().flatten();
        // All of it could be told, or there were no hash.
        let read = read.map(|value| value.flatten().cloned()).collect();
        self.by_hash.entry(hash).or_default().push(Remembered { at, read, holds });
        self.count += 1;
    }
}

impl Rule {
    /// What it reads of a connection, in the same order each time: none for what is not there. An item is none where its path leads
    /// through something that has no fields, and all is none where the rule reads of the connection what no path names, or has a loop.
    fn read_of<'a>(
        &'a self,
        connection: &'a ConnectionFacts,
    ) -> Option<impl Iterator<Item = Option<Option<&'a Value>>>> {
        let reads = &self.expression().0.reads;
        // One with a loop may fail for what it does not read: for the weight of the whole.
        let paths = (!reads.whole_connection && !reads.loops).then_some(&reads.connection_paths)?;
        Some(paths.iter().map(|path| at_path(connection.fields(), path)))
    }
}

/// What stands at a path: none where it cannot be told, and none within where nothing stands there.
fn at_path<'a>(fields: &'a Value, path: &[Step]) -> Option<Option<&'a Value>> {
    const IS_NULL: &Value = &Value::Null;
    const IS_SOMETHING: &Value = &Value::Bool(true);
    let mut at = Some(fields);
    for step in path {
        at = match (step, at) {
            (Step::IsNull, at) => Some(if at.is_none_or(Value::is_null) { IS_NULL } else { IS_SOMETHING }),
            (Step::Field(name), Some(Value::Object(members))) => members.get(name),
            (Step::Field(_), _) => return None,
        };
    }
    Some(at)
}
