//! What can be told of an expression before it runs: what it reads, and what it must not do.
use super::{Invalid, MAX_DEPTH};
use cel::Program;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// The variables that there are.
pub(super) const VARIABLES: [&str; 3] = ["data", "connection", "hook"];
/// The fields of `hook`.
const HOOK: [&str; 5] = ["path", "method", "event", "id", "params"];
/// The names of types, which `type(…)` is compared with.
const TYPES: [&str; 11] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "dyn"];
/// The functions that there are beside operators and loops.
const FUNCTIONS: [&str; 11] =
    ["size", "contains", "startsWith", "endsWith", "string", "int", "uint", "double", "bool", "type", "dyn"];
/// Begins the names that loops use themselves, and which nobody can write.
const INNER: char = '@';

/// What an expression reads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub data: bool,
    /// Something of the connection other than its user.
    pub connection: bool,
    /// Something of the connection's user.
    pub user: bool,
    /// The paths below `connection`.
    pub connection_paths: Vec<Vec<Step>>,
    /// Whether it reads `connection` without saying which of its fields.
    pub whole_connection: bool,
    /// The paths below `hook`.
    pub hook: Vec<String>,
    /// Where it reads `hook` without saying which of its fields.
    pub whole_hook: Option<Invalid>,
    /// Whether it has a loop.
    pub loops: bool,
}

/// A step of a path below `connection`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To a field.
    Field(String),
    /// To whether that is null: nothing more is read of it.
    IsNull,
}

impl Reads {
    /// It reads this below `connection`.
    fn connection_at(&mut self, names: &[&str], is_compared_with_null: bool) {
        self.whole_connection |= names.is_empty();
        let fields = names.iter().map(|name| Step::Field((*name).to_owned()));
        let path: Vec<Step> = fields.chain(is_compared_with_null.then_some(Step::IsNull)).collect();
        if !self.connection_paths.contains(&path) {
            self.connection_paths.push(path);
        }
    }

    pub fn has(&self, variable: &str) -> bool {
        match variable {
            "data" => self.data,
            "connection" => self.connection || self.user,
            "hook" => !self.hook.is_empty() || self.whole_hook.is_some(),
            _ => false,
        }
    }
}

/// What the expression of a program reads. Fails at the first name that is not known, and past a bound.
pub(super) fn read(program: &Program, text: &str) -> Result<Reads, Invalid> {
    let mut check = Check { places: Places { program, text }, reads: Reads::default(), variables: vec![] };
    check.expression(program.expression(), 1)?;
    Ok(check.reads)
}

/// Where the parts of an expression stand in its text.
pub(super) struct Places<'p> {
    pub program: &'p Program,
    pub text: &'p str,
}

impl Places<'_> {
    /// That something is wrong with this part.
    pub fn invalid(&self, part: &IdedExpr, message: impl Into<String>) -> Invalid {
        let offset = self.program.source_info().offset_for(part.id).map_or(0, |(start, _)| start as usize);
        let before: String = self.text.chars().take(offset).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Invalid { line, column, message: message.into() }
    }
}

struct Check<'p> {
    places: Places<'p>,
    reads: Reads,
    /// The variables of the loops around, one for each: a loop in the body of another is refused, so there is one at most.
    variables: Vec<String>,
}

