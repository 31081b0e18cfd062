//! The order in which a client's commands are answered.
use super::Ticket;
use crate::protocol::Frame;
use std::collections::VecDeque;

/// Marks the ticket of a command whose answer may overtake others.
const LOOSE: u64 = 1 << 63;

/// The commands of one connection that have no answer yet, and the answers that wait for an earlier one. Whatever carries the answers,
/// they leave in the order of their commands; but for those of commands that were opened as loose.
pub struct AnswerOrder {
    /// The ticket of the first in `ordered`.
    first: u64,
    ordered: VecDeque<Slot>,
    loose: Vec<(u64, u32)>,
    next_loose: u64,
    limit: usize,
}

enum Slot {
    /// For the answer to the command of this id; none for the admission of a client that said none.
    Waiting(Option<u32>),
    /// Its answer, if it has one, waits for an earlier one.
    Settled(Option<Frame>),
}

impl AnswerOrder {
    /// Nothing is asked yet. At most `limit` commands should be without an answer, see [`AnswerOrder::is_full`].
    pub fn new(limit: usize) -> Self {
        AnswerOrder { first: 0, ordered: VecDeque::new(), loose: vec![], next_loose: LOOSE, limit }
    }

    /// Takes the next place, for the command of this id; none for the admission of a client that said none.
    pub fn open(&mut self, id: Option<u32>) -> Ticket {
        self.ordered.push_back(Slot::Waiting(id));
        Ticket(self.first + self.ordered.len() as u64 - 1)
    }

    /// Takes a place outside of the order: the answer may overtake others.
    pub fn open_loose(&mut self, id: u32) -> Ticket {
        let ticket = self.next_loose;
        self.next_loose += 1;
        self.loose.push((ticket, id));
        Ticket(ticket)
    }

    /// Whether as many commands are without an answer as should be.
    pub fn is_full(&self) -> bool {
        self.ordered.len() + self.loose.len() >= self.limit
    }

    /// Whether each command has its answer.
    pub fn is_settled(&self) -> bool {
        self.ordered.is_empty() && self.loose.is_empty()
    }

    /// Settles a command with what `answer` makes of its id: a frame, or none where it needs no answer. `put` gets this and every
    /// other answer whose turn has come. A ticket that was settled before does nothing.
    pub fn settle(
        &mut self,
        ticket: Ticket,
        answer: impl FnOnce(Option<u32>) -> Option<Frame>,
        mut put: impl FnMut(Frame),
    ) {
        if ticket.0 & LOOSE != 0 {
            let Some(at) = self.loose.iter().position(|(loose, _)| *loose == ticket.0) else { return };
            let (_, id) = self.loose.swap_remove(at);
            answer(Some(id)).into_iter().for_each(put);
            return;
        }
        let Some(at) = ticket.0.checked_sub(self.first) else { return };
        let Some(slot) = self.ordered.get_mut(at as usize) else { return };
        if let Slot::Waiting(id) = *slot {
            *slot = Slot::Settled(answer(id));
        }
        while let Some(Slot::Settled(frame)) = self.ordered.pop_front_if(|slot| matches!(slot, Slot::Settled(_))) {
            self.first += 1;
            frame.into_iter().for_each(&mut put);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(order: &mut AnswerOrder, ticket: Ticket, text: Option<&str>) -> Vec<String> {
        let mut sent = vec![];
        let put = |frame: Frame| sent.push(String::from_utf8_lossy(&frame.websocket()[2..]).into_owned());
        order.settle(ticket, |id| text.map(|text| Frame::of_text(&format!("{text} {id:?}"))), put);
        sent
    }

    #[test]
    fn answers_leave_in_the_order_of_their_commands_and_loose_ones_at_once() {
        let mut order = AnswerOrder::new(4);
        let (first, second, loose) = (order.open(Some(1)), order.open(None), order.open_loose(3));
        assert!(settled(&mut order, second, Some("b")).is_empty());
        assert_eq!(settled(&mut order, loose, Some("c")), ["c Some(3)"]);
        assert_eq!(settled(&mut order, first, Some("a")), ["a Some(1)", "b None"]);
        assert!(order.is_settled());
        assert!(settled(&mut order, first, Some("again")).is_empty());
    }

    #[test]
    fn a_command_that_needs_no_answer_holds_up_no_other() {
        let mut order = AnswerOrder::new(2);
        let (first, second) = (order.open(Some(1)), order.open(Some(2)));
        assert!(order.is_full());
        assert!(settled(&mut order, second, Some("b")).is_empty());
        assert_eq!(settled(&mut order, first, None), ["b Some(2)"]);
        assert!(!order.is_full());
    }
}
