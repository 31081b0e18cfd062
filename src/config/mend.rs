//! Files with syntax errors: which of the parser's complaints are separate mistakes, and what can be read despite them.
use super::file::line_of;
use toml::de::{DeTable, Error};

/// Says of a name that stands twice. No other line repeats it, so each is a mistake of its own.
const DUPLICATE: &str = "duplicate key";

/// One mistake in a file's syntax.
pub(super) struct Mistake {
    /// Its line, from 1.
    pub(super) line: usize,
    /// What the parser says of it.
    pub(super) message: String,
}

/// The mistakes among the parser's errors, by line, each line once. After the first error the parser may find fault with lines that
/// are sound: an error counts if nothing is before it, or if its line is no TOML by itself either.
pub(super) fn mistakes(text: &str, errors: &[Error]) -> Vec<Mistake> {
    // What is never closed is missed behind the last line.
    let last = text.lines().count().max(1);
    let mistake = |error: &Error| Mistake {
        line: error.span().map_or(1, |span| line_of(text, span.start)).min(last),
        message: error.message().to_owned(),
    };
    let mut all: Vec<Mistake> = errors.iter().map(mistake).collect();
    all.sort_by_key(|mistake| mistake.line);
    let mut kept: Vec<Mistake> = vec![];
    for mistake in all {
        let is_first = kept.is_empty();
        let is_new = kept.last().is_none_or(|last| last.line != mistake.line);
        let line = text.lines().nth(mistake.line - 1).unwrap_or_default();
        if is_first || is_new && (mistake.message == DUPLICATE || DeTable::parse(line).is_err()) {
            kept.push(mistake);
        }
    }
    kept
}

/// The text without what is broken, each line in its place: the broken lines are taken out, with those of a table whose header is
/// broken; where that is no TOML, all that follows in their tables. Empty where nothing sound is left.
pub(super) fn mend(text: &str, mistakes: &[Mistake]) -> String {
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let without = |to_the_end: &dyn Fn(&str) -> bool| {
        let mut dropping = false;
        let lines = text.lines().enumerate().map(|(index, line)| {
            let is_broken = mistakes.iter().any(|mistake| mistake.line == index + 1);
            dropping = if is_broken { to_the_end(line) } else { dropping && !is_header(line) };
            if is_broken || dropping { "" } else { line }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let candidates = [without(&is_header), without(&|_| true)];
    candidates.into_iter().find(|candidate| DeTable::parse(candidate).is_ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<usize>, String) {
        let (_, errors) = DeTable::parse_recoverable(text);
        let found = mistakes(text, &errors);
        (found.iter().map(|mistake| mistake.line).collect(), mend(text, &found))
    }

    #[test]
    fn a_mistake_is_told_once_and_what_follows_from_it_is_not() {
        for (text, wanted) in [
            ("[server\nport = 1\n", vec![1]),
            ("[server]\nport = = 1\nworkers = 1\n", vec![2]),
            ("[auth]\norigins = [\"a\",\nanonymous = true\n\n[api]\nkey = \"k\"\n", vec![3]),
            ("[auth]\nrealm = \"abc\nanonymous = true\n", vec![2]),
            ("[auth]\nrealm = \"\"\"abc\nanonymous = true\n[api]\nkey = \"k\"\n", vec![5]),
            ("[server]\nhost = localhost\n[auth]\nrealm = abc\nanonymous = true\n", vec![2, 4]),
            ("[server]\nport = 1\nport = 2\n[server]\n", vec![3, 4]),
        ] {
            assert_eq!(lines(text).0, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_sound_stays_in_its_line() {
        assert_eq!(lines("[server]\nport = = 1\nworkers = 1").1, "[server]\n\nworkers = 1");
        assert_eq!(lines("[server\nport = 1\n[api]\nkey = 'k'").1, "\n\n[api]\nkey = 'k'");
        assert_eq!(lines("[auth]\norigins = ['a',\nanonymous = true").1, "", "nothing can be relied on");
    }
}
