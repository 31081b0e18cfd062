//! Revocations by other nodes, or by this node before its last restart, read from the engine.
use super::RevokeError;
use crate::broker::node::WeakNode;
use crate::broker::revocations::Learned;
use crate::broker::{Authentication, Node};
use crate::engine::{EngineAnswer, Error, RevocationPage};
use crate::types::{Answer, Position};
use futures_util::StreamExt;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Revocations that are told again at a time.
const AT_ONCE: usize = 64;

/// Reads what the engine keeps: once where it is this node's alone, else again and again. Until the first time no token can be
/// held against it.
pub(super) fn attend(node: &Node) {
    let is_shared = node.engine().is_shared();
    match node.engine().revocations(None) {
        Answer::Ready(Ok(page)) if !is_shared && !page.has_more => {
            node.authentication().take_in(&page);
            node.authentication().revocations().has_been_read();
        }
        first => drop(actix_rt::spawn(follow(node.downgrade(), first, is_shared))),
    }
}

async fn follow(node: WeakNode, first: EngineAnswer<RevocationPage>, is_shared: bool) {
    let mut answer = first;
    let mut place: Option<Position> = None;
    let mut has_complained = false;
    loop {
        let read = answer.wait().await;
        let Some(strong) = node.upgrade() else { return };
        let has_more = read.as_ref().is_ok_and(|page| page.has_more);
        match read {
            Ok(page) => {
                has_complained = false;
                strong.authentication().take_in(&page);
                let may_have_lost = place.is_some_and(|place| place.epoch != page.upto.epoch);
                place = Some(page.upto);
                if strong.authentication().revocations().settle() || may_have_lost {
                    strong.authentication().tell_again().await;
                }
                if !has_more {
                    strong.authentication().revocations().has_been_read();
                    if !is_shared {
                        return;
                    }
                }
            }
            Err(error) if !std::mem::replace(&mut has_complained, true) => {
                log::warn!("the revocations of other nodes cannot be read: {error}");
            }
            Err(_) => {}
        }
        drop(strong);
        if !has_more {
            tokio::time::sleep(LOOK).await;
        }
        let Some(strong) = node.upgrade() else { return };
        answer = strong.engine().revocations(place.as_ref());
    }
}

impl Authentication<'_> {
    /// Takes in what the engine keeps; what is new is taken back from live sessions. Before the first reading is done there are
    /// none with tokens, and nothing is new to handlers.
    fn take_in(self, page: &RevocationPage) {
        let settings = self.0.settings();
        for (revocation, left) in &page.kept {
            let leeway = settings.authenticators.of_realm(&revocation.realm).leeway();
            let upto = revocation.at.saturating_add(leeway);
            let learned = match self.revocations().is_read() {
                true if !self.revocations().knows(revocation) => self.enforce(revocation, *left, upto),
                _ => self.revocations().learn(revocation, *left, self.0.metrics()),
            };
            if learned == Learned::Full {
                log::error!("limits.revocations is reached: some revocations are not in force on this node");
                return;
            }
        }
    }

    /// Has the engine keep what this node knows: it may have lost some of it, or not have been there.
    async fn tell_again(self) {
        let told = self
            .revocations()
            .all()
            .into_iter()
            .map(async |(revocation, left)| self.0.engine().revoke(&revocation, left).wait().await);
        let told: Vec<Result<(), Error>> = futures_util::stream::iter(told).buffer_unordered(AT_ONCE).collect().await;
        if let Some(error) = told.into_iter().find_map(Result::err) {
            self.revocations().owe();
            log::warn!("{}", RevokeError::NotKept { missing: vec![], error });
        }
    }
}
