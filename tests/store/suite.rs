//! The list of rules. A rule that is written and not listed is dead code, which the linter refuses.

/// Makes a module with one test for each rule, run on stores of the shelf that `$shelf` makes.
macro_rules! conformance {
    ($store:ident, $shelf:expr) => {
        mod $store {
            rules! {
                $shelf,
                methods: [
                    a_document_is_got_by_its_id,
                    a_selected_document_has_the_named_fields_and_its_id,
                    a_document_that_the_query_does_not_match_is_not_found,
                    a_query_for_another_id_finds_nothing,
                    an_unknown_id_is_not_found,
                    all_documents_are_found_without_a_query,
                    a_number_and_its_text_find_the_same_document,
                    documents_without_a_sort_come_in_the_order_of_their_ids,
                    a_removed_document_is_answered_and_gone,
                    nothing_is_removed_where_the_query_does_not_match,
                ],
                writes: [
                    a_created_document_has_an_id,
                    create_ignores_the_query_but_for_its_select,
                    an_id_that_is_brought_along_is_kept,
                    an_id_that_javascript_takes_for_false_is_given,
                    an_id_of_the_wrong_kind_is_refused,
                    an_id_that_is_taken_is_a_conflict,
                    a_given_id_is_never_one_that_is_taken,
                    update_replaces_all_but_the_id,
                    an_update_answers_what_no_longer_matches_its_query,
                    patch_sets_fields_and_leaves_the_others,
                    a_patch_answers_what_no_longer_matches_its_query,
                    nothing_is_written_where_the_query_does_not_match,
                    an_update_of_many_is_refused,
                ],
                many: [
                    many_are_written_only_where_allowed,
                    a_call_allows_what_the_options_do_not,
                    many_are_created_in_their_order,
                    none_are_created_where_one_is_refused,
                    ids_are_told_apart_within_one_creation,
                    all_that_match_are_patched_and_answered,
                    all_that_match_are_removed_and_answered,
                    writes_of_many_heed_no_pages_and_no_filters,
                    a_patch_of_many_keeps_each_id,
                ],
                queries: [
                    a_value_is_equal_in_kind_and_value,
                    several_fields_must_all_match,
                    sort_orders_in_either_direction,
                    sort_has_several_names_in_their_order,
                    limit_and_skip_cut_what_is_found,
                    a_limit_or_skip_that_is_no_count_is_ignored,
                    select_names_the_fields,
                    operators_compare_with_lists_and_bounds,
                    nothing_has_an_order_with_another_kind,
                    what_is_missing_counts_as_null,
                    or_and_and_join_conditions,
                    dotted_paths_reach_into_objects_and_arrays,
                    a_query_that_is_none_is_refused_by_each_method,
                ],
                pages: [
                    a_page_tells_how_many_match,
                    a_page_is_no_longer_than_its_bound,
                    a_page_of_no_documents_tells_the_total,
                    a_call_has_pages_of_its_own_or_none,
                ],
                sharing: [
                    stores_over_one_shelf_see_each_others_documents,
                    an_answer_is_a_copy,
                    the_options_are_told,
                ],
                hostile: [
                    any_text_is_a_value_a_name_and_an_id,
                    names_of_javascript_are_names_like_others,
                    a_query_nested_too_deeply_is_refused_by_each_method,
                    data_nested_too_deeply_is_refused,
                    a_document_that_is_or_becomes_too_large_is_refused,
                    a_large_list_is_searched_quickly,
                ],
                original: [
                    queries_find_what_the_original_finds,
                    documents_are_sorted_as_the_original_sorts_them,
                ],
                model: [random_queries_find_what_the_model_finds],
                random: [
                    any_query_finds_what_memory_finds,
                    any_writes_leave_what_memory_has,
                ],
            }
        }
    };
}

macro_rules! rules {
    ($shelf:expr, $($room:ident: [$($rule:ident),* $(,)?]),* $(,)?) => {
        $(rules!(@room $shelf, $room, [$($rule),*]);)*
    };
    (@room $shelf:expr, $room:ident, [$($rule:ident),*]) => {
        mod $room {
            $(rules!(@rule $shelf, $room, $rule);)*
        }
    };
    (@rule $shelf:expr, $room:ident, $rule:ident) => {
        #[tokio::test]
        async fn $rule() {
            use crate::store::*;
            crate::store::$room::$rule(&$shelf).await;
        }
    };
}
