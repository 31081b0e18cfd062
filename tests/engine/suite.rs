//! The list of rules. A rule that is written and not listed is dead code, which the linter refuses.

/// Makes a module with one test for each rule of the contract, run on engines that `$fresh` makes.
macro_rules! conformance {
    ($engine:ident, ($($attribute:tt)*), $fresh:path) => {
        mod $engine {
            rules! {
                ($($attribute)*), $fresh,
                positions: [
                    offsets_begin_at_one_and_have_no_gap,
                    publishes_take_effect_in_the_order_they_were_made,
                    an_event_without_retention_has_no_position_and_takes_no_offset,
                    a_delivered_event_is_the_one_that_was_published,
                    reading_an_unknown_channel_makes_its_position,
                    a_position_outlives_its_events,
                    a_position_ends_meta_ttl_after_the_last_publish,
                    each_publish_keeps_the_position_for_another_meta_ttl,
                    removing_history_keeps_the_position,
                    removing_the_history_of_an_unknown_channel_does_nothing,
                    channels_of_two_spaces_share_nothing,
                ],
                history: [
                    a_history_is_trimmed_to_its_size,
                    a_smaller_size_trims_what_a_larger_one_kept,
                    events_leave_one_by_one_at_their_age,
                    an_event_never_outlives_a_newer_one,
                    without_a_position_all_is_read_in_either_direction,
                    forward_reads_what_comes_after_a_position,
                    reverse_reads_what_comes_before_a_position,
                    a_limit_counts_from_where_the_read_begins,
                    an_empty_epoch_matches_any,
                    a_foreign_epoch_reads_nothing_and_is_incomplete,
                    a_position_ahead_of_the_top_is_incomplete,
                    a_trimmed_event_makes_earlier_positions_incomplete,
                    removed_events_make_earlier_positions_incomplete,
                    an_expired_tail_makes_earlier_positions_incomplete,
                    a_kept_event_comes_back_whole,
                ],
                repeats: [
                    a_repeated_key_gets_the_first_answer_again,
                    a_key_belongs_to_its_channel,
                    a_key_ends_after_its_time,
                    a_repetition_does_not_prolong_its_key,
                    a_key_works_without_history,
                    a_repeated_key_gets_the_first_answer_after_the_history_was_removed,
                    only_a_greater_version_is_accepted,
                    a_new_version_epoch_accepts_any_version,
                    an_empty_version_epoch_is_compared_with_any,
                    a_publish_without_a_version_leaves_the_version_alone,
                    a_version_works_without_history,
                    a_refused_version_is_remembered_under_its_key,
                ],
                claims: [
                    a_claim_is_granted_once,
                    claimants_that_have_an_event_are_granted_the_others,
                    claims_of_many_are_noted_each,
                    a_claim_belongs_to_its_channel_and_to_its_epoch,
                    claims_end_after_their_time,
                    one_claim_made_at_once_is_granted_once,
                    a_claim_of_nothing_is_granted,
                ],
                presence: [
                    nobody_is_present_in_an_unknown_channel,
                    an_entry_is_present_until_removed,
                    an_entry_ends_by_itself,
                    a_renewed_entry_stays,
                    renewing_replaces_what_is_known_of_a_session,
                    removing_somebody_absent_does_nothing,
                    users_are_counted_once_and_sessions_each,
                    a_user_who_changes_is_counted_under_the_new_name,
                    presence_belongs_to_its_channel,
                ],
                concurrency: [
                    publishers_of_different_channels_do_not_disturb_each_other,
                    publishers_of_one_channel_share_one_order,
                    one_key_used_at_once_is_accepted_once,
                    subscribing_and_unsubscribing_succeed,
                ],
                model: [random_sequences_do_what_the_model_does],
            }
        }
    };
}

macro_rules! rules {
    ($attribute:tt, $fresh:path, $($room:ident: [$($rule:ident),* $(,)?]),* $(,)?) => {
        $(rules!(@room $attribute, $fresh, $room, [$($rule),*]);)*
    };
    (@room $attribute:tt, $fresh:path, $room:ident, [$($rule:ident),*]) => {
        mod $room {
            $(rules!(@rule $attribute, $fresh, $room, $rule);)*
        }
    };
    (@rule ($($attribute:tt)*), $fresh:path, $room:ident, $rule:ident) => {
        #[tokio::test($($attribute)*)]
        async fn $rule() {
            use crate::engine::*;
            crate::engine::$room::$rule(&$fresh()).await;
        }
    };
}
