use super::*;

const KEYS: &str = "[backstage.auth]\nlegacy_secret = 'YSBzZWNyZXQ='\n";

#[test]
fn what_is_kept_for_users_about_to_connect_has_bounds() {
    let text = format!("[backstage]\nsignals = true\nkeep = '2h'\nkeep_count = 0\n{KEYS}");
    let wanted = [
        "3 backstage.keep must be at least 1s and at most 1h, or 0s for off",
        "4 backstage.keep_count must be at least 1 and at most 1000; to keep no events set `backstage.keep` to 0s",
    ];
    assert_eq!(problems_of(load(&text)), wanted);
    let text = format!("[backstage]\nsignals = true\nkeep = '10s'\nkeep_count = 1000\n{KEYS}");
    assert!(load(&text).is_ok());
    let text = format!("[backstage]\nbus = true\nkeep = '10s'\n{KEYS}");
    assert_eq!(
        problems_of(load(&text)),
        ["3 backstage.keep keeps nothing without `backstage.signals` or `backstage.events`"]
    );
}
