//! Frames in a row. Most of the time there is none or one, which needs no memory of its own.
use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// A drained queue with more slots than this is given back to the allocator: 2 KiB, the slots of one full write.
const KEPT_SLOTS: usize = 64;

/// Frames, first to last, and how long they are together. Where there is no first one there is none.
#[derive(Default)]
pub(super) struct FrameQueue {
    first: Option<Bytes>,
    rest: VecDeque<Bytes>,
    bytes: usize,
}

impl FrameQueue {
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.first.iter().chain(&self.rest)
    }

    pub fn push_back(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        match self.first {
            None => self.first = Some(frame),
            Some(_) => self.rest.push_back(frame),
        }
    }

    pub fn push_front(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if let Some(second) = self.first.replace(frame) {
            self.rest.push_front(second);
        }
    }

    pub fn pop_front(&mut self) -> Option<Bytes> {
        let frame = self.first.take()?;
        self.bytes -= frame.len();
        self.first = self.rest.pop_front();
        if self.first.is_none() && self.rest.capacity() > KEPT_SLOTS {
            self.rest = VecDeque::new();
        }
        Some(frame)
    }

    /// Takes off this many bytes, or all; how many it took.
    pub fn advance(&mut self, bytes: usize) -> usize {
        let mut left = bytes;
        while left > 0
            && let Some(frame) = &mut self.first
        {
            if frame.len() > left {
                frame.advance(left);
                self.bytes -= left;
                return bytes;
            }
            left -= frame.len();
            self.pop_front();
        }
        bytes - left
    }

    /// Drops all frames; how many bytes those were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Act {
        Back(Vec<u8>),
        Front(Vec<u8>),
        Pop,
        Advance(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        let frame = || vec(any::<u8>(), 1..5);
        prop_oneof![
            frame().prop_map(Act::Back),
            frame().prop_map(Act::Front),
            Just(Act::Pop),
            (0..9usize).prop_map(Act::Advance)
        ]
    }

    proptest! {
        #[test]
        fn the_bytes_come_out_as_they_were_queued_whatever_is_done(acts in vec(act(), 0..40)) {
            let (mut queue, mut expected) = (FrameQueue::default(), Vec::<u8>::new());
            for act in acts {
                match act {
                    Act::Back(frame) => {
                        expected.extend(&frame);
                        queue.push_back(frame.into());
                    }
                    Act::Front(frame) => {
                        expected.splice(0..0, frame.iter().copied());
                        queue.push_front(frame.into());
                    }
                    Act::Pop => {
                        let popped = queue.pop_front().unwrap_or_default();
                        prop_assert_eq!(expected.drain(..popped.len()).collect::<Vec<_>>(), popped);
                    }
                    Act::Advance(bytes) => {
                        let most = bytes.min(expected.len());
                        prop_assert_eq!(queue.advance(bytes), most);
                        expected.drain(..most);
                    }
                }
                prop_assert_eq!(queue.iter().flatten().copied().collect::<Vec<_>>(), &expected[..]);
                prop_assert_eq!((queue.bytes(), queue.is_empty()), (expected.len(), expected.is_empty()));
            }
        }
    }
}
