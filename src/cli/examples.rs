//! The examples in each command's help. A test parses all of them.
use clap::Command;

/// The examples of each command, by its name; the program itself has none.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("", &["callboard", "callboard sub news", "callboard pub news '{\"hello\":1}'"]),
    ("serve", &["callboard serve", "callboard serve --config callboard.toml", "callboard serve --port 0 --workers 2"]),
    ("init", &["callboard init", "callboard init /etc/callboard.toml", "callboard init --print"]),
    ("check-config", &["callboard check-config --config callboard.toml", "callboard check-config --json"]),
    ("print-config", &["callboard print-config --config callboard.toml", "callboard print-config --json"]),
    ("token", &["callboard token connection --user 42 --config callboard.toml"]),
    (
        "token connection",
        &[
            "callboard token connection --user 42 --ttl 15m",
            "callboard token connection --user 42 --info '{\"name\":\"Ada\"}' --channel news --scope write",
        ],
    ),
    ("token subscription", &["callboard token subscription --user 42 --channel '$chat:1'"]),
    (
        "check-token",
        &[
            "callboard check-token TOKEN --config callboard.toml",
            "callboard check-token TOKEN --channel '$chat:1' --user 42",
        ],
    ),
    (
        "pub",
        &[
            "callboard pub news '{\"hello\":1}'",
            "callboard pub news '\"a text\"' --tag lang=en",
            "callboard pub news '{\"hello\":1}' --account",
            "callboard pub news - < lines-of-json",
            "callboard pub chat:lobby '{\"text\":\"hello\"}' --as-client --token TOKEN",
        ],
    ),
    (
        "sub",
        &[
            "callboard sub news",
            "callboard sub news sport --json",
            "callboard sub chat:lobby --token TOKEN --count 1",
            "callboard sub news --recover EPOCH:7",
        ],
    ),
    ("tail", &["callboard tail", "callboard tail news --json", "callboard tail news --rate 1000 --count 10"]),
    ("history", &["callboard history news --limit 10 --reverse", "callboard history news --since EPOCH:7 --json"]),
    ("presence", &["callboard presence chat:lobby", "callboard presence chat:lobby --json"]),
    ("rpc", &["callboard rpc getUser '{\"id\":1}'"]),
    ("revoke", &["callboard revoke 42", "callboard revoke --token-id 6f1d4e7c", "callboard revoke 42 --scope write"]),
    ("channels", &["callboard channels", "callboard channels 'chat:*' --json"]),
    ("connections", &["callboard connections --user 42", "callboard connections --channel news --limit 1000 --json"]),
    ("info", &["callboard info", "callboard info --url https://events.example.com --api-key KEY"]),
    ("health", &["callboard health", "callboard health --ready --timeout 1s --url http://127.0.0.1:8000"]),
    ("completions", &["callboard completions bash > /etc/bash_completion.d/callboard"]),
];

/// Puts the examples at the end of each command's help.
pub(super) fn add_to(command: Command) -> Command {
    add(command, "")
}

fn add(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(name, |below| add(below, path.trim_start()))
    });
    match EXAMPLES.iter().find(|(of, _)| *of == path) {
        Some((_, examples)) => command.after_help(format!("Examples:\n  {}", examples.join("\n  "))),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    /// The words of a line as a shell reads them, up to a redirection; quotes are single ones.
    fn words(line: &str) -> Vec<String> {
        let line = line.split(" < ").next().and_then(|line| line.split(" > ").next()).unwrap_or_default();
        let parts = line.split('\'').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn every_command_has_examples_and_each_of_them_parses() {
        let all = command();
        let mut paths = vec![String::new()];
        for below in all.get_subcommands() {
            paths.push(below.get_name().to_owned());
            paths.extend(below.get_subcommands().map(|kind| format!("{} {}", below.get_name(), kind.get_name())));
        }
        for path in paths {
            let found = EXAMPLES.iter().find(|(of, _)| *of == path);
            let (_, examples) = found.unwrap_or_else(|| panic!("`{path}` has no example"));
            for example in *examples {
                assert!(path.split(' ').all(|word| example.contains(word)), "{example} is not of `{path}`");
                let parsed = command().try_get_matches_from(words(example));
                assert!(parsed.is_ok(), "{example}: {parsed:?}");
            }
        }
        for (path, _) in EXAMPLES {
            let mut names = path.split_whitespace();
            let found = names.try_fold(&all, |command, name| command.find_subcommand(name));
            assert!(found.is_some(), "there is no `{path}`");
        }
    }
}
