//! The list of rules about logins. A rule that is written and not listed is dead code, which the linter refuses.

/// Makes a module with one test for each rule, whose users are in a store of this kind.
macro_rules! logins {
    ($module:ident, $kind:expr) => {
        mod $module {
            rules! {
                $kind,
                declared: [
                    a_config_alone_has_users_who_log_in_and_rules_that_know_them,
                    no_other_service_of_the_same_table_leads_to_the_passwords,
                ],
                guessing: [
                    a_user_name_whose_password_is_guessed_waits_and_no_other_and_what_is_right_does_not_count,
                    passwords_that_clients_set_count_as_attempts_of_their_address,
                    a_thousand_attempts_of_one_address_keep_nobody_else_from_logging_in,
                ],
                leaving: [
                    who_logs_out_is_nobody_again_and_leaves_all_channels_before_the_application_is_told,
                    another_user_on_the_same_connection_has_nothing_of_the_one_before,
                    a_connection_ends_with_its_token,
                    what_is_revoked_of_a_user_or_of_a_token_ends_its_connections_and_no_others,
                    a_session_is_found_under_the_user_who_logged_in_until_the_logout,
                ],
                logins: [
                    a_login_is_answered_as_feathers_answers_and_its_token_logs_in_again,
                    calls_and_filters_after_a_login_see_the_document_as_it_is_then,
                    the_application_is_told_of_logins_and_may_put_the_connection_into_channels,
                    no_client_is_told_the_events_of_the_authentication_service_and_code_in_the_process_is,
                    hooks_of_the_users_service_decide_who_is_found_and_what_is_shown,
                ],
                passwords: [
                    no_way_to_a_user_leads_to_the_password,
                    no_query_of_anybody_asks_about_the_password,
                    a_password_that_is_none_is_refused_and_nothing_is_stored,
                ],
                refusals: [
                    each_login_that_is_not_right_has_the_words_of_the_original,
                    an_unknown_user_a_wrong_password_and_a_user_without_one_are_answered_alike,
                    a_strategy_that_is_not_listed_logs_nobody_in,
                    old_hashes_of_bcrypt_are_right_and_replaced_without_an_event,
                ],
                tokens: [
                    a_token_in_the_header_of_the_upgrade_logs_in_and_the_application_is_told,
                    a_token_that_is_not_good_or_whose_user_is_gone_lets_nobody_in,
                    the_token_of_a_login_is_good_on_other_wires_and_their_tokens_say_who_they_are,
                    a_secret_of_its_own_signs_the_tokens_of_logins,
                ],
            }
        }
    };
}

macro_rules! rules {
    ($kind:expr, $($room:ident: [$($rule:ident),* $(,)?]),* $(,)?) => {
        $(rules!(@room $kind, $room, [$($rule),*]);)*
    };
    (@room $kind:expr, $room:ident, [$($rule:ident),*]) => {
        mod $room {
            $(rules!(@rule $kind, $room, $rule);)*
        }
    };
    (@rule $kind:expr, $room:ident, $rule:ident) => {
        #[actix_rt::test]
        async fn $rule() {
            use crate::service::authentication::house::Kind;
            crate::service::authentication::$room::$rule($kind).await;
        }
    };
}
