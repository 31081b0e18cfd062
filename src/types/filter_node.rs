//! A tags filter as clients write it; `filter` compiles and runs it.
use serde::Deserialize;

/// One node of a tags filter. Source: centrifuge client protocol, `FilterNode`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct FilterNode {
    /// Empty for a comparison, else `and`, `or`, `not`.
    pub op: String,
    /// The tag compared.
    pub key: String,
    /// `eq neq in nin ex nex sw ew ct lt lte gt gte`.
    pub cmp: String,
    /// What it is compared with.
    pub val: String,
    /// What it is compared with, for `in` and `nin`.
    pub vals: Vec<String>,
    /// The operands of `and`, `or`, `not`.
    pub nodes: Vec<FilterNode>,
}
