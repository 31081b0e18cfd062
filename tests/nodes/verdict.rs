//! The verdict on what was heard through a fault.
use super::witness::{Witness, Witnessed};

/// Holds that all have heard each event up to the last one once and in order, or were told of the gap; how many of them
/// were told of one.
pub async fn told_of_a_gap(witnesses: Vec<Witness>, last: u64) -> usize {
    let heard = futures_util::future::join_all(witnesses.into_iter().map(|witness| witness.until(last))).await;
    let judged = heard.iter().map(|heard| judge(heard, last).unwrap_or_else(|fault| panic!("{fault}: {heard:?}")));
    judged.filter(|told| *told).count()
}

/// Whether this listener was told of a gap, or what is wrong with what it heard. It listened before event 1.
fn judge(heard: &[Witnessed], last: u64) -> Result<bool, String> {
    // The highest number yet, and whether a gap was told since.
    let (mut highest, mut told) = (0, false);
    for heard in heard {
        let Witnessed::Event(number) = *heard else {
            told = true;
            continue;
        };
        let in_place = match told {
            false => number == highest + 1,
            // The server that forgot what it kept forgot idempotency keys, too: the one publish whose outcome was unknown
            // may come once more when it is retried.
            true => number >= highest.max(1),
        };
        if !in_place {
            return Err(format!("{number} after {highest} is a copy, disorder, or a gap that nobody told of"));
        }
        (highest, told) = (number, false);
    }
    match heard.last() {
        Some(Witnessed::Event(number)) if *number == last => Ok(heard.contains(&Witnessed::Lost)),
        _ => Err(format!("{last} is not the last that was heard")),
    }
}

/// The verdict on a list in which 0 is a gap that was told.
fn judged(heard: &[u64]) -> Result<bool, String> {
    let event = |number: &u64| if *number == 0 { Witnessed::Lost } else { Witnessed::Event(*number) };
    judge(&heard.iter().map(event).collect::<Vec<_>>(), 5)
}

#[test]
fn who_hears_all_in_order_is_told_of_nothing() {
    assert_eq!(judged(&[1, 2, 3, 4, 5]), Ok(false));
}

#[test]
fn a_gap_that_is_told_may_be_anywhere_and_a_retried_event_may_come_again_behind_it() {
    for heard in [&[0, 3, 4, 5][..], &[1, 2, 0, 4, 5], &[1, 2, 0, 0, 3, 4, 5], &[1, 2, 3, 0, 3, 4, 5]] {
        assert_eq!(judged(heard), Ok(true), "{heard:?}");
    }
}

#[test]
fn a_loss_at_the_head_or_the_tail_or_between_is_no_good_unless_it_is_told() {
    for heard in [&[2, 3, 4, 5][..], &[1, 2, 3, 4], &[1, 2, 4, 5], &[1, 0, 3, 5], &[1, 2, 3, 4, 5, 0], &[]] {
        judged(heard).expect_err(&format!("{heard:?}"));
    }
}

#[test]
fn copies_and_old_events_are_no_good_behind_a_gap_either() {
    for heard in [&[1, 2, 2, 3, 4, 5][..], &[1, 3, 2, 4, 5], &[1, 2, 3, 0, 2, 3, 4, 5], &[1, 2, 0, 2, 2, 3, 4, 5]] {
        judged(heard).expect_err(&format!("{heard:?}"));
    }
}
