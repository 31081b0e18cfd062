//! One session's interest in one channel, as its hub keeps it.
use super::viewed::{Next, Turn, Viewed};
use super::{Body, Delivered, Delivery, Gap, Holder, Lag, Loss, Naming, Outlet, Seq, Skipped, WhenFull};
use crate::filter::Shown;
use crate::types::{ChannelName, Group, Place, Position, SessionId};
use joining::{Joining, between};
use std::rc::Rc;
use std::sync::Arc;

mod joining;
mod member;
mod outcome;

pub use joining::{Settled, Since};
pub use member::{Claimant, GroupMember};
pub use outcome::Offered;

/// What a listener wants.
pub struct Listener {
    /// The way to its client.
    pub outlet: Rc<dyn Outlet>,
    /// Its session, or whoever else holds it.
    pub holder: Arc<dyn Holder>,
    /// What it is shown of the channel's events; none for all as they are.
    pub view: Option<Box<Viewed>>,
    /// Wants joins and leaves.
    pub notices: bool,
    /// What is done about an event that its client does not take in time.
    pub when_full: WhenFull,
    /// The number that stands for the channel's name.
    pub number: Option<u32>,
    /// The name that its client knows the channel by, where that is of another space. It is nobody's session there: what is done
    /// to sessions is not done to it. Boxed, as what follows.
    pub shown_as: Option<Box<ChannelName>>,
    /// None in a channel whose events go to everybody. Boxed, as what follows: a delivery reads as little memory as it can.
    pub member: Option<Box<GroupMember>>,
    state: State,
}

enum State {
    /// The channel has not said yet where this listener begins: what comes is held back (decision 28).
    Joining(Box<Joining>),
    /// Gets everything after this place.
    Live { since: Since },
    /// Has missed something and gets nothing any more: an event after the gap would make its client believe that it knows
    /// all that came before it.
    Cut,
}

/// What becomes of a listener that has missed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It has missed nothing, or that is told later.
    Nothing,
    /// It gets nothing any more, and has to come back: for what it missed, where that is kept.
    ComesBack,
    /// It goes on, for nobody could bring what it missed, and is told how much that was.
    GoesOn(Loss),
}

impl Listener {
    /// A listener whose join is under way.
    pub fn joining(outlet: Rc<dyn Outlet>, holder: Arc<dyn Holder>) -> Self {
        Listener {
            outlet,
            holder,
            view: None,
            notices: false,
            when_full: WhenFull::default(),
            number: None,
            shown_as: None,
            member: None,
            state: State::Joining(Box::default()),
        }
    }

    /// Hands a delivery to the listener. At most `buffer` are held back while it joins.
    pub fn offer(&mut self, delivery: &Arc<Delivery>, buffer: usize) -> Offered {
        match &mut self.state {
            State::Live { since } => match since.precedes(delivery) {
                true => self.show(delivery),
                false => Offered::Early,
            },
            State::Joining(joining) => {
                joining.hold(delivery, buffer);
                Offered::Held
            }
            State::Cut => Offered::Skipped,
        }
    }

    /// Deliveries up to `upto` never arrived (decision 23a).
    pub fn missed(&mut self, gap: Gap, upto: Seq) -> Missed {
        match &mut self.state {
            State::Live { since } if since.seq < upto => {
                let may_recover = since.top.is_some();
                let began = since.seq;
                if may_recover || gap.ends_all() {
                    self.cut();
                    return Missed::ComesBack;
                }
                let loss = self.loss(gap, began, upto);
                if loss.is_none() { Missed::Nothing } else { Missed::GoesOn(loss) }
            }
            State::Live { .. } | State::Cut => Missed::Nothing,
            // It is not known yet where it begins.
            State::Joining(_) => {
                self.note_gap(gap, upto);
                Missed::Nothing
            }
        }
    }

    fn note_gap(&mut self, gap: Gap, upto: Seq) {
        let loss = self.loss(gap, 0, upto);
        let State::Joining(joining) = &mut self.state else { return };
        joining.gap = joining.gap.max(Some(upto));
        joining.must_return |= gap.ends_all();
        joining.missed = joining.missed.and(loss);
        if let Gap::Before(skipped) | Gap::Elsewhere(skipped) = gap {
            joining.first.get_or_insert(upto.saturating_sub(skipped.deliveries.into()));
        }
    }

