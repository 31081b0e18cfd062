//! The sessions of all nodes, each as it describes itself.
use super::words::{Ask, NodeAnswer};
use super::{Everywhere, Reached};
use crate::broker::{Inspected, Inspection};
use crate::types::ReplyError;

impl Everywhere<'_> {
    /// As [`Sessions::inspect`](crate::broker::Sessions::inspect).
    pub async fn inspect(&self, wanted: Inspection) -> Result<Reached<Inspected>, ReplyError> {
        // A bad name is refused before other nodes are asked: what they answer would be waited for in vain.
        wanted.channel(self.node())?;
        let (own, others) =
            futures_util::join!(self.node().sessions().inspect(&wanted), self.ask(Ask::Inspect(wanted.clone())));
        let mut value = own?;
        let was_full = value.is_full;
        for (node, answer) in others.value {
            if let NodeAnswer::Inspected(told) = answer {
                value.add(&node, told);
            }
        }
        if value.is_full && !was_full {
            self.node().metrics().reached("inspection");
        }
        Ok(Reached { value, missing: others.missing })
    }
}
