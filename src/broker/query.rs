//! Reading history, for sessions and for the API alike.
use super::{Namespace, Node, fault};
use crate::engine::HistoryQuery;
use crate::protocol::{HistoryPage, Recover};
use crate::types::{Answer, ChannelName, Fault, Position, ReplyError};

/// Which part of a history is asked for.
#[derive(Debug, Clone, Default)]
pub struct HistoryRequest {
    /// After this position (before it, with `reverse`).
    pub since: Option<Recover>,
    /// How many events: 0 for the top position alone, negative for as many as one answer may hold.
    pub limit: i32,
    /// Newest first.
    pub reverse: bool,
}

/// Reads a part of a channel's history. A position that something is missing after is error 112, but for offset 0, which
/// asks for whatever is kept; error 108 where nothing is kept by config.
pub fn history(
    node: &Node,
    channel: &ChannelName,
    namespace: &Namespace,
    asked: HistoryRequest,
) -> Answer<HistoryPage, Fault> {
    let Some(retention) = namespace.retention() else {
        return Answer::err(ReplyError::NOT_AVAILABLE.into());
    };
    let most = node.limits().history_page;
    let limit = usize::try_from(asked.limit).unwrap_or(most);
    if limit > most {
        node.metrics().reached("history_page");
    }
    let limit = limit.min(most);
    let since = asked.since.map(|from| Position { offset: from.offset, epoch: from.epoch });
    let strict = since.as_ref().is_some_and(|since| since.offset > 0 && !asked.reverse);
    let epoch = since.as_ref().map(|since| since.epoch.clone()).filter(|epoch| !epoch.is_empty());
    let query = HistoryQuery { since, limit, reverse: asked.reverse };
    node.engine().history(channel, query, retention).then(move |page| {
        let page = page.map_err(fault::of_engine)?;
        let foreign = epoch.is_some_and(|epoch| epoch != page.top.epoch);
        if foreign || strict && !page.complete {
            return Err(ReplyError::UNRECOVERABLE_POSITION.into());
        }
        Ok(HistoryPage { events: page.events, offset: page.top.offset, epoch: page.top.epoch })
    })
}
