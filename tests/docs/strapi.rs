//! The page on Strapi shows the plugin's own examples, each beside what it becomes.
const PAGE: &str = include_str!("../../docs/strapi.md");
/// The examples of the plugin's documentation ("Events", version 2).
const ORIGINALS: [&str; 2] = [include_str!("strapi_connection.js"), include_str!("strapi_update_user_name.js")];

/// The fenced blocks of the page, in order: language and text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts = PAGE.split("\n```").skip(1).step_by(2);
    parts.map(|part| part.split_once('\n').expect("a language stands before the text")).collect()
}

#[test]
fn each_example_of_the_plugin_stands_beside_a_twin_with_at_most_as_many_lines() {
    let blocks = blocks();
    for original in ORIGINALS {
        let original = original.trim_end();
        let at = blocks.iter().position(|block| *block == ("js", original)).expect("it stands on the page as it is");
        let (language, twin) = blocks[at + 1];
        assert_eq!(language, "rust");
        let (lines, most) = (twin.lines().count(), original.lines().count());
        assert!(lines <= most, "{lines} lines of Rust for {most} of JavaScript");
        assert!(!twin.lines().any(|line| line.starts_with("# ")), "no line of it is hidden");
    }
    let client = "const id = 123;\nconst name = 'lorem ipsum';\nsocket.emit('update-user-name', id, name);";
    assert!(blocks.contains(&("js", client)));
}