impl Check<'_> {
    fn expression(&mut self, part: &IdedExpr, depth: usize) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Err(self.places.invalid(part, format!("an expression is nested {MAX_DEPTH} levels deep at most")));
        }
        match &part.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) => match chain(part) {
                Some(names) => self.chain(part, &names),
                None => self.expression(&select.operand, depth + 1),
            },
            Expr::Call(call) => self.call(part, call, depth),
            Expr::List(list) => {
                self.not_in_loop(part, list.elements.iter().all(is_literal), "a list that is made anew")?;
                list.elements.iter().try_for_each(|element| self.expression(element, depth + 1))
            }
            Expr::Map(map) => {
                self.not_in_loop(part, false, "a map that is made anew")?;
                map.entries.iter().try_for_each(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        self.expression(&entry.key, depth + 1)?;
                        self.expression(&entry.value, depth + 1)
                    }
                    EntryExpr::StructField(field) => self.expression(&field.value, depth + 1),
                })
            }
            Expr::Comprehension(comprehension) => self.comprehension(part, comprehension, depth),
            Expr::Struct(_) | Expr::Unspecified => Err(self.places.invalid(part, "no types of that kind are known")),
        }
    }

    fn name(&mut self, part: &IdedExpr, name: &str) -> Result<(), Invalid> {
        if name.starts_with(INNER) || TYPES.contains(&name) || self.is_of_loop(name) {
            return Ok(());
        }
        self.chain(part, &[name])
    }

    fn is_of_loop(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable == name)
    }

    /// A variable with fields behind it.
    fn chain(&mut self, part: &IdedExpr, names: &[&str]) -> Result<(), Invalid> {
        match names {
            [name, ..] if name.starts_with(INNER) || self.is_of_loop(name) => {}
            ["data", ..] => self.reads.data = true,
            ["connection", below @ ..] => {
                let is_of_user = below.first() == Some(&"user") && is_below(part, 2);
                self.reads.user |= is_of_user;
                self.reads.connection |= !is_of_user;
                self.reads.connection_at(below, false);
            }
            ["hook"] => {
                let fields = HOOK.join(", ");
                let message = format!("name the field of `hook` that is meant; it has {fields}");
                self.reads.whole_hook.get_or_insert(self.places.invalid(part, message));
            }
            ["hook", field, ..] if !HOOK.contains(field) => {
                let message = format!("`hook` has no field `{field}`; it has {}", HOOK.join(", "));
                return Err(self.places.invalid(part, message));
            }
            ["hook", below @ ..] => self.reads.hook.push(below.join(".")),
            [name, ..] => {
                let message = format!("`{name}` is not known; there are {}", VARIABLES.join(", "));
                return Err(self.places.invalid(part, message));
            }
            [] => {}
        }
        Ok(())
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr, depth: usize) -> Result<(), Invalid> {
        let name = call.func_name.as_str();
        let is_operator = !name.starts_with(|first: char| first.is_ascii_alphabetic());
        if !is_operator && !FUNCTIONS.contains(&name) {
            let message = format!("there is no function `{name}`; there are {} and has", FUNCTIONS.join(", "));
            return Err(self.places.invalid(part, message));
        }
        self.not_in_loop(part, name != operators::ADD, "a sum")?;
        if [operators::EQUALS, operators::NOT_EQUALS].contains(&name) && is_user_and_null(&call.args) {
            self.reads.user = true;
            self.reads.connection_at(&["user"], true);
            return Ok(());
        }
        call.target
            .iter()
            .map(|target| &**target)
            .chain(&call.args)
            .try_for_each(|part| self.expression(part, depth + 1))
    }

    fn comprehension(&mut self, part: &IdedExpr, looped: &ComprehensionExpr, depth: usize) -> Result<(), Invalid> {
        self.expression(&looped.iter_range, depth + 1)?;
        self.not_in_loop(part, false, "a loop")?;
        self.reads.loops = true;
        let variable = looped.iter_var.as_str();
        if VARIABLES.contains(&variable) || TYPES.contains(&variable) {
            let message = format!("`{variable}` means something else already; take another name in the loop");
            return Err(self.places.invalid(part, message));
        }
        self.variables.push(variable.to_owned());
        let checked = self.step(part, looped, depth + 1);
        self.variables.pop();
        checked
    }

    /// The body of a loop. What it adds to its result is one more, or a part of what it looks at, so that the result grows no
    /// larger than that.
    fn step(&mut self, part: &IdedExpr, looped: &ComprehensionExpr, depth: usize) -> Result<(), Invalid> {
        let is_result = |part: &IdedExpr| matches!(&part.expr, Expr::Ident(name) if *name == looped.accu_var);
        let added = |step: &IdedExpr| match &step.expr {
            Expr::Call(call) if call.func_name == operators::ADD && call.args.first().is_some_and(is_result) => {
                call.args.get(1).cloned()
            }
            _ => None,
        };
        let mut rest = vec![&looped.loop_step];
        while let Some(step) = rest.pop() {
            match (&step.expr, added(step)) {
                (_, Some(added)) => self.added(part, &added, &looped.iter_var)?,
                (Expr::Call(call), None)
                    if call.func_name == operators::CONDITIONAL && call.args.iter().any(is_result) =>
                {
                    rest.extend(&call.args);
                }
                _ => self.expression(step, depth + 1)?,
            }
        }
        Ok(())
    }

    fn added(&self, part: &IdedExpr, added: &IdedExpr, variable: &str) -> Result<(), Invalid> {
        let is_part = |element: &IdedExpr| match &element.expr {
            Expr::Ident(name) => name == variable,
            _ => chain(element).is_some_and(|names| names[0] == variable && !is_test(element)),
        };
        let is_good = match &added.expr {
            Expr::List(list) => list.elements.iter().all(is_part),
            _ => is_literal(added),
        };
        let message = format!("`map` may take a part of each element, such as {variable}.id, and nothing else");
        if is_good { Ok(()) } else { Err(self.places.invalid(part, message)) }
    }

    fn not_in_loop(&self, part: &IdedExpr, is_allowed: bool, what: &str) -> Result<(), Invalid> {
        let message = format!("{what} may not stand in the body of a loop, or its time would have no bound");
        match is_allowed || self.variables.is_empty() {
            true => Ok(()),
            false => Err(self.places.invalid(part, message)),
        }
    }
}

fn is_literal(part: &IdedExpr) -> bool {
    matches!(part.expr, Expr::Literal(_))
}

/// Whether one of these is `connection.user`, and the other one is `null`.
fn is_user_and_null(parts: &[IdedExpr]) -> bool {
    let is_null = |part: &IdedExpr| matches!(part.expr, Expr::Literal(LiteralValue::Null));
    let is_user = |part: &IdedExpr| !is_test(part) && chain(part).is_some_and(|names| names == ["connection", "user"]);
    matches!(parts, [one, other] if is_user(one) && is_null(other) || is_null(one) && is_user(other))
}

fn is_test(part: &IdedExpr) -> bool {
    matches!(&part.expr, Expr::Select(select) if select.test)
}

/// Whether a chain reads something of what its first so many names lead to: `has(connection.user)` looks at the connection.
fn is_below(part: &IdedExpr, names: usize) -> bool {
    !is_test(part) || chain(part).is_some_and(|chain| chain.len() > names)
}

/// A variable with the names of the fields behind it; none where something else stands before the dots.
fn chain(part: &IdedExpr) -> Option<Vec<&str>> {
    let (mut names, mut part) = (vec![], part);
    loop {
        match &part.expr {
            Expr::Ident(name) => {
                names.push(name.as_str());
                names.reverse();
                return Some(names);
            }
            Expr::Select(select) => {
                names.push(select.field.as_str());
                part = &select.operand;
            }
            _ => return None,
        }
    }
}
