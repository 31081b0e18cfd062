//! A queue of frames. Usually it holds none or one, which needs no memory of its own.
use crate::protocol::Frame;
use std::collections::VecDeque;

/// A drained queue with more slots than this is given back to the allocator: 512 bytes, the slots of one full write.
const KEPT_SLOTS: usize = 64;

/// Frames, first to last, and how many bytes of them are not written yet. Where there is no first one there is none.
#[derive(Default)]
pub(super) struct FrameQueue {
    first: Option<Frame>,
    rest: VecDeque<Frame>,
    /// How much of the first is written.
    written: usize,
    bytes: usize,
}

impl FrameQueue {
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes of the first frame are written.
    pub fn written(&self) -> usize {
        self.written
    }

    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.first.iter().chain(&self.rest)
    }

    pub fn push_back(&mut self, frame: Frame) {
        self.bytes += frame.size();
        match self.first {
            None => self.first = Some(frame),
            Some(_) => self.rest.push_back(frame),
        }
    }

    pub fn push_front(&mut self, frame: Frame) {
        self.bytes += frame.size();
        if let Some(second) = self.first.replace(frame) {
            let second = self.unwritten(second);
            self.rest.push_front(second);
        }
    }

    pub fn pop_front(&mut self) -> Option<Frame> {
        let frame = self.first.take()?;
        let frame = self.unwritten(frame);
        self.bytes -= frame.size();
        self.second_is_first();
        Some(frame)
    }

    /// What is left of the first frame. One of which something is written can go on as what it is only: bytes of a WebSocket.
    fn unwritten(&mut self, first: Frame) -> Frame {
        match std::mem::take(&mut self.written) {
            0 => first,
            written => Frame::without_message(first.websocket().slice(written..)),
        }
    }

    fn second_is_first(&mut self) {
        self.first = self.rest.pop_front();
        if self.first.is_none() && self.rest.capacity() > KEPT_SLOTS {
            self.rest = VecDeque::new();
        }
    }

    /// Takes off this many bytes, or all; how many it took.
    pub fn advance(&mut self, bytes: usize) -> usize {
        let mut left = bytes;
        while left > 0
            && let Some(frame) = &self.first
        {
            let unwritten = frame.size() - self.written;
            if unwritten > left {
                self.written += left;
                self.bytes -= left;
                return bytes;
            }
            left -= unwritten;
            self.bytes -= unwritten;
            self.written = 0;
            self.second_is_first();
        }
        bytes - left
    }

    /// Drops all frames; how many bytes were not written.
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
                        queue.push_back(Frame::without_message(frame.into()));
                    }
                    Act::Front(frame) => {
                        expected.splice(0..0, frame.iter().copied());
                        queue.push_front(Frame::without_message(frame.into()));
                    }
                    Act::Pop => {
                        let popped = queue.pop_front().map(|frame| frame.websocket().to_vec()).unwrap_or_default();
                        prop_assert_eq!(expected.drain(..popped.len()).collect::<Vec<_>>(), popped);
                    }
                    Act::Advance(bytes) => {
                        let most = bytes.min(expected.len());
                        prop_assert_eq!(queue.advance(bytes), most);
                        expected.drain(..most);
                    }
                }
                let queued: Vec<u8> = queue.iter().flat_map(|frame| frame.websocket().to_vec()).collect();
                prop_assert_eq!(&queued[queue.written()..], &expected[..]);
                prop_assert_eq!((queue.bytes(), queue.is_empty()), (expected.len(), expected.is_empty()));
                prop_assert_eq!(queue.len(), queue.iter().count());
            }
        }
    }
}
