//! Decides whether a part of the history is exactly what a client missed.
use crate::engine::HistoryPage;
use crate::metrics::Metrics;
use crate::protocol::Recovered;
use crate::types::Position;

/// The same with what this node alone has kept after `from`, behind the rest; all of both or nothing. `bounds` are those of
/// [`recovered`], for both together.
pub fn and_aside(
    first: Recovered,
    page: HistoryPage,
    from: Option<Position>,
    bounds: (usize, usize),
    metrics: &Metrics,
) -> Recovered {
    let from = from.unwrap_or_else(|| Position { offset: 0, epoch: page.top.epoch.clone() });
    let bytes: usize = first.events.iter().map(|event| event.bytes()).sum();
    let left = (bounds.0.saturating_sub(first.events.len()), bounds.1.saturating_sub(bytes));
    let more = recovered(Some(page), &from, left.0, left.1, metrics);
    match first.complete && more.complete {
        true => Recovered { complete: true, events: [first.events, more.events].concat() },
        false => Recovered { complete: false, events: vec![] },
    }
}

/// What to answer to who was at `from`: all that was missed, or that it cannot be told (decision 18).
///
/// At most `most` events and `most_bytes` bytes are brought; that more were missed is counted.
pub fn recovered(
    page: Option<HistoryPage>,
    from: &Position,
    most: usize,
    most_bytes: usize,
    metrics: &Metrics,
) -> Recovered {
    let incomplete = Recovered { complete: false, events: vec![] };
    let Some(page) = page else { return incomplete };
    let bytes: usize = page.events.iter().map(|event| event.bytes()).sum();
    // Without an epoch only the beginning of a history can be meant: an offset alone counts in no known life of it.
    let named = !from.epoch.is_empty() || from.offset == 0;
    if !page.complete || !named {
        return incomplete;
    }
    let over = match () {
        () if page.events.len() > most => "recover_max",
        () if bytes > most_bytes => "recover_bytes",
        () => return Recovered { complete: true, events: page.events },
    };
    metrics.reached(over);
    incomplete
}