    /// How much of what never arrived up to `upto` would have reached it, had it begun at this count.
    fn loss(&self, gap: Gap, began: Seq, upto: Seq) -> Loss {
        let (Gap::Before(skipped) | Gap::Elsewhere(skipped)) = gap else { return Loss::NONE };
        let Skipped { deliveries, events, notices, .. } = skipped;
        let count = u64::from(events) + if self.notices { u64::from(notices) } else { 0 };
        let is_known = self.view.is_none() && self.member.is_none() && matches!(gap, Gap::Before(_));
        let is_all_its_own = began <= upto.saturating_sub(deliveries.into()) || count == deliveries;
        Loss { count: count.min(between(began, upto)), is_exact: is_known && is_all_its_own }
    }

    /// Whether it has missed something and waits to be taken anew.
    pub fn is_cut(&self) -> bool {
        matches!(self.state, State::Cut)
    }

    /// Where the listener really begins, now that the channel has answered.
    pub fn settle(&mut self, since: Since) -> Settled {
        let State::Joining(joining) = &mut self.state else { return Settled::Cut };
        match joining.gap.filter(|gap| *gap > since.seq) {
            Some(_) if since.top.is_some() || joining.must_return => {
                self.state = State::Cut;
                return Settled::Cut;
            }
            Some(gap) => {
                let most = between(since.seq, gap);
                joining.missed.is_exact &= joining.first.is_some_and(|first| since.seq <= first);
                joining.missed.count = joining.missed.count.min(most);
            }
            None => joining.missed = Loss::NONE,
        }
        match &joining.lost {
            Some(lost) if lost.seq > since.seq => {
                // One without positions stays so, though kept events that it lost have some.
                let top = since.top.map(|top| lost.top.clone().unwrap_or(top));
                Settled::Later(Since { seq: lost.seq, top, brought: since.brought })
            }
            _ => Settled::AsTold(since),
        }
    }

