//! Publishes that wait to be sent.
use bytestring::ByteString;
use std::collections::VecDeque;

/// Publishes in the order in which they were made, bounded in number and bytes: for one too many the oldest go.
pub(super) struct KeptPublishes {
    frames: VecDeque<ByteString>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl KeptPublishes {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        KeptPublishes { frames: VecDeque::new(), bytes: 0, most: most.max(1), most_bytes }
    }

    /// Adds one that is no larger than the bound for all; how many were dropped for it.
    pub(super) fn push(&mut self, frame: ByteString) -> u64 {
        let mut dropped = 0;
        while self.frames.len() >= self.most || self.bytes + frame.len() > self.most_bytes {
            // Nothing is left to drop only where the frame alone is over the bound, which the caller refuses.
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.len();
            dropped += 1;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        dropped
    }

    /// Takes the oldest.
    pub(super) fn pop(&mut self) -> Option<ByteString> {
        let oldest = self.frames.pop_front()?;
        self.bytes -= oldest.len();
        Some(oldest)
    }

    pub(super) fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(mut kept: KeptPublishes) -> String {
        let frames: Vec<String> = std::iter::from_fn(|| kept.pop()).map(|frame| frame.to_string()).collect();
        assert_eq!((kept.bytes, kept.len()), (0, 0));
        frames.join(" ")
    }

    #[test]
    fn the_oldest_go_for_one_too_many() {
        let mut kept = KeptPublishes::new(2, 100);
        let dropped: u64 = ["a", "b", "c"].into_iter().map(|frame| kept.push(frame.into())).sum();
        assert_eq!((dropped, drained(kept)), (1, "b c".into()));
    }

    #[test]
    fn as_many_of_the_oldest_go_as_a_large_one_needs_room() {
        let mut kept = KeptPublishes::new(10, 6);
        let dropped: Vec<u64> = ["aa", "bb", "cc", "dddd"].into_iter().map(|frame| kept.push(frame.into())).collect();
        assert_eq!((dropped, drained(kept)), (vec![0, 0, 0, 2], "cc dddd".into()));
    }
}
