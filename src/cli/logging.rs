//! What is logged, as set by `RUST_LOG`.
use env_logger::Builder;
use log::LevelFilter;
use std::str::FromStr;

/// What is logged where `RUST_LOG` says nothing: what the HTTP server says when it starts, our own lines say.
const DEFAULT: &str = "info,actix_server=warn";

/// Begins to log to standard error, as `RUST_LOG` says.
///
/// A word in it that is no level names a module. Were `WARNING` taken for one, nothing else would be logged, errors neither, so
/// errors are logged whatever modules are named, and a word that looks like a level is told.
pub fn start() {
    let filters = std::env::var("RUST_LOG").unwrap_or_default();
    let mut builder = Builder::new();
    builder.filter_level(LevelFilter::Error);
    let mistaken = mistaken_level(&filters);
    builder.parse_filters(if filters.trim().is_empty() || mistaken.is_some() { DEFAULT } else { &filters });
    builder.init();
    if let Some(word) = mistaken {
        log::error!(
            "RUST_LOG: `{word}` is not a level; write off, error, warn, info, debug or trace. `info` is used now"
        );
    }
}

/// A word that somebody took for a level: all in capitals, or a level's name in other programs.
fn mistaken_level(filters: &str) -> Option<&str> {
    const ELSEWHERE: [&str; 8] = ["warning", "err", "information", "verbose", "fatal", "critical", "all", "none"];
    // What stands behind a slash is what messages must contain.
    let directives = filters.split('/').next().unwrap_or(filters);
    directives.split(',').map(str::trim).find_map(|filter| {
        let word = filter.rsplit('=').next().unwrap_or(filter);
        let is_level = word.is_empty() || LevelFilter::from_str(word).is_ok();
        let is_like_one = ELSEWHERE.iter().any(|level| level.eq_ignore_ascii_case(word))
            || word.bytes().all(|byte| byte.is_ascii_uppercase());
        (!is_level && (is_like_one || filter.contains('='))).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_looks_like_a_level_is_none() {
        for right in [
            "",
            "warn",
            "INFO",
            "callboard=debug,actix_server=warn",
            "actix_server",
            "error,callboard",
            "callboard=debug/FOO",
        ] {
            assert_eq!(mistaken_level(right), None, "{right}");
        }
        for (wrong, word) in [("WARNING", "WARNING"), ("info,callboard=warning", "warning"), ("VERBOSE", "VERBOSE")] {
            assert_eq!(mistaken_level(wrong), Some(word));
        }
    }
}
