//! Filters: which events reach a listener.
mod decimal;
pub mod expression;
mod topics;
mod view;

pub use topics::Topics;
pub use view::{GroupView, Look, Shown, View, ViewTagsView, chained, filtered};

use crate::types::{FilterNode, Tags};
use decimal::Decimal;
use std::cmp::Ordering;
use std::ops::RangeInclusive;

/// How deep operators may be nested.
pub const MAX_DEPTH: usize = 16;
/// How many nodes a filter may have.
pub const MAX_NODES: usize = 64;

/// A tags filter that has been checked and can be asked often. Asking allocates nothing.
///
/// What the operators mean follows Centrifugo (`internal/filter` of the centrifuge library). Where the tag is missing,
/// `neq`, `nin` and `nex` hold and all others do not; only a list that names the empty text counts a missing tag in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagsFilter {
    root: Node,
}

/// Why a filter makes no sense. Clients are answered with error 107.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `op` is none of `and`, `or`, `not` and empty.
    #[error("unknown filter operator {0:?}")]
    UnknownOperator(String),
    /// `cmp` is none of those known.
    #[error("unknown filter comparison {0:?}")]
    UnknownComparison(String),
    /// `and` and `or` need one node at least, `not` needs one.
    #[error("{0} has the wrong number of nodes")]
    WrongOperands(&'static str),
    /// A comparison names no tag.
    #[error("a comparison needs a key")]
    MissingKey,
    /// A comparison has no value, or one of the wrong kind: `in` and `nin` need `vals`, `ex` and `nex` nothing, all others `val`.
    #[error("the comparison {0} has the wrong values")]
    WrongValues(&'static str),
    /// Deeper than [`MAX_DEPTH`].
    #[error("a filter must not be nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// More nodes than [`MAX_NODES`].
    #[error("a filter must not have more than {MAX_NODES} nodes")]
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `not`: its one operand does not hold.
    NoneOf(Vec<Node>),
    Tag {
        key: String,
        test: Test,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Test {
    Equal(String),
    NotEqual(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    /// Never holds where the operand is no number.
    Number(Relation, Option<Decimal<Box<str>>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl TagsFilter {
    /// Checks a filter as a client wrote it and prepares it. Fails at the first node that makes no sense, and past
    /// [`MAX_DEPTH`] or [`MAX_NODES`]. An operand that is no number where one is compared is no error: it never matches.
    pub fn compile(filter: &FilterNode) -> Result<Self, Error> {
        let mut nodes = 0;
        Ok(TagsFilter { root: Node::compile(filter, 1, &mut nodes)? })
    }

    /// Whether an event with these tags passes.
    pub fn matches(&self, tags: Option<&Tags>) -> bool {
        self.root.matches(tags)
    }
}

impl Node {
    fn compile(node: &FilterNode, depth: usize, nodes: &mut usize) -> Result<Self, Error> {
        *nodes += 1;
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        if *nodes > MAX_NODES {
            return Err(Error::TooLarge);
        }
        let mut operands = |op, allowed: RangeInclusive<usize>| match allowed.contains(&node.nodes.len()) {
            true => node.nodes.iter().map(|node| Node::compile(node, depth + 1, nodes)).collect::<Result<Vec<_>, _>>(),
            false => Err(Error::WrongOperands(op)),
        };
        match node.op.as_str() {
            "" => Self::compile_comparison(node),
            "and" => operands("and", 1..=usize::MAX).map(Node::And),
            "or" => operands("or", 1..=usize::MAX).map(Node::Or),
            "not" => operands("not", 1..=1).map(Node::NoneOf),
            unknown => Err(Error::UnknownOperator(unknown.to_owned())),
        }
    }

    fn compile_comparison(node: &FilterNode) -> Result<Self, Error> {
        let test = Test::compile(node)?;
        match node.key.is_empty() {
            true => Err(Error::MissingKey),
            false => Ok(Node::Tag { key: node.key.clone(), test }),
        }
    }

    fn matches(&self, tags: Option<&Tags>) -> bool {
        match self {
            Node::And(nodes) => nodes.iter().all(|node| node.matches(tags)),
            Node::Or(nodes) => nodes.iter().any(|node| node.matches(tags)),
            Node::NoneOf(nodes) => !nodes.iter().any(|node| node.matches(tags)),
            Node::Tag { key, test } => test.holds(tags.and_then(|tags| tags.get(key)).map(String::as_str)),
        }
    }
}

impl Test {
    fn compile(node: &FilterNode) -> Result<Self, Error> {
        use Relation::*;
        Ok(match node.cmp.as_str() {
            "eq" => Test::Equal(one(node, "eq")?),
            "neq" => Test::NotEqual(one(node, "neq")?),
            "in" => Test::In(several(node, "in")?),
            "nin" => Test::NotIn(several(node, "nin")?),
            "ex" => none(node, "ex", Test::Exists)?,
            "nex" => none(node, "nex", Test::Missing)?,
            "sw" => Test::StartsWith(one(node, "sw")?),
            "ew" => Test::EndsWith(one(node, "ew")?),
            "ct" => Test::Contains(one(node, "ct")?),
            "lt" => Test::Number(Less, number(node, "lt")?),
            "lte" => Test::Number(LessOrEqual, number(node, "lte")?),
            "gt" => Test::Number(Greater, number(node, "gt")?),
            "gte" => Test::Number(GreaterOrEqual, number(node, "gte")?),
            unknown => return Err(Error::UnknownComparison(unknown.to_owned())),
        })
    }

    fn holds(&self, tag: Option<&str>) -> bool {
        match self {
            Test::Equal(value) => tag == Some(value),
            Test::NotEqual(value) => tag != Some(value),
            Test::In(values) => contains(values, tag),
            Test::NotIn(values) => !contains(values, tag),
            Test::Exists => tag.is_some(),
            Test::Missing => tag.is_none(),
            Test::StartsWith(value) => tag.is_some_and(|tag| tag.starts_with(value)),
            Test::EndsWith(value) => tag.is_some_and(|tag| tag.ends_with(value)),
            Test::Contains(value) => tag.is_some_and(|tag| tag.contains(value)),
            Test::Number(relation, operand) => match (tag.and_then(Decimal::parse), operand) {
                (Some(tag), Some(operand)) => relation.holds(tag.compare(operand)),
                _ => false,
            },
        }
    }
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Less => order.is_lt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn contains(values: &[String], tag: Option<&str>) -> bool {
    values.iter().any(|value| value == tag.unwrap_or_default())
}

/// The operand of a comparison with one value.
fn one(node: &FilterNode, cmp: &'static str) -> Result<String, Error> {
    match !node.val.is_empty() && node.vals.is_empty() {
        true => Ok(node.val.clone()),
        false => Err(Error::WrongValues(cmp)),
    }
}

/// The operand of a comparison with a list.
fn several(node: &FilterNode, cmp: &'static str) -> Result<Vec<String>, Error> {
    match node.val.is_empty() && !node.vals.is_empty() {
        true => Ok(node.vals.clone()),
        false => Err(Error::WrongValues(cmp)),
    }
}

/// A comparison without an operand.
fn none(node: &FilterNode, cmp: &'static str, test: Test) -> Result<Test, Error> {
    match node.val.is_empty() && node.vals.is_empty() {
        true => Ok(test),
        false => Err(Error::WrongValues(cmp)),
    }
}

/// The operand of a comparison of numbers; none where it is no number.
fn number(node: &FilterNode, cmp: &'static str) -> Result<Option<Decimal<Box<str>>>, Error> {
    Ok(Decimal::parse(&one(node, cmp)?).map(Decimal::into_owned))
}
