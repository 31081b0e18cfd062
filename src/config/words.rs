//! Why a value was rejected, in words instead of names of Rust types.
use figment::error::{Actual, Kind};

/// Why a value was refused: what is wanted, and what was found unless it is secret.
pub(super) fn reason(kind: &Kind, is_secret: bool) -> String {
    match kind {
        Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted) if is_secret => {
            format!("{} is wanted, not a value of another type", kind_of(wanted))
        }
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            format!("{} is wanted, not {}", kind_of(wanted), value(found))
        }
        Kind::UnknownField(found, known) => format!("`{found}` is not known; take {}", one_of(known)),
        Kind::UnknownVariant(found, known) => format!("`{found}` is not known; take {}", one_of(known)),
        other => other.to_string(),
    }
}

/// What serde and its friends call a type, as somebody who writes a config would.
fn kind_of(wanted: &str) -> &str {
    match wanted {
        "usize" | "u64" => "a whole number from 0",
        "u32" => "a whole number from 0 to 4294967295",
        "u16" => "a number from 0 to 65535",
        "a boolean" => "true or false",
        "a string" => "a text",
        // Every list of single values in the config is one of texts.
        "a sequence" => "a list of texts",
        "a string or a list of strings" => "a text or a list of texts",
        "a duration" => "a time such as \"10s\", \"5m\" or \"1h\"",
        "path string" => "the path of a file",
        other => other,
    }
}

fn value(found: &Actual) -> String {
    match found {
        Actual::Bool(flag) => flag.to_string(),
        Actual::Unsigned(number) => format!("the number {number}"),
        Actual::Signed(number) => format!("the number {number}"),
        Actual::Float(number) => format!("the number {number}"),
        Actual::Str(text) => format!("the text {text:?}"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// `a`, `b` or `c`.
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}