    /// Holds back what comes from now on, as while it joined: it is to be settled and to go live again. Where it began; none where it is
    /// not live.
    pub fn pause(&mut self) -> Option<Since> {
        match std::mem::replace(&mut self.state, State::Joining(Box::default())) {
            State::Live { since } => Some(since),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The join is done, its reply is in the outbox: what was held back follows, and from now on everything. Of what was held back, the
    /// positions that its claimant has got now.
    pub fn go_live(&mut self, channel: &ChannelName, since: Since) -> Vec<Position> {
        let State::Joining(joining) = &mut self.state else { return vec![] };
        let held = std::mem::take(&mut joining.held);
        let (missed, gap) = (joining.missed, joining.gap.unwrap_or_default());
        self.state = State::Live { since };
        let after = held.partition_point(|delivery| delivery.seq <= gap);
        let mut given = vec![];
        for delivery in &held[..after] {
            given.extend(self.offer_held(delivery));
        }
        if missed.count > 0 {
            self.tell_lag(&Lag::new(channel, missed));
        }
        for delivery in &held[after..] {
            given.extend(self.offer_held(delivery));
        }
        given
    }

    /// Hands over what was held back; the position, where its claimant has got it now.
    fn offer_held(&mut self, delivery: &Arc<Delivery>) -> Option<Position> {
        let offered = self.offer(delivery, 0);
        delivery.tally.iter().for_each(|tally| tally.add(offered.into()));
        self.claimant().filter(|_| offered.is_taken()).and_then(|_| delivery.position().cloned())
    }

    /// Whether its join is under way, or it is paused.
    pub fn is_joining(&self) -> bool {
        matches!(self.state, State::Joining(_))
    }

    /// For whom kept events are claimed that it gets; none where they are claimed for nobody.
    pub fn claimant(&self) -> Option<&Arc<Claimant>> {
        self.member.as_ref()?.claimant.as_ref()
    }

    fn cut(&mut self) {
        self.state = State::Cut;
        if let Some(view) = &mut self.view {
            view.clear();
        }
    }

    /// Sends what it is shown of a delivery, or has it wait for its view.
    #[inline]
    fn show(&mut self, delivery: &Arc<Delivery>) -> Offered {
        let is_wanted = match &delivery.body {
            Body::Event(_) => true,
            Body::Notice(_) => self.notices,
            Body::Instruction(_) => false,
        };
        if !is_wanted {
            return Offered::Skipped;
        }
        let Some(view) = &mut self.view else { return self.hand_over(delivery, delivery) };
        match view.look(delivery) {
            Turn::Now(shown) => self.send(delivery, shown),
            Turn::Waits => Offered::Waits,
            Turn::Lost => {
                match self.lose_one() {
                    Some(loss) => self.tell_lag(&Lag::new(&delivery.channel, loss)),
                    None => self.view.iter().for_each(|view| view.wake()),
                }
                Offered::Skipped
            }
        }
    }

    /// Sends in their order the deliveries that its view has decided about; how many it was sent. It may be cut then.
    pub fn release(&mut self) -> u64 {
        let mut sent = 0;
        while let Some(next) = self.view.as_mut().and_then(|view| view.next()) {
            match next {
                Next::Show(delivery, shown) => {
                    let offered = self.send(&delivery, shown);
                    delivery.tally.iter().for_each(|tally| tally.settle(offered.into()));
                    sent += u64::from(offered == Offered::Sent);
                }
                Next::Lag(channel, loss) => self.say_lag(&Lag::new(&channel, loss)),
                Next::Missed(delivery) => {
                    if let Some(loss) = self.lose_one() {
                        self.say_lag(&Lag::new(&delivery.channel, loss));
                    }
                }
            }
        }
        sent
    }

    /// It does not get an event, and its view alone knows whether it should have: it is cut where it can come back for the event,
    /// else it is to be told this.
    fn lose_one(&mut self) -> Option<Loss> {
        if matches!(&self.state, State::Live { since } if since.top.is_none()) {
            return Some(Loss { count: 1, is_exact: false });
        }
        self.cut();
        None
    }

    fn send(&mut self, delivery: &Delivery, shown: Shown) -> Offered {
        match shown {
            Shown::Pass => self.hand_over(delivery, delivery),
            Shown::Replace(data) => self.hand_over(delivery, &delivery.with_payload(data)),
            Shown::Drop => Offered::Filtered,
        }
    }

    // For each delivery: as a call of its own it would be a third of what a listener costs.
    #[inline(always)]
    fn hand_over(&mut self, delivery: &Delivery, shown: &Delivery) -> Offered {
        match self.outlet.deliver(shown, self.naming(), self.when_full) {
            Delivered::Queued => {
                // Only who is in groups comes back by what it was sent; others are spared the count.
                if let Some(member) = &mut self.member {
                    member.note(delivery);
                }
                Offered::Sent
            }
            Delivered::Skipped | Delivered::Full => Offered::Skipped,
        }
    }

    fn naming(&self) -> Naming<'_> {
        match (&self.shown_as, self.number) {
            (Some(name), _) => Naming::As(name),
            (None, Some(number)) => Naming::Number(number),
            (None, None) => Naming::Own,
        }
    }

    /// Whether it is in the channel for a session that belongs elsewhere.
    pub fn is_guest(&self) -> bool {
        self.shown_as.is_some()
    }

    /// Tells it what was lost, behind what waits for its view.
    pub fn tell_lag(&mut self, lag: &Lag) {
        match self.view.as_mut().filter(|view| view.is_waiting()) {
            Some(view) => view.lose(lag.channel(), lag.loss),
            None => self.say_lag(lag),
        }
    }

    fn say_lag(&self, lag: &Lag) {
        match &self.shown_as {
            Some(name) => self.outlet.lagged(&Lag::new(name, lag.loss)),
            None => self.outlet.lagged(lag),
        }
    }

    /// Its session, in a channel whose events may be for groups; none for a guest, whose session belongs elsewhere.
    pub fn session(&self) -> Option<SessionId> {
        self.member.as_ref().filter(|_| !self.is_guest()).map(|member| member.who)
    }

    /// The groups it is in.
    pub fn groups(&self) -> &[Group] {
        self.member.as_ref().map_or(&[], |member| &member.groups)
    }

    /// Whether it is in any of these groups.
    pub fn is_in_any(&self, groups: &[Group]) -> bool {
        groups.iter().any(|group| self.groups().contains(group))
    }

    /// Whether an event for groups has not been looked at for it yet.
    pub fn takes_turn(&mut self, seq: Seq) -> bool {
        self.member.as_mut().is_some_and(|member| member.takes_turn(seq))
    }

    /// How far its channel was when it was looked at; `passed` is the last place that came by its hub.
    pub fn latest(&self, passed: Option<&Place>) -> Option<Place> {
        let State::Live { since } = &self.state else { return None };
        let top = since.top.as_ref()?;
        // Another epoch is that of a time before it joined: one that came later would have cut it.
        Some(passed.map_or_else(|| top.clone(), |passed| top.or_later(passed)))
    }
}

#[cfg(test)]
mod tests;
