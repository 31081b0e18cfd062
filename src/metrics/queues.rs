//! Queues whose lengths are read when the metrics are: what goes through them pays nothing for that.
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The label of a queue of a store.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct QueueLabel {
    /// The name of the database.
    store: String,
    /// What waits there: `read` or `write`.
    queue: String,
}

/// How many wait in a queue; none once the queue is gone.
type Length = Box<dyn Fn() -> Option<usize> + Send + Sync>;

/// The queues of all stores. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Queues(Arc<Mutex<Vec<(QueueLabel, Length)>>>);

impl Queues {
    pub fn add(&self, store: &str, queue: &str, length: Length) {
        let label = QueueLabel { store: store.to_owned(), queue: queue.to_owned() };
        self.all().push((label, length));
    }

    /// The sums of the queues that are still there: a database may be open twice.
    fn lengths(&self) -> Family<QueueLabel, Gauge> {
        let lengths = Family::<QueueLabel, Gauge>::default();
        self.all().retain(|(label, length)| {
            let length = length();
            if let Some(length) = length {
                lengths.get_or_create_owned(label).inc_by(i64::try_from(length).unwrap_or(i64::MAX));
            }
            length.is_some()
        });
        lengths
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<(QueueLabel, Length)>> {
        // Whole entries are put in and taken out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Queues {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let lengths = self.lengths();
        if lengths.is_empty() {
            return Ok(());
        }
        let told = "Calls that wait for a database";
        lengths.encode(encoder.encode_descriptor("store_waiting", told, None, lengths.metric_type())?)
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;
    use std::sync::{Arc, Weak};

    #[test]
    fn a_queue_is_told_as_long_as_it_is_there_and_those_of_one_name_are_added_up() {
        let metrics = Metrics::new();
        let queues: [Arc<usize>; 2] = [Arc::new(2), Arc::new(3)];
        for queue in &queues {
            let queue: Weak<usize> = Arc::downgrade(queue);
            metrics.watch_queue("sqlite:a.db", "write", move || queue.upgrade().map(|length| *length));
        }
        let line = "callboard_store_waiting{store=\"sqlite:a.db\",queue=\"write\"} ";
        let told = || metrics.text().expect("a text");
        assert!(told().contains(&format!("{line}5\n")), "{}", told());
        let [first, last] = queues;
        drop(first);
        assert!(told().contains(&format!("{line}3\n")), "{}", told());
        drop(last);
        assert!(!told().contains("store_waiting"), "{}", told());
    }
}
