//! Tables for people: columns as wide as their widest cells, and text that cannot move the cursor.

/// A text as it may be shown in a terminal: clients choose what their channels are called, and could write what moves the
/// cursor.
pub(super) fn shown(text: &str) -> String {
    let is_quote = |letter| matches!(letter, '\'' | '"');
    let escape = |letter: char| match is_quote(letter) {
        true => letter.to_string(),
        false => letter.escape_debug().to_string(),
    };
    text.chars().map(escape).collect()
}

/// JSON as it may be shown in a terminal: as it is, but for control characters, which valid JSON has in no string and which the
/// two direction overrides of Unicode are like (they reorder what is read).
pub(super) fn shown_json(text: &str) -> String {
    let is_safe =
        |letter: char| !letter.is_control() && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escape = |letter: char| match is_safe(letter) {
        true => letter.to_string(),
        false => format!("\\u{:04x}", u32::from(letter)),
    };
    text.chars().map(escape).collect()
}

/// The rows as lines, each column as wide as its widest cell.
pub(super) fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_does_not_move_the_cursor_and_stays_json() {
        let text = "{\"a\":\"\u{7f}\u{9b}2J\u{202e}ü\"}";
        let shown = shown_json(text);
        assert_eq!(shown, "{\"a\":\"\\u007f\\u009b2J\\u202eü\"}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&shown), read(text));
    }
}
