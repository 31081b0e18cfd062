//! Expressions in CEL: rules that say yes or no about a call or an event, and values for queries.
//!
//! Source: the [Common Expression Language](https://cel.dev), as the crate `cel` has it without its options: no regular expressions,
//! no times. An expression is compiled and checked once; evaluating it never changes anything.
//!
//! # The bounds
//! An expression is at most [`MAX_TEXT`] bytes long and [`MAX_DEPTH`] levels deep. A loop (`all`, `exists`, `exists_one`, `filter`,
//! `map`) may not stand in the body of another, nor make texts, lists or maps larger there, and an expression with a loop fails where
//! what it reads weighs more than [`MAX_LOOPED`]. So the time of one evaluation is bounded, by the square of that where a loop
//! looks through a list in each of its steps, and its memory by what it reads.
//!
//! | file | what lives there |
//! |---|---|
//! | `answers` | what rules have said of one event |
//! | `check` | what can be told of an expression before it runs |
//! | `kind` | whether an expression can yield a boolean |
//! | `facts` | what an expression is about |
//! | `values` | JSON as values of CEL, and back |
//! | `written` | expressions in a config |
mod answers;
mod check;
mod facts;
mod kind;
mod values;
mod written;

pub use answers::Answers;
pub use facts::{ConnectionFacts, Fact, Scope};

use cel::common::types::CelBool;
use cel::common::value::CowVal;
use cel::{Context, Env, ExecutionError, Program};
use check::Reads;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::thread;

/// How many bytes the text of an expression may have.
pub const MAX_TEXT: usize = 4_096;
/// How deep an expression may be nested.
pub const MAX_DEPTH: usize = 64;
/// How much that which an expression with a loop reads may weigh: one for each value, and one more for each 16 bytes of a text.
pub const MAX_LOOPED: usize = 5_000;

/// The stack, in bytes, that compiling has; the system gives what is used of it alone.
const ROOM: usize = 256 * 1024 * 1024;

/// What expressions may call, and the scope around all of theirs.
static ROOT: LazyLock<Context<'static, 'static>> = LazyLock::new(|| Context::with_env(Arc::new(environment())));

fn environment() -> Env {
    Env::stdlib().with_optional_support(false)
}

/// Why a text is no expression, or not the one that is wanted; and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} of the expression: {message}")]
pub struct Invalid {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

/// Why an expression has no value. Names fields and types, never values: those may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It has a loop, and what it reads is too much for one.
    #[error("an expression with a loop is about more than {MAX_LOOPED} values")]
    TooLarge,
    /// A field is missing.
    #[error("there is no field {0:?}; `has(…)` asks for one")]
    NoField(String),
    /// An operator or a function does not take what it was given.
    #[error("{0}")]
    Types(String),
    /// The value is not of the kind that is wanted.
    #[error("the value is {0}")]
    Kind(&'static str),
    /// Anything else, such as a division by zero.
    #[error("the expression cannot be evaluated")]
    Other,
}

/// An expression whose value may be anything. Cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: String,
    program: Program,
    reads: Reads,
}

/// An expression that says yes or no. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Rule(Expression);

impl Expression {
    /// Compiles a text. Fails where it is no expression, past a bound, and where it names what is not known.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        with_room(|| Self::compile(text))
    }

    fn compile(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_TEXT {
            return Err(at_start(&format!("an expression has {MAX_TEXT} bytes at most")));
        }
        if text.trim().is_empty() {
            return Err(at_start("an expression is wanted, such as connection.user != null"));
        }
        let program = environment().compile(text).map_err(|errors| match errors.errors.first() {
            Some(first) => {
                let [line, column] = [first.pos.0, first.pos.1].map(|at| usize::try_from(at).unwrap_or(1).max(1));
                Invalid { line, column, message: first.msg.clone() }
            }
            None => at_start("this is no expression"),
        })?;
        let reads = check::read(&program, text)?;
        Ok(Expression(Arc::new(Compiled { text: text.to_owned(), program, reads })))
    }

    /// The text that it was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it reads this variable.
    pub fn reads(&self, variable: &str) -> bool {
        self.0.reads.has(variable)
    }

    /// What it reads of `hook`, as paths below it, such as `params.user.id`. Fails where it reads `hook` as a whole, or by an
    /// index, so that nothing says which fields it needs.
    pub fn hook_fields(&self) -> Result<&[String], Invalid> {
        match &self.0.reads.whole_hook {
            Some(invalid) => Err(invalid.clone()),
            None => Ok(&self.0.reads.hook),
        }
    }

    /// Its value as JSON: a text, a number, true, false, or a list of such.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        let unwanted = Failure::Kind("neither a text, a number, a boolean nor a list of them");
        self.evaluate(scope, |value| values::to_json(value.as_ref()).ok_or(unwanted))
    }

    fn evaluate<T>(
        &self,
        scope: &Scope<'_>,
        read: impl FnOnce(CowVal<'_, '_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Compiled { program, reads, .. } = &*self.0;
        if reads.loops && scope.weight(reads) > MAX_LOOPED {
            return Err(Failure::TooLarge);
        }
        // The scope around is made once for all: to make one for each evaluation costs more than most expressions.
        let root: &Context<'_, '_> = &ROOT;
        let mut context = root.new_inner_scope();
        context.set_variable_resolver(scope);
        let value = cel::Value::resolve_val(program.expression(), &context).map_err(Failure::from)?;
        read(value)
    }
}

impl Rule {
    /// Compiles a text. Fails as [`Expression::new`] does, and where its value cannot be true or false.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        with_room(|| {
            let expression = Expression::compile(text)?;
            kind::check_boolean(&expression.0.program, text)?;
            Ok(Rule(expression))
        })
    }

    /// Its expression.
    pub fn expression(&self) -> &Expression {
        &self.0
    }

    /// Whether it says yes.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        let boolean = |value: CowVal<'_, '_>| value.downcast_ref::<CelBool>().map(|boolean| *boolean.inner());
        self.0.evaluate(scope, |value| boolean(value).ok_or(Failure::Kind("neither true nor false")))
    }
}

fn at_start(message: &str) -> Invalid {
    Invalid { line: 1, column: 1, message: message.to_owned() }
}

/// Compiles where the stack has room for the deepest nesting that [`MAX_TEXT`] bytes can have: the parser calls itself for each
/// level before anything can be said of the depth.
fn with_room<T: Send>(compile: impl FnOnce() -> Result<T, Invalid> + Send) -> Result<T, Invalid> {
    let compiled = thread::scope(|scope| {
        let started = thread::Builder::new().stack_size(ROOM).spawn_scoped(scope, compile);
        started.map(|thread| thread.join().unwrap_or_else(|_| Err(at_start("this is no expression"))))
    });
    compiled.unwrap_or_else(|error| Err(at_start(&format!("there is no thread to compile it on: {error}"))))
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text())
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({:?})", self.0.text())
    }
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        match error {
            ExecutionError::NoSuchKey(name) => Failure::NoField(name.to_string()),
            ExecutionError::NoSuchOverload(overload) => Failure::Types(overload.to_string()),
            _ => Failure::Other,
        }
    }
}

#[cfg(test)]
mod tests;
