use super::*;

const KEYS: &str = "[backstage.auth]\nlegacy_secret = 'YSBzZWNyZXQ='\n";

#[test]
fn the_keys_of_the_events_bus_are_held_against_each_other() {
    let text = format!(
        "[backstage]\nbus = true\nbus_path = '/bus/'\nbus_events = 0\nbus_body = 70000000\nbus_timeout = '20s'\nbus_idle = '30s'\n{KEYS}"
    );
    let wanted = [
        "3 backstage.bus_path a path is wanted that begins with `/` and does not end with it, such as `/events`",
        "4 backstage.bus_events must be more than 0: no limit is off",
        "5 backstage.bus_body must not be larger than `backstage.bus_bytes`, or the largest events would not be kept",
        "7 backstage.bus_idle must be at least twice `backstage.bus_timeout`, or subscriptions would end that are polled",
    ];
    assert_eq!(problems_of(load(&text)), wanted);
    let text = format!("[backstage]\nbus = true\nbus_timeout = '50ms'\n{KEYS}");
    assert_eq!(problems_of(load(&text)), ["3 backstage.bus_timeout must be at least 1s and at most 10m"]);
}

#[test]
fn a_path_of_the_events_bus_that_is_anothers_names_both() {
    let text =
        format!("[backstage]\nbus = true\nsignals = true\nbus_path = '/bus'\nsignals_path = '/bus/signals'\n{KEYS}");
    let problems = problems_of(load(&text));
    assert!(
        problems.len() == 1 && problems[0].contains("`backstage.signals_path` answers at /bus/signals, too"),
        "{problems:?}"
    );
    assert!(problems[0].contains("backstage.bus_path"), "{problems:?}");
}

#[test]
fn a_bus_that_no_plugin_may_use_is_a_problem() {
    let text = "[backstage]\nbus = true\nsignals = true\nguests = true\n";
    let problems = problems_of(load(text));
    assert!(problems.len() == 1 && problems[0].starts_with("2 backstage.bus nobody could use it"), "{problems:?}");
}
