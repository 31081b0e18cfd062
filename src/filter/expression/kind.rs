//! Whether an expression can yield a boolean, as far as that can be told before it runs.
use super::Invalid;
use super::check::Places;
use cel::Program;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// What the value of an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    /// Surely none, but this.
    Other(&'static str),
    /// It turns out when the expression runs.
    Open,
}

/// Fails where the expression of a program, or a part of it that must be true or false, cannot be.
pub(super) fn check_boolean(program: &Program, text: &str) -> Result<(), Invalid> {
    wanted(&Places { program, text }, program.expression())
}

fn wanted(places: &Places<'_>, part: &IdedExpr) -> Result<(), Invalid> {
    if let Expr::Call(call) = &part.expr {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, operands) => {
                return operands.iter().try_for_each(|operand| wanted(places, operand));
            }
            (operators::CONDITIONAL, operands) => return operands.iter().try_for_each(|part| wanted(places, part)),
            _ => {}
        }
    }
    match kind(part) {
        Kind::Other(what) => Err(places.invalid(part, format!("true or false is wanted, and this is {what}"))),
        Kind::Boolean | Kind::Open => Ok(()),
    }
}

fn kind(part: &IdedExpr) -> Kind {
    match &part.expr {
        Expr::Literal(literal) => match literal {
            LiteralValue::Boolean(_) => Kind::Boolean,
            LiteralValue::Bytes(_) => Kind::Other("bytes"),
            LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Other("a number"),
            LiteralValue::Null => Kind::Other("null"),
            LiteralValue::String(_) => Kind::Other("a text"),
        },
        Expr::List(_) => Kind::Other("a list"),
        Expr::Map(_) | Expr::Struct(_) => Kind::Other("a map"),
        Expr::Ident(name) => match name.as_str() {
            "connection" | "hook" => Kind::Other("a map"),
            _ => Kind::Open,
        },
        Expr::Select(select) if select.test => Kind::Boolean,
        Expr::Call(call) => of_call(call),
        Expr::Comprehension(looped) => match &looped.result.expr {
            Expr::Ident(name) if *name == looped.accu_var => kind(&looped.accu_init),
            _ => kind(&looped.result),
        },
        Expr::Select(_) | Expr::Unspecified => Kind::Open,
    }
}

fn of_call(call: &CallExpr) -> Kind {
    use operators::*;
    match call.func_name.as_str() {
        LOGICAL_AND | LOGICAL_OR | LOGICAL_NOT | EQUALS | NOT_EQUALS | LESS | LESS_EQUALS | GREATER
        | GREATER_EQUALS | IN | NOT_STRICTLY_FALSE | "contains" | "startsWith" | "endsWith" | "bool" => Kind::Boolean,
        ADD => Kind::Other("a sum"),
        SUBSTRACT | MULTIPLY | DIVIDE | MODULO | NEGATE | "size" | "int" | "uint" | "double" => Kind::Other("a number"),
        "string" => Kind::Other("a text"),
        "type" => Kind::Other("a type"),
        "dyn" => call.args.first().map_or(Kind::Open, kind),
        CONDITIONAL => match call.args.as_slice() {
            [_, yes, no] if kind(yes) == kind(no) => kind(yes),
            _ => Kind::Open,
        },
        _ => Kind::Open,
    }
}
