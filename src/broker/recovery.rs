//! Decides whether a part of the history is exactly what a client missed.
use crate::engine::HistoryPage;
use crate::metrics::Metrics;
use crate::protocol::Recovered;
use crate::types::Position;

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
