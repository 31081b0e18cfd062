//! The sessions of all nodes, as each tells of itself.
use super::words::{Ask, NodeAnswer};
use super::{Everywhere, Reached};
use crate::broker::{Inspected, Inspection};
use crate::types::ReplyError;

impl Everywhere<'_> {
    /// As [`Sessions::inspect`](crate::broker::Sessions::inspect).
    pub async fn inspect(&self, wanted: Inspection) -> Result<Reached<Inspected>, ReplyError> {
        let (own, others) =
            futures_util::join!(self.node().sessions().inspect(&wanted), self.ask(Ask::Inspect(wanted.clone())));
        let mut value = own?;
        for (node, answer) in others.value {
            if let NodeAnswer::Inspected(told) = answer {
                value.add(&node, told);
            }
        }
        Ok(Reached { value, missing: others.missing })
    }
}
